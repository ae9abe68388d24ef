import FoundationEssentials
import TestSupport
import Testing

@Suite("The setup action, run by act on this machine", .tags(.pipelines))
struct SetupTests {
    private let installation: Installation

    init() throws {
        installation = try Installation(["ork-status"])
        for name in ["home", "repository"] {
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
        // act does not wait for what a step that fails has printed: see exec in its host_environment.go.
        try installation.folder.writeProgram(
            """
            #!/bin/sh
            exec /bin/sh "$@" >>'\(installation.folder.file("printed-"))'"$GITHUB_JOB" 2>&1
            """, to: "sh")
        let result = try await Place.run(
            Place.tool("act"),
            [
                "workflow_dispatch", "-W", "setup.yml", "-P", "ubuntu-latest=-self-hosted", "--action-offline-mode",
                "--cache-server-port", "0",
            ] + StandIns.options, in: installation.folder.file("repository"),
            environment: [
                "HOME": installation.folder.file("home"),
                "PATH": "\(installation.folder.path):/usr/sbin:/usr/bin:/sbin:/bin",
            ])
        var said: [String: String] = [:]
        for job in jobs {
            let lines = result.output.split(separator: "\n").filter { $0.hasPrefix("[setup.yml/\(job.name)") }
            let printed = (try? installation.folder.read("printed-\(job.name)")) ?? ""
            let why = printed.split(separator: "\n").first { $0.hasPrefix("::error title=ork setup::") }?
                .split(separator: "::").last
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

    /// A tarball of ork, and what a server that cannot be trusted may have beside it, in a folder for each: the first
    /// is as it was released.
    private func releases() async throws -> (sum: String, signer: String) {
        try await installation.install(installation.folder.file("ork-0"))
        let made = try await installation.shell(
            """
            for key in release other; do ssh-keygen -q -t ed25519 -N '' -C '' -f $key; done
            sign() { ssh-keygen -q -Y sign -f "$1" -n "$2" "$3/SHA256SUMS" 2>/dev/null; }
            mkdir served && cd served
            mkdir released evil older
            tar -cf - -C .. ork-0 | gzip -1n >released/ork-1.tar.gz
            mkdir -p stranger/bin
            printf '#!/bin/sh\\necho a stranger\\n' >stranger/bin/ork-status
            chmod +x stranger/bin/ork-status
            tar -czf evil/ork-1.tar.gz stranger
            cp evil/ork-1.tar.gz older/ork-0.tar.gz
            for release in released evil older; do (cd $release && sha256sum ork-* >SHA256SUMS); done
            sign ../release ork-release released
            sign ../release ork-release older
            cp older/ork-0.tar.gz older/ork-1.tar.gz

            for kind in tarball sums key namespace unsigned; do cp -r evil $kind; done
            cp -r released resigned && rm resigned/SHA256SUMS.sig && sign ../other ork-release resigned
            cp released/SHA256SUMS* tarball
            cp released/SHA256SUMS.sig sums
            sign ../other ork-release key
            sign ../release git namespace
            sha256sum <released/ork-1.tar.gz
            cat ../release.pub
            """)
        guard made.succeeded else { throw Installation.Failure(description: made.output) }
        let lines = made.output.split(separator: "\n")
        return (String(lines[0].prefix(64)), String(lines[1]))
    }

    @Test(
        "a tarball is taken by its sum or by its signature, and by both if both are given; no other comes into the PATH"
    )
    func tarball() async throws {
        _ = try await repositories()
        let (sum, signer) = try await releases()
        let folder = installation.folder.file("served")
        let server = try LoopbackServer { request, connection in
            let content = FileManager.default.contents(atPath: folder + request.message.target)
            connection.send(
                "HTTP/1.1 \(content == nil ? 404 : 200) -\r\nContent-Length: \(content?.count ?? 0)\r\n\r\n")
            connection.send(Array(content ?? Data()))
        }
        func job(_ name: String, from release: String, _ pins: String...) -> (name: String, with: String) {
            let url = "url: 'http://127.0.0.1:\(server.port)/\(release)/ork-1.tar.gz'"
            return (name, ([url] + pins).joined(separator: ", "))
        }
        let right = "sha256: \(sum)"
        let wrong = "sha256: \(String(sum.reversed()))"
        let signed = "signer: '\(signer)'"
        let ours = [
            job("by-sum", from: "released", right), job("by-signature", from: "released", signed),
            job("by-both", from: "released", right, signed),
        ]
        let others: [(job: (name: String, with: String), why: String)] = [
            (job("no-pin", from: "released"), "a tarball needs sha256, signer or both"),
            (job("no-signature", from: "unsigned", signed), "SHA256SUMS.sig cannot be had"),
            (job("other-sum", from: "released", wrong), "is not what sha256 says"),
            (job("other-sum-signed", from: "released", wrong, signed), "is not what sha256 says"),
            (job("other-key-for-the-sum", from: "resigned", right, signed), "SHA256SUMS is not signed by signer"),
            (job("other-tarball", from: "tarball", signed), "is not what SHA256SUMS says"),
            (job("other-sums", from: "sums", signed), "SHA256SUMS is not signed by signer"),
            (job("other-key", from: "key", signed), "SHA256SUMS is not signed by signer"),
            (job("other-namespace", from: "namespace", signed), "SHA256SUMS is not signed by signer"),
            (job("older-release", from: "older", signed), "is not what SHA256SUMS says"),
        ]
        let said = try await run(ours + others.map(\.job))
        for job in ours {
            let outcome = said[job.name] ?? ""
            #expect(outcome.wholeMatch(of: /success: \d+\.\d+\.\d+/) != nil, "\(job.name): \(outcome)")
        }
        for (job, why) in others {
            let outcome = said[job.name] ?? ""
            #expect(outcome.hasPrefix("failure: no ork; ") && outcome.contains(why), "\(job.name): \(outcome)")
        }
    }

    @Test("a commit is built in each job, whatever GitHub's cache holds; what can be moved is refused")
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
        #expect(builds.count == 2 && builds.allSatisfy { $0.contains("-c release") }, "\(builds)")
    }
}
