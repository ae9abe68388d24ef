import Configuration
import FoundationEssentials
package import HTTP
package import JSON
import OpenRouter
import PublisherHosting
import Reports
import Rotation
import Secrets
package import Steps
import Timestamps
import Wording

/// The picture that `ork-status` shows, from the records alone unless it `ask`s.
package struct StatusReport {
    private let state: State
    private let handoff: Handoff
    private let next: NextCommand?
    private let invocation: Invocation
    private let now = SystemClock().now
    private var account: AccountStatus?

    /// Reads and merges the handoffs. Without `trust` the signatures are checked, but not whose they are.
    ///
    /// `invocation` makes its commands whole, and `config` is where this stage's `ork.yaml` is.
    package init(
        _ paths: [String], trust flags: [String], config: String?, invocation: Invocation
    ) throws(StepError) {
        let files = paths.isEmpty ? [HandoffFile.name] : paths
        let lastResort = HandoffFile.lastResort(config: config)
        guard let handoff = try HandoffFile.read(files, mustExist: true, lastResort: lastResort) else {
            throw StepError(.usage, "there is no handoff to show")
        }
        self.handoff = handoff
        self.invocation = invocation
        let trust = try flags.isEmpty ? nil : Trust(flags, nil, own: nil)
        do { state = try State(handoff, trust: trust) } catch { throw StepError(error) }
        next = NextCommand(state, at: now, invocation, isGated: trust?.requiresApproval ?? false)
    }

    /// Asks OpenRouter about the keys, where this stage's own configuration and flags say that it is. Changes nothing.
    package mutating func ask(
        config: String?, openRouterURL: String?, since: String?, _ environment: StepEnvironment,
        _ transport: any HTTPTransport,
        tell: @escaping (Announcement) -> Void
    ) throws(StepError) {
        let moment = try Moment.past(since, "--since")
        let configuration = try ConfigurationFile.load(config, named: nil, rotation: state.header.name)
        let service = try HTTPURL(openRouter: openRouterURL, configuration, environment)
        try service.requirePlanned(state.header.plan)
        // Whoever signed the handoff may be anybody: it names no variable whose value is sent.
        let named = configuration?.plan.service ?? Plan.Service()
        let access = ManagementAccess(environment, over: transport, tell: tell)
        self.account = try AccountStatus.ask(access.account(at: service, named), of: state, since: moment, at: now)
    }

    /// The digest that stands for everything recorded.
    package var head: String { state.head.description }

    /// The picture for programs.
    package var json: JSONValue {
        let approved = State.Approval.gated.filter(state.isApproved(for:)).map(\.rawValue).sorted()
        var json: JSONObject = [
            "rotation": .string(state.header.id.description), "name": .string(state.header.name.description),
            "head": .string(head), "sealed": .bool(state.isSealed), "approved": .array(approved.map { .string($0) }),
            "past_first_wave": .bool(state.isPastFirstWave),
        ]
        for (key, value) in state.summary.object?.members ?? [] { json[key] = value }
        json["next"] = next.map { .string($0.command) } ?? .null
        json["command"] = next.map { .string($0.description) } ?? .null
        json["not_before"] = next?.notBefore.map { .string($0.rfc3339) } ?? .null
        json["turn"] = .string(state.turn(at: now).rawValue)
        json["deploy"] = .string(state.deployment(at: now).rawValue)
        json["details"] = StatusDetails(state).json
        if let account { json["openrouter"] = AccountReport(account, state).json }
        return .object(json)
    }

    /// What OpenRouter has shown when it was asked.
    var accountLines: [String] { account.map { AccountReport($0, state).lines } ?? [] }

    /// Whether nothing more will come.
    var isFinished: Bool { state.isFinished }

    /// Shows the picture for people.
    package func draw(on picture: TerminalPicture) { picture.draw(lines) }

    /// The picture for people, without colours.
    var text: String { lines.map(\.shown).joined(separator: "\n") }

    /// The same, line by line.
    var lines: [StatusLine] {
        var lines = [StatusLine("\(state.header.name): \(state.sentence)", .heading)]
        lines.append(.init("  rotation     \(state.header.id)"))
        for key in state.header.predecessors {
            let status = state.status(of: key.hash)
            lines.append(
                .init("  predecessor  \(key.name) (\(key.hash.short)) \(status)", status == "held" ? .bad : .plain))
        }
        if let successor = state.created {
            lines.append(.init("  successor    \(successor.name) (\(successor.hash.short))"))
        }
        lines += StatusDetails(state).lines
        for place in state.dropped { lines.append(.init("  dropped      \(state.news(of: place))", .waiting)) }
        let records = "\(Counted(handoff.records.count, "record")), the newest at \(state.lastRecordAt?.rfc3339 ?? "–")"
        lines.append(.init("  recorded     \(records)\(state.isSealed ? ", with the sealed key" : "")"))
        lines.append(.init("  head         \(head)"))
        if let account { lines += AccountReport(account, state).lines.map { StatusLine($0) } }
        let moment = next?.notBefore.map { ", not before \($0.rfc3339)" } ?? ""
        let end = "nothing: the rotation \(state.isRolledBack ? "was rolled back" : "is finished")"
        lines.append(.init("  next         \(next?.description ?? end)\(moment)", .heading))
        if state.canGoBack { lines.append(.init("  way back     \(invocation.whole("ork-rollback"))")) }
        return lines
    }
}
