import FoundationEssentials
import TestSupport
import Testing

@Suite("Tests/changes.sh", .tags(.pipelines)) struct ReleaseTests {
    private let folder: TemporaryDirectory

    /// A repository with a version, a changelog and the script.
    init() async throws {
        folder = try TemporaryDirectory()
        let made = try await shell(
            """
            mkdir -p Tests .github Sources/CommandLine/StepCLI plugins ci-templates
            cp "$1/Tests/changes.sh" Tests/
            echo 'package let orkVersion = "1.2.0"' >Sources/CommandLine/StepCLI/StepCommand.swift
            printf '# Changelog\\n\\n## Unreleased\\n\\n## 1.2.0\\n\\n### Added\\n- Something.\\n\\n## 1.1.0\\n- Less.\\n' >.github/CHANGELOG.md
            git init -q . && git add . && git commit -q -m One && git tag base
            """)
        try #require(made.succeeded, "\(made.output)")
    }

    private func shell(_ lines: String) async throws -> (succeeded: Bool, output: String) {
        try await Place.run(
            "/bin/sh", ["-euc", lines, "sh", BuiltProduct.repository], in: folder.path,
            environment: [
                "HOME": folder.path, "GIT_AUTHOR_NAME": "x", "GIT_AUTHOR_EMAIL": "x", "GIT_COMMITTER_NAME": "x",
                "GIT_COMMITTER_EMAIL": "x",
            ])
    }

    private static let change = "echo x >plugins/a && git add ."

    @Test(
        "a change that users see asks for an entry",
        arguments: [
            ("\(change) && git commit -q -m Two", false),
            ("\(change) && echo '- New.' >>.github/CHANGELOG.md && git commit -q -a -m Two", true),
            ("\(change) && git commit -q -m Two -m 'Changelog: none'", true),
            ("echo x >Tests/a && git add . && git commit -q -m Two", true),
        ])
    func since(change: String, isFine: Bool) async throws {
        let run = try await shell("\(change); Tests/changes.sh since base")
        #expect(run.succeeded == isFine, "\(run.output)")
        #expect(isFine || run.output.contains("plugins/a"))
    }

    @Test(
        "a release has one version everywhere, and says what is new",
        arguments: [
            ("true", "v1.2.0", true), ("true", "v1.3.0", false), ("true", "1.2.0", false),
            ("sed -i s/1.2.0/1.2.1/ Sources/CommandLine/StepCLI/StepCommand.swift", "v1.2.1", false),
            ("sed -i '/^- Something/d' .github/CHANGELOG.md", "v1.2.0", false),
            ("sed -i 's/^## Unreleased/&\\n- Later./' .github/CHANGELOG.md", "v1.2.0", false),
        ])
    func release(change: String, tag: String, isFine: Bool) async throws {
        let run = try await shell("\(change); Tests/changes.sh release \(tag)")
        #expect(run.succeeded == isFine, "\(run.output)")
    }

    @Test("the notes of a version are its entries alone")
    func notes() async throws {
        let run = try await shell("Tests/changes.sh notes 1.2.0")
        #expect(run.output.contains("- Something.") && !run.output.contains("Less"))
    }

    @Test("the version stands in one place, where the script reads it")
    func version() async throws {
        let run = try await Place.run(
            "/bin/sh",
            [
                "-euc", #"cd "$1" && Tests/changes.sh release "v$(ork-status --version)" 2>&1 || true"#, "sh",
                BuiltProduct.repository,
            ])
        #expect(!run.output.contains("orkVersion"), "\(run.output)")
    }
}
