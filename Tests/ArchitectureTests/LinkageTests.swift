import TestSupport
import Testing

/// What a program loads is its start-up time, its size, and what has to be patched.
@Suite(.tags(.processes)) struct LinkageTests {
    private static func libraries(of program: String) async throws -> [String] {
        let result = try await CommandRun(["/usr/bin/ldd", BuiltProduct.path(program)])
        try #require(result.succeeded, "ldd does not read \(program)")
        return result.output.split(whereSeparator: \.isNewline).compactMap { line in
            line.split(whereSeparator: \.isWhitespace).first.map(String.init)
        }
    }

    private static let steps = [
        "ork-create", "ork-publish", "ork-verify", "ork-retire", "ork-rollback", "ork-due", "ork-init",
        "ork-pipeline", "ork-status", "ork-approve",
    ]
    private static let others = [
        "ork-keygen", "ork-lint", "ork-conform", "ork-publisher-file", "ork-publisher-command",
    ]

    private static let services = [
        "ork-publisher-github-secret", "ork-publisher-gitlab-variable", "ork-publisher-aws-secrets-manager",
        "ork-publisher-aws-parameter", "ork-publisher-azure-key-vault", "ork-publisher-fly-secret",
        "ork-publisher-google-secret",
        "ork-publisher-http", "ork-publisher-kubernetes-secret", "ork-publisher-vault-kv", "ork-publisher-vercel",
    ]

    @Test("no program of a pipeline loads Foundation, ICU or libgit2", arguments: steps + others + services)
    func foundation(program: String) async throws {
        let libraries = try await Self.libraries(of: program)
        #expect(libraries.contains { $0.hasPrefix("libFoundationEssentials") })
        let heavy = ["libFoundation.", "lib_FoundationICU", "libFoundationInternationalization", "libicu", "libgit2"]
        let loaded = libraries.filter { library in heavy.contains { library.hasPrefix($0) } }
        #expect(loaded.isEmpty)
    }

    @Test("whoever dials loads libcurl", arguments: steps + services)
    func curl(step: String) async throws {
        #expect(try await Self.libraries(of: step).contains { $0.hasPrefix("libcurl") })
    }

    @Test("whoever dials nothing does not load libcurl", arguments: others)
    func noCurl(program: String) async throws {
        #expect(try await !Self.libraries(of: program).contains { $0.hasPrefix("libcurl") })
    }

    @Test("a publisher loads the faces it needs")
    func publishers() async throws {
        #expect(try await !Self.libraries(of: "ork-publisher-command").contains { $0.hasPrefix("libyaml") })
        #expect(try await !Self.libraries(of: "ork-conform").contains { $0.hasPrefix("libyaml") })
    }
}
