import FoundationEssentials
import HTTP
import JSON
import OpenRouter
import OpenRouterSandbox
import PublisherHosting
import PublisherKit
import Rotation
import RotationFixtures
import Secrets
import Sodium
import Steps
import Timestamps

/// A command line as a person types it.
struct WalkCommand: Hashable, Sendable, CustomStringConvertible {
    let program: String
    /// The flags in their order, each with its value if it takes one.
    let flags: [Flag]

    struct Flag: Hashable, Sendable {
        let name: String
        let value: String?
    }

    /// The flags that take a value; all others are switches.
    private static let valued: Set = [
        "--accept-target", "--by-hand", "--create-target", "--target", "--drop-target", "--abandon-target", "--for",
        "--handoff",
        "--predecessor", "--name", "--to", "--rotation", "--config", "--trust", "--wait", "--openrouter-url", "--probe",
    ]

    private init(program: String, flags: [Flag]) {
        self.program = program
        self.flags = flags
    }

    /// `nil` for what is no command of a rotation.
    init?(_ text: String) {
        var words = text.split(separator: " ").map(String.init)[...]
        guard let program = words.popFirst(), WalkPrograms.names.contains(program) else { return nil }
        self.program = program
        var flags: [Flag] = []
        while let name = words.popFirst() {
            guard name.hasPrefix("--") else { return nil }
            flags.append(Flag(name: name, value: Self.valued.contains(name) ? words.popFirst() : nil))
        }
        self.flags = flags
    }

    func has(_ name: String) -> Bool { flags.contains { $0.name == name } }
    func values(_ name: String) -> [String] { flags.filter { $0.name == name }.compactMap(\.value) }
    func names(_ name: String) -> Set<PlanName> { Set(values(name).compactMap { PlanName($0) }) }

    /// The same without `--wait`.
    var withoutWait: WalkCommand { WalkCommand(program: program, flags: flags.filter { $0.name != "--wait" }) }

    var isDryRun: Bool { has("--dry-run") }

    var description: String {
        ([program] + flags.map { $0.name + ($0.value.map { " " + $0 } ?? "") }).joined(separator: " ")
    }
}

/// How a run of a command ended.
struct WalkEnding: Sendable {
    let command: WalkCommand
    /// `nil` when it went through.
    let error: StepError?
    let told: [Announcement]
    /// Nobody saw what it said.
    let wasKilled: Bool

    var warnings: [String] { told.compactMap { if case .warning(let text) = $0 { text } else { nil } } }
    var done: [String] { told.compactMap { if case .done(let text) = $0 { text } else { nil } } }
    var status: Int { Int(error?.code.rawValue ?? 0) }

    /// All that a person has read.
    var text: String {
        guard !wasKilled else { return "(killed)" }
        let lines: [String] = told.compactMap { announcement in
            switch announcement {
            case .doing(let text), .done(let text): text
            case .warning(let text): "warning: \(text)"
            case .waiting, .waited: nil
            }
        }
        let failure = error.map { ["error: \($0.message)"] + ($0.hint.map { ["hint: \($0)"] } ?? []) } ?? []
        return (lines + failure + ["status \(status)"]).joined(separator: "\n        ")
    }
}

extension WalkWorld {
    /// Runs a command, and says how it ended.
    @discardableResult
    mutating func run(_ command: WalkCommand, _ fault: WalkProcess.Fault? = nil) -> WalkEnding {
        let paths = command.values("--handoff")
        if let path = paths.first { file = path }
        simulated.health = isProbeBroken || !works("web") ? 503 : 200
        for (place, date) in downUntil where date > simulated.now {
            simulated.troubles[place] = Array(repeating: .reject(.unavailable), count: 20)
        }
        let process = WalkProcess(Simulation(simulated), fault)
        let log = AnnouncementLog()
        var error: StepError?
        do throws(StepError) {
            let read = try load(paths.isEmpty ? [file] : paths)
            let run = WalkPrograms(self, process, command, read, log)
            defer { take(run) }
            try run.perform()
        } catch let failure {
            error = failure
        }
        simulated = process.simulation.value
        simulated.troubles = [:]
        rememberPlaintexts()
        note(command, error)
        return WalkEnding(command: command, error: error, told: log.all, wasKilled: process.isDead)
    }

    /// Reads handoffs of one rotation as one.
    private func load(_ paths: [String]) throws(StepError) -> Handoff? {
        var handoff: Handoff?
        for path in paths {
            guard let read = files[path]?.handoff else { continue }
            guard var merged = handoff else {
                handoff = read
                continue
            }
            do { try merged.merge(read) } catch { throw StepError(error, in: path) }
            handoff = merged
        }
        return handoff
    }

    private mutating func take(_ run: WalkPrograms) {
        guard let handoff = run.journal.handoff,
            handoff.head != self.handoff?.head || handoff.sealed != self.handoff?.sealed
        else { return }
        if let before = files[file] { copies.append(before) }
        replace(Paper(handoff))
    }

    private mutating func note(_ command: WalkCommand, _ error: StepError?) {
        guard let state else { return }
        if let created = state.created { successors[state.header.id] = created.hash.description }
        for name in command.values("--accept-target") where error == nil && !command.isDryRun { disturbed.remove(name) }
        if command.program == "ork-verify", error == nil, !command.isDryRun {
            let seen = state.plan.targets.map(\.name.description).filter { !simulated.unreadable.contains($0) }
            disturbed.subtract(seen)
        }
    }
}
