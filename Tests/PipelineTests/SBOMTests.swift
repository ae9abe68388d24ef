import FoundationEssentials
import JSON
import SystemPackage
import TestSupport
import Testing

/// A list of what a package is made of, as a library that is not ours reads it.
struct SBOM {
    /// By name: version, scope, purl and commit, with a space between them.
    let parts: [String: String]
    /// The purls of what ork needs.
    let needed: Set<String>

    /// Reads a file, if it is valid CycloneDX 1.6.
    init(_ file: String) async throws {
        let read = try await Python.run("sbom.py", [file])
        try #require(read.succeeded, "\(read.output)")
        var lines = read.output.split(separator: "\n").map { $0.split(separator: " ") }
        needed = Set(lines.removeLast().dropFirst(2).map(String.init))
        parts = Dictionary(
            lines.map { (String($0[0]), $0.dropFirst().joined(separator: " ")) }, uniquingKeysWith: { "\($0), \($1)" })
    }
}

@Suite("sbom.sh", .tags(.pipelines))
struct SBOMTests {
    private let folder: TemporaryDirectory
    private let commit: String

    /// A source with one commit, as far as the script looks at it.
    init() async throws {
        folder = try TemporaryDirectory()
        let made = try await Self.shell(
            """
            mkdir -p source/ci-templates/install && cd source
            cp "$1/Package.swift" . && cp "$1/ci-templates/install/sbom.sh" ci-templates/install/
            git init -q -b main && git add .
            git -c user.name=someone -c user.email=someone@example.invalid commit -q -m One
            git rev-parse HEAD
            cp "$1/Package.resolved" . && echo Package.resolved >.git/info/exclude
            """, [BuiltProduct.repository], in: folder)
        try #require(made.succeeded, "\(made.output)")
        commit = String(made.output.dropLast())
    }

    private static func shell(
        _ lines: String, _ arguments: [String] = [], in folder: TemporaryDirectory
    ) async throws -> (succeeded: Bool, output: String) {
        try await Place.run(
            "/bin/sh", ["-euc", lines, "sh"] + arguments, in: folder.path,
            environment: ["SOURCE_DATE_EPOCH": "1700000000"])
    }

    /// Writes `sbom.json` after these lines of shell in the source.
    private func list(after change: String = "", _ packages: String = "libc6 libstdc++6") async throws -> (
        succeeded: Bool, output: String
    ) {
        let build = FilePath(BuiltProduct.path("ork-status")).removingLastComponent().string
        return try await Self.shell(
            """
            cd source
            \(change)
            ci-templates/install/sbom.sh "$1" 1.2.3 \(packages) >../sbom.json
            """, [build], in: folder)
    }

    @Test(
        "it names ork's commit, each Swift package with its own, the runtime, and the libraries as they are installed")
    func complete() async throws {
        let made = try await list()
        #expect(made.succeeded && made.output.isEmpty, "\(made.output)")
        let sbom = try await SBOM(folder.file("sbom.json"))
        var expected = ["ork": "1.2.3 - - \(commit)"]
        var needed: Set<String> = []
        let resolved = try JSONValue(parsing: folder.read("source/Package.resolved").utf8)
        for pin in try #require(resolved["pins"]?.array) {
            let name = try #require(pin["identity"]?.string)
            let address = try #require(pin["location"]?.string)
            let version = try #require(pin["state"]?["version"]?.string)
            let purl = "pkg:swift/\(address.dropFirst("https://".count))@\(version)"
            let isShipped = name != "flyingfox"
            expected[name] =
                "\(version) \(isShipped ? "required" : "excluded") \(purl) \(pin["state"]?["revision"]?.string ?? "")"
            if isShipped { needed.insert(purl) }
        }
        let swift = try await Self.shell("swift --version 2>/dev/null", in: folder).output
        let release = try #require(swift.firstMatch(of: /Swift version (\S+) \((\S+)\)/)?.output)
        expected["swift-runtime"] = "\(release.1) required pkg:github/swiftlang/swift@\(release.2) -"
        needed.insert("pkg:github/swiftlang/swift@\(release.2)")
        #expect(needed.isSubset(of: sbom.needed))
        for (name, escaped) in [("libc6", "libc6"), ("libstdc++6", "libstdc%2B%2B6")] {
            let version = try await Self.shell("dpkg-query -W -f '${Version}' \(name)", in: folder).output
            let part = try #require(sbom.parts[name])
            let purl = "/\(escaped)@\(version.split(separator: "+").joined(separator: "%2B"))?"
            #expect(part.hasPrefix("\(version) required pkg:deb/") && part.contains(purl), "\(part)")
            expected[name] = part
        }
        #expect(sbom.parts == expected)
        #expect(sbom.needed.count == expected.count - 2, "all but ork itself and what is not shipped")
    }

    @Test("a source that has been changed is no commit's")
    func changed() async throws {
        let made = try await list(after: "echo '// more' >>Package.swift")
        #expect(made.succeeded && made.output.contains("the source is not as a commit has it"), "\(made.output)")
        #expect(try await SBOM(folder.file("sbom.json")).parts["ork"] == "1.2.3 - - -")
    }

    @Test(
        "a list that would miss something is not made",
        arguments: [
            ("rm Package.resolved", "there is no Package.resolved"),
            (#"jq 'del(.pins[1])' Package.resolved >new; mv new Package.resolved"#, "swift-argument-parser as"),
            (#"sed -i 's/"1\.8\.2"/"1.8.3"/' Package.resolved"#, "swift-argument-parser as Package.swift asks"),
            ("sed -i 's/exact: /from: /' Package.swift", "https://github.com/apple/swift-system"),
            ("cp /usr/bin/true ork-status; set -- .", "does not say which Swift built it"),
        ])
    func missing(change: String, why: String) async throws {
        let made = try await list(after: change)
        #expect(
            !made.succeeded && made.output.contains("sbom.sh: error: ") && made.output.contains(why), "\(made.output)")
    }

    @Test("a list with a library that is not installed is not made")
    func notInstalled() async throws {
        let made = try await list("libc6 libnowhere1")
        #expect(!made.succeeded && made.output.contains("libnowhere1"), "\(made.output)")
        #expect(try folder.read("sbom.json").isEmpty)
    }

    @Test("Package.swift admits one version of each dependency, and only ork-sandbox uses the one that is not shipped")
    func exact() throws {
        let manifest = try folder.read("source/Package.swift")
        let dependencies = manifest.matches(of: /\.package\(.*/).map(\.output)
        #expect(dependencies.count == 3)
        for dependency in dependencies {
            #expect(
                dependency.wholeMatch(of: /\.package\(url: "[^"]+", exact: "\d+\.\d+\.\d+"\),/) != nil, "\(dependency)")
        }
        let users = manifest.split(separator: /\n {8}(?=\w)/).filter { $0.contains(#"package: "FlyingFox""#) }
        #expect(users.count == 1 && users.allSatisfy { $0.contains(#""ork-sandbox", "#) }, "\(users)")
    }
}
