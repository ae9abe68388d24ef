import TestSupport
import Testing

/// Who may import whom: what `Package.swift` declares, and the rules that its declarations keep.
@Suite(.tags(.values)) struct ImportTests {
    private static let layers = ["C", "Foundations", "Publishing", "Rotation", "CommandLine"]

    /// Values and decisions: no socket, no file, no thread, no process.
    private static let values: Set<String> = [
        "JSON", "HTTP", "Wording", "Documents", "OpenRouter", "Rotation", "Steps", "Fleet", "Configuration",
        "SandboxWire", "OpenRouterSandbox", "GitHubSandbox", "GitLabSandbox", "KubernetesSandbox",
        "VercelSandbox",
    ]

    /// The operating system and its threads.
    private static let system: Set<String> = ["Dispatch", "Glibc", "Synchronization"]

    /// What a source of `target` imports and may not. `FoundationEssentials` stands open to all; whole `Foundation`,
    /// which would bring 40 MB of tables into every program, to nobody.
    static func forbidden(in source: String, of target: Manifest.Target) -> Set<String> {
        let allowed = target.dependencies.union(values.contains(target.name) ? [] : system)
        return imports(of: source).subtracting(allowed).subtracting(["FoundationEssentials"])
    }

    @Test("a source imports what the manifest declares for its module")
    func declared() throws {
        let shipped = try Manifest().targets.filter { !["library", "support", "suite"].contains($0.kind) }
        #expect(shipped.count > 40)
        for target in shipped {
            for file in try SourceTree.files(in: [target.folder]) where file.name.hasSuffix(".swift") {
                let forbidden = Self.forbidden(in: try file.text(), of: target)
                #expect(forbidden.isEmpty, "\(file.path) imports \(forbidden.sorted())")
            }
        }
    }

    @Test("what the manifest declares is imported")
    func needed() throws {
        for target in try Manifest().targets where target.kind == "module" {
            let imported = try SourceTree.files(in: [target.folder]).filter { $0.name.hasSuffix(".swift") }
                .reduce(into: Set<String>()) { $0.formUnion(imports(of: try $1.text())) }
            #expect(target.dependencies.subtracting(imported).isEmpty, "\(target.name)")
        }
    }

    @Test("a module depends on its own layer and those below it")
    func layering() throws {
        let manifest = try Manifest()
        for target in manifest.targets where target.kind == "module" {
            // Stand-ins of services are made of values, and nothing that is shipped knows them.
            let rank = Self.layers.firstIndex(of: target.layer == "Sandboxes" ? "Foundations" : target.layer ?? "")
            for dependency in target.dependencies.compactMap({ manifest[$0] }) where dependency.kind == "module" {
                guard dependency.layer != "Sandboxes" || target.layer != "Sandboxes" else { continue }
                let below = Self.layers.firstIndex(of: dependency.layer ?? "") ?? .max
                #expect(try below <= #require(rank), "\(target.name) depends on \(dependency.name)")
            }
        }
    }

    @Test(
        "decisions reach neither the network nor a process",
        arguments: ["Rotation", "OpenRouter", "Steps", "Fleet", "Configuration", "PublisherKit"])
    func decisions(module: String) throws {
        let reached = try Manifest().closure(of: module)
        #expect(!reached.isEmpty)
        #expect(reached.isDisjoint(with: ["CurlHTTP", "Git", "ChildProcesses", "PluginHost", "ArgumentParser"]))
    }

    @Test("a publisher knows the contract and nothing of the rotation")
    func publishers() throws {
        let manifest = try Manifest()
        let publishers = manifest.targets.filter { ["publisher", "servicePublisher"].contains($0.kind) }
        #expect(publishers.count >= 9)
        for publisher in publishers {
            let layers = manifest.closure(of: publisher.name).compactMap { manifest[$0]?.layer }
            #expect(Set(layers).isSubset(of: ["Foundations", "Publishing"]), "\(publisher.name)")
            #expect(!manifest.closure(of: publisher.name).contains("PluginHost"), "\(publisher.name)")
        }
    }

    @Test("a C library has one face", arguments: ["CCurl", "CGit2", "CSodium", "CYAML", "CLinux", "CProcess"])
    func faces(library: String) throws {
        #expect(try Manifest().targets.filter { $0.dependencies.contains(library) }.count == 1)
    }

    @Test(
        "a wrong import is seen, whatever it is dressed as",
        arguments: [
            ("Steps", "import CurlHTTP", "CurlHTTP"), ("Steps", "package import PluginHost", "PluginHost"),
            ("Steps", "import HTTP\nprivate import Glibc\n", "Glibc"),
            ("Rotation", "@testable import Steps", "Steps"),
            ("Rotation", "@preconcurrency\n@_exported public import Steps", "Steps"),
            ("JSON", "    import   Foundation // for Date", "Foundation"),
            ("JSON", "import struct Foundation.Date", "Foundation"),
            ("StepCLI", "internal import CSodium", "CSodium"), ("ork-publisher-file", "import Rotation", "Rotation"),
            ("ork-publisher-file", "import Rotation;import JSON", "Rotation"),
        ])
    func wrongImports(target: String, source: String, module: String) throws {
        #expect(Self.forbidden(in: source, of: try #require(try Manifest()[target])) == [module])
    }

    @Test("what only looks like an import is none")
    func lookAlikes() throws {
        #expect(imports(of: "// import Foundation\nlet important = 1\n/// imports JSON").isEmpty)
        let json = try #require(try Manifest()["JSON"])
        #expect(Self.forbidden(in: "public import FoundationEssentials", of: json).isEmpty)
    }
}
