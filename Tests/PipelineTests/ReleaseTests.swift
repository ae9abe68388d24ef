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

    /// The one step of the release's workflow that has this text, run where curl and docker are stand-ins.
    private func step(_ text: String, _ environment: String) async throws -> (succeeded: Bool, output: String) {
        let source = BuiltProduct.repository + "/.github/workflows/release.yml"
        let find = """
            import sys, yaml
            jobs = yaml.safe_load(open(sys.argv[1]))["jobs"].values()
            [step] = [s["run"] for job in jobs for s in job["steps"] if sys.argv[2] in s.get("run", "")]
            print(step)
            """
        let found = try await Place.run(Place.tool("python3"), ["-c", find, source, text])
        try #require(found.succeeded, "\(found.output)")
        try folder.write(found.output, to: "step")
        return try await shell(
            #"""
            mkdir -p bin
            printf '#!/bin/sh\ncat >sent; printf %%s "$STATUS"' >bin/curl
            printf '#!/bin/sh\ncase "$*" in login*) cat >sent ;; *inspect*) echo "$ANSWER" ;; esac' >bin/docker
            chmod +x bin/*
            PATH=$PWD/bin:$PATH GITHUB_TOKEN=secret-token GITHUB_ACTOR=x GITHUB_REF_NAME=v1.2.0 IMAGE=ghcr.io/Acme/Ork
            export PATH GITHUB_TOKEN GITHUB_ACTOR GITHUB_REF_NAME IMAGE GITHUB_API_URL=x GITHUB_REPOSITORY=x
            """# + "\nexport \(environment)\nbash -e step")
    }

    @Test(
        "what is published is not built again, and what nobody knows of is not either",
        arguments: [("404", true), ("200", false), ("000", false), ("401", false)])
    func published(status: String, isFine: Bool) async throws {
        let run = try await step("releases/tags", "STATUS=\(status)")
        #expect(run.succeeded == isFine, "\(run.output)")
    }

    @Test("the sums, which a person signs, hold for the images by their digests", arguments: [true, false])
    func images(isKnown: Bool) async throws {
        let made = try await shell(
            """
            for system in a b; do
                mkdir -p parts/$system && cd parts/$system && echo $system >ork_$system.deb && sha256sum ork* >SHA256SUMS && cd ../..
            done
            """)
        try #require(made.succeeded, "\(made.output)")
        let answer = isKnown ? #"{"digest":"sha256:abc"}"# : "{}"
        let run = try await step("imagetools create", "ANSWER='\(answer)'")
        #expect(run.succeeded == isKnown, "\(run.output)")
        guard isKnown else { return }
        let images = try folder.read("dist/ork-1.2.0-images.txt")
        #expect(images == "ghcr.io/acme/ork@sha256:abc\nghcr.io/acme/ork-rehearsal@sha256:abc\n")
        let names = try folder.read("dist/SHA256SUMS").split(separator: "\n").map { $0.dropFirst(66) }
        #expect(names == ["ork-1.2.0-images.txt", "ork_a.deb", "ork_b.deb"])
    }

    @Test("nothing is released but by the push of a tag")
    func byHand() async throws {
        let find = """
            import sys, yaml
            for job in yaml.safe_load(open(sys.argv[1]))["jobs"].values():
                for step in job["steps"]:
                    if any(word in str(step) for word in ("docker push", "imagetools", "gh release create", "attest-")):
                        assert "github.event_name == 'push'" in str([job.get("if"), step.get("if")]), step
            """
        let source = BuiltProduct.repository + "/.github/workflows/release.yml"
        let run = try await Place.run(Place.tool("python3"), ["-c", find, source])
        #expect(run.succeeded, "\(run.output)")
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
