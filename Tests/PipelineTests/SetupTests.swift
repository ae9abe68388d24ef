import FoundationEssentials
import TestSupport
import Testing

@Suite("The setup action, run by act on this machine", .tags(.pipelines))
struct SetupTests {
    private let installation: Installation

    init() throws {
        installation = try Installation(["ork-status"])
        for name in ["home", "cache", "repository"] {
            try FileManager.default.createDirectory(
                atPath: installation.folder.file(name), withIntermediateDirectories: false)
        }
    }

    /// Runs one job for each of these inputs, one after the other: what each says of the programs that it has then, and
    /// why it failed, if it says that.
    private func run(_ jobs: [(name: String, with: String)]) async throws -> [String: String] {
        var workflow = "on: workflow_dispatch\njobs:\n"
        var before = ""
        for job in jobs {
            workflow += """
                  \(job.name):
                    runs-on: ubuntu-latest
                    \(before.isEmpty ? "" : "needs: \(before)")
                    steps:
                      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8
                      - id: setup
                        continue-on-error: true
                        uses: ./.github/ork/github/setup
                        with: {\(job.with)}
                      - run: 'echo "said ${{ steps.setup.outcome }}: $(ork-status --version 2>/dev/null || echo no ork)"'

                """
            before = job.name
        }
        try installation.folder.write(workflow, to: "repository/setup.yml")
        let result = try await Place.run(
            Place.tool("act"),
            [
                "workflow_dispatch", "-W", "setup.yml", "-P", "ubuntu-latest=-self-hosted", "--action-offline-mode",
                "--cache-server-port", "0", "--env", "KEPT=\(installation.folder.file("cache"))",
            ] + StandIns.options, in: installation.folder.file("repository"),
            environment: [
                "HOME": installation.folder.file("home"),
                "PATH": "\(installation.folder.path):/usr/sbin:/usr/bin:/sbin:/bin",
            ])
        var said: [String: String] = [:]
        for job in jobs {
            let lines = result.output.split(separator: "\n").filter { $0.hasPrefix("[setup.yml/\(job.name)") }
            let why = lines.first { $0.contains("❗  ::error title=ork setup::") }?.split(separator: "::").last
            let outcome = lines.first { $0.contains("| said ") }?.split(separator: "| said ").last
            said[job.name] = outcome.map { "\($0)\(why.map { "; \($0)" } ?? "")" } ?? result.output
        }
        return said
    }

    /// The repository of a user, and one with ork's source, whose only commit is the answer.
    private func repositories() async throws -> String {
        let made = try await installation.shell(
            """
            root=$1
            mkdir -p repository/.github/ork source
            cp -r "$root/ci-templates/github" "$root/ci-templates/shell" repository/.github/ork/
            cp -r "$root/ci-templates" "$root/plugins" "$root/Sources" "$root/README.md" source/
            for repository in repository source; do
                git init -q -b main $repository
                git -C $repository add .
                git -C $repository -c user.name=someone -c user.email=someone@example.invalid commit -q -m One
            done
            git -C source rev-parse HEAD
            """, [BuiltProduct.repository])
        guard made.succeeded else { throw Installation.Failure(description: made.output) }
        return String(made.output.dropLast())
    }

    @Test("a tarball with its sum is taken; with another, or with none, nothing comes into the PATH")
    func tarball() async throws {
        _ = try await repositories()
        try await installation.install(installation.folder.file("ork-0"))
        let packed = try await installation.shell("tar -cf - ork-0 | gzip -1n >ork.tar.gz; sha256sum <ork.tar.gz")
        let sum = packed.output.prefix(64)
        let bytes = try Array(Data(contentsOf: URL(filePath: installation.folder.file("ork.tar.gz"))))
        let server = try LoopbackServer { _, connection in
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(bytes.count)\r\n\r\n")
            connection.send(bytes)
        }
        let url = "url: 'http://127.0.0.1:\(server.port)/ork.tar.gz'"
        let wrong = String(sum.reversed())
        let said = try await run([
            ("wrong", "\(url), sha256: \(wrong)"), ("none", url), ("right", "\(url), sha256: \(sum)"),
        ])
        #expect(said["right"]?.wholeMatch(of: /success: \d+\.\d+\.\d+/) != nil, "\(said)")
        #expect(said["wrong"] == "failure: no ork" && said["none"] == "failure: no ork", "\(said)")
    }

    @Test("a commit is built once, and comes from the cache afterwards; what can be moved is refused")
    func source() async throws {
        let revision = try await repositories()
        // The build is one that is there; how often it was asked for is what counts.
        try installation.folder.writeProgram(
            """
            #!/bin/sh
            case $* in
            *--show-bin-path*) echo '\(installation.build)' ;;
            *) echo "$*" >>'\(installation.folder.file("builds"))' ;;
            esac
            """, to: "swift")
        let source = "source: '\(installation.folder.file("source"))'"
        let said = try await run([
            ("branch", "\(source), revision: main"), ("short", "\(source), revision: '\(revision.prefix(12))'"),
            ("first", "\(source), revision: '\(revision)'"), ("second", "\(source), revision: '\(revision)'"),
        ])
        for job in ["branch", "short"] {
            let refused = "failure: no ork; revision is not the full hash of a commit"
            #expect(said[job]?.hasPrefix(refused) == true, "\(said)")
        }
        for job in ["first", "second"] {
            #expect(said[job]?.wholeMatch(of: /success: \d+\.\d+\.\d+/) != nil, "\(said)")
        }
        let builds = try installation.folder.read("builds").split(separator: "\n")
        #expect(builds.count == 1 && builds.first?.contains("-c release") == true, "\(builds)")
        let kept = try FileManager.default.contentsOfDirectory(atPath: installation.folder.file("cache"))
        #expect(kept.count == 1 && kept.first?.wholeMatch(of: /ork-[a-z]+-[\w.]+-\w+-[0-9a-f]{40}/) != nil, "\(kept)")
    }
}
