import Testing

struct SourceTests {
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

    @Test(
        "a program of a pipeline is wiring: at most 90 lines in all",
        arguments: [
            "ork-create", "ork-publish", "ork-verify", "ork-retire", "ork-approve", "ork-status", "ork-keygen",
            "ork-due",
        ])
    func wiring(program: String) throws {
        let lines = try SourceTree.files(in: ["Sources/" + program]).map { file in
            try file.text().split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).count - 1
        }
        #expect(lines.reduce(0, +) <= 90)
    }

    @Test("a C library's folder holds a module map and a shim, nothing else")
    func systemLibraries() throws {
        for name in try SourceTree.names(in: "Sources") {
            let files = try SourceTree.names(in: "Sources/" + name)
            guard files.contains("module.modulemap") else { continue }
            #expect(files == ["module.modulemap", "shim.h"], "\(name)")
        }
    }

    @Test("every module of the manifest has its folder, and every folder its module")
    func manifest() throws {
        let declared = try Self.declaredFolders()
        #expect(declared.count > 40)
        for folder in declared { #expect(SourceTree.isFolder(folder), "\(folder) is not there") }
        var folders = try SourceTree.modules()
        folders += try SourceTree.names(in: "Sources").map { "Sources/" + $0 }
        folders += try SourceTree.names(in: "Tests").map { "Tests/" + $0 }.filter(SourceTree.isFolder)
        #expect(Set(folders) == Set(declared))
    }

    /// The folders of the targets in `Package.swift`, by its text: asking SwiftPM would wait for its own lock.
    private static func declaredFolders() throws -> [String] {
        let text = try SourceTree.File(path: "Package.swift").text()
        let declaration = /\.(systemLibrary|target|executableTarget|testTarget)\(\s*name: "([^"]+)"/
        let matches = text.matches(of: declaration)
        return matches.enumerated().map { index, match in
            let end = index + 1 < matches.count ? matches[index + 1].range.lowerBound : text.endIndex
            if let path = text[match.range.upperBound..<end].firstMatch(of: /path: "([^"]+)"/) {
                return String(path.output.1)
            }
            return (match.output.1 == "testTarget" ? "Tests/" : "Sources/") + match.output.2
        }
    }
}
