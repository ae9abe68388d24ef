import FoundationEssentials
import TestSupport
import Testing

@Suite("What ork-init writes, as the checkers of the CI systems see it", .tags(.pipelines))
struct InitTests {
    private let folder: TemporaryDirectory
    private static let targets = [
        "web=github-secret:repository=acme/web,name=OPENROUTER_API_KEY", "fly=fly-secret:app=shop,name=KEY",
    ]

    init() throws { folder = try TemporaryDirectory() }

    private func write(_ options: String...) async throws {
        for arguments in [["init", "-q", "."], ["remote", "add", "origin", "https://github.com/acme/web.git"]] {
            try #require(try await Place.run("/usr/bin/git", arguments, in: folder.path).succeeded)
        }
        let targets = Self.targets.flatMap { ["--to", $0] }
        let made = try await Place.run(
            BuiltProduct.path("ork-init"),
            options + targets + ["--key", "checkout-prod", "--ork", "acme/ork@\(StandIns.commit)", "--yes"],
            in: folder.path, environment: ["OPENROUTER_MANAGEMENT_KEY": ""])
        try #require(made.succeeded, "\(made.output)")
    }

    @Test(
        "actionlint and the published schema are content with its workflows", arguments: [("simple", 1), ("staged", 2)])
    func workflows(kind: String, count: Int) async throws {
        try await write("--ci", "github", "--pipeline", kind)
        let lint = try await Place.run(Place.tool("actionlint"), ["-color=false"], in: folder.path)
        #expect(lint.succeeded, "\(lint.output)")
        let workflows = try FileManager.default.contentsOfDirectory(atPath: folder.file(".github/workflows"))
            .map { folder.file(".github/workflows/\($0)") }
        #expect(workflows.count == count)
        let check = try await Place.run(
            Place.tool("check-jsonschema"), ["--builtin-schema", "vendor.github-workflows"] + workflows)
        #expect(check.succeeded, "\(check.output)")
    }

    @Test("GitLab's published schema holds for what includes the pipeline", arguments: ["simple", "staged"])
    func inclusion(kind: String) async throws {
        try await write("--ci", "gitlab", "--pipeline", kind, "--image", GitLabPipeline.image)
        let check = try await GitLabPipeline.check([folder.file(".gitlab/ork.yml"), folder.file(".gitlab-ci.yml")])
        #expect(check.succeeded, "\(check.output)")
    }

    @Test("the scripts are ones that shellcheck passes", arguments: ["simple", "staged"])
    func scripts(kind: String) async throws {
        try await write("--ci", "github", "--pipeline", kind)
        let scripts = ["github", "gitlab"].map { system in
            guard system == "gitlab" else { return folder.file("ork-identities/store.sh") }
            return folder.file("gitlab/ork-identities/store.sh")
        }
        try FileManager.default.createDirectory(atPath: folder.file("gitlab"), withIntermediateDirectories: false)
        let made = try await Place.run(
            BuiltProduct.path("ork-init"),
            [
                "--ci", "gitlab", "--pipeline", kind, "--image", GitLabPipeline.image, "--key", "a", "--yes", "--to",
                Self.targets[1],
                "--ork", "acme/ork@\(StandIns.commit)",
            ], in: folder.file("gitlab"), environment: ["OPENROUTER_MANAGEMENT_KEY": ""])
        try #require(made.succeeded, "\(made.output)")
        let check = try await Place.run("/usr/bin/env", ["shellcheck"] + scripts)
        #expect(check.succeeded, "\(check.output)")
    }
}
