import ChildProcesses
import FoundationEssentials
import Glibc
import Synchronization
import TestSupport
import Testing

/// A publisher for a service, or the step that runs it, dies at its exchanges, before and after the effect.
///
/// `ORK_SWEEP=full` takes all of them, for a release; the default takes every fourth one before the effect, and others after.
@Suite(.enabled(if: geteuid() == 0, "only root sees whose process a publisher is"), .tags(.servers))
struct ServiceCrashTests {
    /// Which process dies.
    enum Death: String, CaseIterable, Sendable {
        /// The step finds out and asks another process.
        case publisher
        /// Both; the job is run again.
        case step
    }

    // They wait more than they work: before and after the effect go side by side.
    @Test(
        "wherever a publisher or its step dies, the services hold the successor in the end", arguments: Death.allCases,
        [false, true])
    func deaths(death: Death, isAfter: Bool) async throws {
        let complaints = try await onOwnThread {
            let exchanges = try Self.exchanges()
            var complaints: [String] = []
            let isFull = ProcessInfo.processInfo.environment["ORK_SWEEP"] == "full"
            for exchange in stride(from: isAfter && !isFull ? 2 : 0, to: exchanges, by: isFull ? 1 : 4) {
                do { try Self.run(death, at: exchange, afterEffect: isAfter) } catch let complaint as Complaint {
                    complaints.append("exchange \(exchange): \(complaint.text)")
                }
            }
            // The reads and writes of a secret, its companion, a variable, and a cluster's secret with what uses it.
            return exchanges >= 13 ? complaints : ["there are \(exchanges) exchanges only"]
        }
        #expect(complaints.isEmpty, "\(complaints.joined(separator: "\n"))")
    }

    /// How many exchanges an undisturbed `ork-publish` has with the services.
    private static func exchanges() throws -> Int {
        let scene = try Scene()
        try scene.require(scene.step("ork-create"))
        try scene.require(scene.step("ork-publish"))
        return scene.proxy.exchanges.count
    }

    private static func run(_ death: Death, at exchange: Int, afterEffect: Bool) throws {
        let scene = try Scene()
        try scene.require(scene.step("ork-create"))
        let victim = Victim()
        let strike: @Sendable () -> Void = {
            switch death {
            case .publisher: scene.killPublishers()
            case .step:
                scene.killPublishers()
                victim.kill()
            }
        }
        scene.proxy.faults =
            afterEffect
            ? [Fault(.notifyBeforeReply(strike), at: exchange), Fault(.dropReply, at: exchange)]
            : [Fault(.notifyBeforeRequest(strike), at: exchange), Fault(.dropRequest, at: exchange)]
        let struck = try scene.step("ork-publish", victim: victim)
        guard scene.proxy.faults.isEmpty, scene.killed.withLock({ $0 > 0 }) else {
            throw Complaint("the fault did not come to pass")
        }
        switch death {
        case .publisher: try scene.require(struck)
        case .step:
            guard struck.ending == .signalled(SIGKILL) else { throw Complaint("the step lives: \(struck.ending)") }
            try scene.require(scene.step("ork-publish"))
        }
        try scene.require(scene.step("ork-verify"))
        try scene.services.requireHeld(scene.fixture.heldKeys()[0])
        try scene.fixture.checkFiles()
    }
}

/// A rotation with targets at services, behind a proxy of their own.
private final class Scene: Sendable {
    let fixture: RotationRunFixture
    let services: SentinelServices
    let proxy: FaultProxy
    /// How many publishers were killed.
    let killed = Mutex(0)
    private let folder: TemporaryDirectory
    private let variables: [String: String]

    init() throws {
        fixture = try RotationRunFixture(flags: RotationRunFixture.shortWindows + SentinelServices.flags)
        services = try SentinelServices(fixture)
        proxy = try FaultProxy(upstreamPort: SentinelServices.port(fixture.sandbox.github.url))
        folder = try TemporaryDirectory()
        let root = "http://127.0.0.1:\(proxy.port)"
        variables = services.variables.merging([
            "GITHUB_API_URL": root + "/github", "CI_API_V4_URL": root + "/gitlab/api/v4",
            "KUBECONFIG": try SentinelServices.kubeconfig(
                in: folder, fixture.sandbox.kubernetes.token, port: proxy.port),
            // Every publisher inherits it: by it this scene's are told from others.
            "TMPDIR": folder.path,
        ]) { $1 }
    }

    func step(_ program: String, victim: Victim? = nil) throws -> ProgramRun {
        try fixture.run(
            program, handoffs: ["ork-handoff.json"], options: program == "ork-publish" ? ["--all"] : [], victim: victim,
            variables: variables)
    }

    func require(_ run: ProgramRun) throws(Complaint) {
        guard run.isDone else { throw Complaint("\(run.words[0]) \(run.ending): \(run.errors)") }
    }

    /// Kills the publishers that a step has started, whether it still runs or not.
    func killPublishers() {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
            guard let process = Int32(name), isOurs(process) else { continue }
            if kill(process, SIGKILL) == 0 { killed.withLock { $0 += 1 } }
        }
    }

    /// Whether a process is a publisher that has this scene's folder in its environment.
    private func isOurs(_ process: Int32) -> Bool {
        guard let command = FileManager.default.contents(atPath: "/proc/\(process)/cmdline"),
            ["/ork-publisher-git", "/ork-publisher-kube"].contains(
                where: String(decoding: command, as: UTF8.self).contains),
            let environment = FileManager.default.contents(atPath: "/proc/\(process)/environ")
        else { return false }
        return String(decoding: environment, as: UTF8.self).contains("TMPDIR=\(folder.path)")
    }
}
