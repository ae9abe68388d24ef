import PublisherHosting
import TestSupport
import Testing

@Suite(.tags(.values)) struct SourceTests {
    @Test("the top level holds what the design has, and dot-files")
    func topLevel() throws {
        let known: Set = ["Package.swift", "Sources", "Tests", "plugins", "ci-templates", "README.md"]
        // Written by the build beside the manifest.
        let generated: Set = ["Package.resolved"]
        #expect(Set(try SourceTree.names(in: ".")).subtracting(known).subtracting(generated).isEmpty)
    }

    @Test("no file says what is to be done later")
    func marks() throws {
        let marks = ["TO" + "DO", "FIX" + "ME", "XX" + "X:", "HA" + "CK"]
        for file in try SourceTree.files(in: ["Sources", "plugins", "ci-templates", "Tests"]) {
            // The published specification is not ours.
            guard !file.path.contains("/Fixtures/") else { continue }
            let text = try file.text()
            #expect(!marks.contains { text.contains($0) }, "\(file.path)")
        }
    }

    @Test("no source is longer than 300 lines")
    func lengths() throws {
        for file in try SourceTree.files(in: ["Sources", "plugins"]) where file.name.hasSuffix(".swift") {
            let lines = try file.text().split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).count - 1
            #expect(lines <= 300, "\(file.path) has \(lines)")
        }
    }

    @Test("no file or folder is named after a drawer")
    func names() throws {
        for file in try SourceTree.files(in: ["Sources", "plugins", "Tests"]) {
            let drawer = ["Util", "Common.", "Common/", "Helper", "Manager", "Misc", "Placeholder"]
                .first { file.path.contains($0) }
            #expect(drawer == nil, "\(file.path) is named after \(drawer ?? "")")
        }
    }

    @Test("the publishers that come with ork are those of plugins")
    func shippedPublishers() throws {
        let folders = try SourceTree.names(in: "plugins").filter {
            SourceTree.isFolder("plugins/" + $0) && $0 != "examples"
        }
        #expect(PublisherName.shipped.map(\.description) == folders)
    }

    @Test(
        "a program of a pipeline is wiring: at most 100 lines in all",
        arguments: [
            "ork-create", "ork-publish", "ork-verify", "ork-retire", "ork-rollback", "ork-approve", "ork-status",
            "ork-keygen", "ork-lint", "ork-due", "ork-init", "ork-pipeline",
        ])
    func wiring(program: String) throws {
        let lines = try SourceTree.files(in: ["Sources/Programs/" + program]).map { file in
            try file.text().split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).count - 1
        }
        #expect(lines.reduce(0, +) <= 100)
    }

    @Test("a C library's folder holds a module map and a shim, nothing else")
    func systemLibraries() throws {
        for name in try SourceTree.names(in: "Sources/C") {
            let files = try SourceTree.names(in: "Sources/C/" + name)
            #expect(files == ["module.modulemap", "shim.h"], "\(name)")
        }
    }

    @Test("every target of the manifest has its folder, and every folder its target")
    func manifest() throws {
        let declared = try Manifest().targets.map(\.folder)
        #expect(declared.count > 60)
        for folder in declared { #expect(SourceTree.isFolder(folder), "\(folder) is not there") }
        var folders: [String] = []
        for layer in try SourceTree.names(in: "Sources").filter({ SourceTree.isFolder("Sources/" + $0) }) {
            folders += try SourceTree.names(in: "Sources/" + layer).map { "Sources/\(layer)/\($0)" }
                .filter(SourceTree.isFolder)
        }
        folders += try SourceTree.names(in: "plugins").map { "plugins/" + $0 }.filter {
            try SourceTree.isFolder($0) && SourceTree.names(in: $0).contains { $0.hasSuffix(".swift") }
        }
        folders += try SourceTree.names(in: "Tests").map { "Tests/" + $0 }.filter {
            try SourceTree.isFolder($0) && SourceTree.files(in: [$0]).contains { $0.name.hasSuffix(".swift") }
        }
        #expect(Set(folders).symmetricDifference(declared).isEmpty)
    }
}
