import ChildProcesses
import FoundationEssentials
import Glibc
import HTTP
import JSON
import PublisherKit
import Secrets
import Sodium
import Synchronization
import TestSupport
import Testing

/// A fleet, run side by side, against an OpenRouter that turns requests away and is killed in the middle of it.
/// `Tests/Benchmarks/fleet.sh` does the same with 300 rotations.
@Suite(.tags(.servers)) struct FleetRestartTests {
    private static let names = (1...12).map { "app-\($0)" }

    @Test("through 429s and a server that is killed, no rotation is lost and none leaves a second key")
    func restart() async throws {
        let fleet = try await onOwnThread { try RestartedFleet(Self.names) }
        try await withThrowingTaskGroup { group in
            for _ in 0..<4 { group.addTask { try await onOwnThread { try fleet.work() } } }
            try await group.waitForAll()
        }
        #expect(fleet.finished.sorted() == Self.names.sorted())
        #expect(fleet.restarts == 1)
        #expect(fleet.turnedAway > 5)
        let keys = try await onOwnThread { try fleet.keys() }
        #expect(keys.count == Self.names.count + 1, "one key a rotation, and the one that is in none")
        for name in Self.names {
            let own = keys.filter { $0["name"]?.string?.split(separator: " ").first == "\(name)-key" }
            #expect(own.map { $0["hash"]?.string } == [try fleet.held(by: name)], "\(name)")
            #expect(own.allSatisfy { $0["disabled"] == false })
        }
    }
}

/// The fleet, its OpenRouter, and the proxy in front of that.
private final class RestartedFleet: Sendable {
    private struct Progress {
        var waiting: [String]
        var finished: [String] = []
        var restarts = 0
    }

    private let directory: TemporaryDirectory
    private let sandbox: Mutex<SandboxProcess?>
    private let proxy: FaultProxy
    private let port: Int
    private let environment: [String: String]
    private let progress: Mutex<Progress>

    init(_ names: [String]) throws {
        directory = try TemporaryDirectory()
        let sandbox = try SandboxProcess(["--state", directory.file("state")])
        port = Int(sandbox.url.dropFirst("http://127.0.0.1:".count).prefix { $0 != "/" }) ?? 0
        proxy = try FaultProxy(upstreamPort: port)
        let keygen = try ProgramRun.run(
            [BuiltProduct.path("ork-keygen")], environment: [:], logs: directory.path, name: "keygen")
        environment = [
            "OPENROUTER_BASE_URL": "http://127.0.0.1:\(proxy.port)/api/v1",
            "OPENROUTER_MANAGEMENT_KEY": sandbox.managementKey.revealed() ?? "",
            "ORK_IDENTITY": String(keygen.output.prefix { $0 != "\n" }), "PATH": "/usr/bin:/bin",
        ]
        for name in names {
            let answer = try sandbox.send(
                .post, "/keys", as: sandbox.managementKey, ["name": .string("\(name)-key")])
            let key = try JSONValue(parsing: answer.body)["key"]?.string ?? ""
            try directory.write("KEY=\(key)\n", to: "\(name).env")
        }
        self.sandbox = Mutex(sandbox)
        progress = Mutex(Progress(waiting: names))
        let count = Mutex(0)
        proxy.faults = [
            Fault(.answer(status: 429, headers: [("Retry-After", "0")]), times: .max) { _, _ in
                count.withLock { count in
                    count += 1
                    return count % 10 == 0
                }
            }
        ]
    }

    var finished: [String] { progress.withLock { $0.finished } }
    var restarts: Int { progress.withLock { $0.restarts } }
    var turnedAway: Int { proxy.exchanges.count { $0.status == 429 } }

    /// Takes one rotation after the other through all its steps.
    func work() throws {
        while let name = progress.withLock({ $0.waiting.popLast() }) {
            try step(
                "ork-create", name,
                ["--predecessor", "name=\(name)-key", "--to", "file:path=\(name).env,name=KEY"] + Self.flags)
            try step("ork-publish", name)
            try step("ork-verify", name)
            try step("ork-retire", name, ["--wait", "10s"])
            let isTime = progress.withLock { progress in
                progress.finished.append(name)
                return progress.finished.count == 3
            }
            if isTime { try restart() }
        }
    }

    private static let flags = [
        "--settle", "0s", "--overlap", "0s", "--quiet-for", "0s", "--soak", "0s", "--accept-idle",
    ]

    /// Runs a step as a pipeline does: again, for as long as it says that the time will come.
    private func step(_ program: String, _ name: String, _ flags: [String] = []) throws {
        for attempt in 1...40 {
            let run = try ProgramRun.run(
                [BuiltProduct.path(program), "--handoff", "\(name).json"] + flags, environment: environment,
                in: directory.path, logs: directory.path, name: "\(name)-\(program)-\(attempt)")
            if run.isDone { return }
            guard run.ending == .exited(69) || run.ending == .exited(75) else {
                throw Complaint("\(name): \(program) ends with \(run.ending): \(run.errors)")
            }
        }
        throw Complaint("\(name): \(program) never comes to its end")
    }

    /// Kills OpenRouter, whatever it is doing, and starts it again from what it has kept.
    private func restart() throws {
        try sandbox.withLock { sandbox in
            if let process = sandbox?.process { kill(process, SIGKILL) }
            sandbox = nil
            sandbox = try SandboxProcess(["--state", directory.file("state"), "--port", "\(port)"])
        }
        progress.withLock { $0.restarts += 1 }
    }

    /// The keys that are there, management keys left out.
    func keys() throws -> [JSONValue] {
        try sandbox.withLock { try $0?.keys() ?? [] }.filter { $0["deleted_at"] == .null && $0["management"] == false }
    }

    /// The hash of the key that an application has.
    func held(by name: String) throws -> String {
        let line = try directory.read("\(name).env").split(separator: "\n").first ?? ""
        return Digest(of: Secret(String(line.dropFirst("KEY=".count)))).hex
    }
}
