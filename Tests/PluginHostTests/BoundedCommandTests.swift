import PluginHost
import Secrets
import TestSupport
import Testing

@Suite(.tags(.processes)) struct BoundedCommandTests {
    @Test(
        "a command's end is told",
        arguments: [
            (["true"], BoundedCommand.Status.exited(0)), (["sh", "-c", "exit 7"], .exited(7)),
            (["sh", "-c", "kill -9 $$"], .signalled(9)), (["/bin/cat"], .exited(0)), (["no-such-program"], .notStarted),
            (["/no/such/program"], .notStarted), ([], .notStarted),
        ])
    func ends(arguments: [String], status: BoundedCommand.Status) async throws {
        #expect(try await Self.run(arguments).status == status)
    }

    @Test("a command that does not end is ended")
    func hangs() async throws {
        #expect(try await Self.run(["sleep", "300"], time: .milliseconds(500)).status == .timedOut)
    }

    @Test("output and errors are logged without secrets, the environment is the given one")
    func output() async throws {
        let result = try await Self.run(["sh", "-c", "echo out $A; echo 'the secret-text' >&2"])
        #expect(result.log.sorted() == ["out a", "the <redacted>"])
    }

    private static func run(
        _ arguments: [String], time: Duration = .seconds(60)
    ) async throws -> (status: BoundedCommand.Status, log: [String]) {
        try await onOwnThread {
            var log: [String] = []
            var limits = Limits()
            limits.grace = .milliseconds(300)
            let status = BoundedCommand(limits: limits).run(
                arguments, environment: ["PATH": "/usr/bin:/bin", "A": "a"], time: time,
                redactor: Redactor([Secret("secret-text")])
            ) { log.append($0) }
            return (status, log)
        }
    }
}
