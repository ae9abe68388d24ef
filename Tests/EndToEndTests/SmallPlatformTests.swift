import ChildProcesses
import FoundationEssentials
import Glibc
import Secrets
import TestSupport
import Testing

/// A rotation on a platform that no preset knows, whose application reads its key when it starts.
@Suite(.tags(.servers)) struct SmallPlatformTests {
    /// What somebody writes who has read the platform's documentation.
    private static let configuration = """
        version: 1
        rotations:
          shop:
            predecessor: {name: checkout-prod}
            targets:
              shop:
                publisher: http
                env: [PLATFORM_TOKEN]
                with:
                  url: "@URL@"
                  token: PLATFORM_TOKEN
                  write: {put: /variables/KEY, json: {value: "{secret}"}}
                  read: {get: /variables/KEY, at: /value}
                  redeploy: {post: /deploys, id: /id}
                  wait: {get: "/deploys/{id}", at: /status, until: live}
            publish: {settle: 1s}
            verify: {require_adoption: true}
            retire: {overlap: 2s, quiet_for: 2s, soak: 2s}
        """

    @Test("no call fails, and verify waits until a process runs that has read the new key")
    func rotation() async throws {
        let (statuses, deployments) = try await onOwnThread {
            let run = try ScriptRun(Script(files: []))
            let work = run.work
            let program = BuiltProduct.repository + "/ci-templates/shell/example-application.sh"
            let address = run.sandbox.url
            let platform = try SmallPlatform(holding: run.sandbox.predecessor.key.revealed() ?? "") {
                number, value, mustStop in
                _ = try? work.write("OPENROUTER_API_KEY=\(value)\n", to: "\(number).env")
                let words = [program, address, work.file("\(number).env"), work.file("calls")]
                var application = Program(words, environment: ["PATH": "/usr/bin:/bin"])
                (application.output, application.errors) = (.discarded, .discarded)
                guard let process = try? ChildProcess(application) else { return }
                while !mustStop() { usleep(50_000) }
                process.send(SIGKILL)
                _ = process.reap()
            }
            defer { platform.stop() }
            try work.write(Self.configuration.replacing("@URL@", with: platform.url), to: "ork.yaml")
            run.variables["PLATFORM_TOKEN"] = "token-of-the-platform"
            for line in [
                "exec ork-create", "exec ork-publish", "! exec ork-verify", "status 1",
                "stderr 'deployment dep-1 is not live yet .building.'", "exec ork-verify --wait 1m",
                "exec ork-retire --wait 2m", "stderr 'finished: '",
            ] {
                // Most of the time while this one waits.
                if line == "exec ork-verify --wait 1m" {
                    startThread {
                        usleep(1_000_000)
                        platform.goLive()
                    }
                }
                do { try run.perform(try ScriptWords.split(line, run.variables)) } catch {
                    throw ScriptFailure("\(line): \(error)\n\(run.output)\(run.errors)")
                }
            }
            // It goes on for a while without the predecessor.
            usleep(1_000_000)
            let calls = try work.read("calls").split(separator: "\n")
            return (calls.compactMap { $0.split(separator: " ").last.map(String.init) }, platform.deployments)
        }
        #expect(Set(statuses) == ["200"] && statuses.count > 30, "\(statuses.filter { $0 != "200" })")
        #expect(deployments == 1)
    }
}
