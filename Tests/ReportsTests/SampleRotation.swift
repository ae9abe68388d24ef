import FoundationEssentials
import JSON
import PublisherHosting
import PublisherKit
import Reports
import Rotation
import Secrets
import Sodium
import Timestamps

/// A rotation of three days with two waves, a gate, a failed look and a retirement, each stage with its own identity.
struct SampleRotation {
    /// What somebody would call a key to get more out of a report than text.
    static let hostile =
        "<script>alert(1)</script>|`x` *b* [l](http://evil.example) ![i](x) www.evil.example $a$ &amp; \"q\" 'p' ; #quot; : -->"
    /// What no terminal and no page may get.
    static let invisible = "\u{1b}[31m\u{202e}\u{200b}\u{2066}"

    static let start = Date(timeIntervalSince1970: 1_795_402_800)
    static let predecessor = KeyHash(documentedFor: Digest(of: [1]))
    static let successor = KeyHash(documentedFor: Digest(of: [2]))

    private(set) var handoff: Handoff
    private let identities: [StepName: Identity]
    private var now = start

    /// The rotation before anything is recorded.
    init(_ name: String = "checkout", key: String = "checkout-prod", at start: Date = start) throws {
        now = start
        var identities: [StepName: Identity] = [:]
        for (number, step) in StepName.allCases.enumerated() {
            identities[step] = try Identity.generate { Secret([UInt8](repeating: UInt8(number + 1), count: 32)) }
        }
        self.identities = identities
        var plan = Plan(predecessor: .name(key))
        for (name, wave) in [("canary", 1), ("web", 2)] {
            guard let target = PlanName(name), let publisher = PublisherName("file") else { continue }
            plan.targets.append(
                Plan.Target(
                    name: target, publisher: publisher, wave: wave,
                    with: ["path": .string("\(name).env"), "name": "KEY"]))
        }
        guard let name = PlanName(name) else { throw HandoffError(.malformed, "a name") }
        handoff = Handoff(
            header: RotationHeader(
                id: RotationID(at: start), name: name, base: key, workspace: nil, plan: plan,
                predecessors: [KeyReference(hash: Self.predecessor, name: key)]))
    }

    var name: String { handoff.header.base + " 2026-11-23 ork:01JDB5T8WV0123456789ABCDEF" }

    /// Whom a reader of this rotation would name.
    func identity(of step: StepName) -> PublicIdentity? { identities[step]?.publicIdentity }

    var trust: Trust { Trust(identities.mapValues { [$0.publicIdentity] }, fallback: nil) }

    /// Records something some minutes later.
    mutating func record(
        _ minutes: Int, _ step: StepName, _ event: Event, _ target: String? = nil, _ message: String,
        _ detail: JSONObject = [:], actor: String = "octocat"
    ) throws {
        now = now.addingTimeInterval(Double(minutes) * 60)
        guard let identity = identities[step] else { return }
        try handoff.append(
            Entry(step, event, target: target.flatMap { PlanName($0) }, message: message, detail: detail), at: now,
            provenance: [
                "ci": "github-actions", "run": "https://github.com/acme/web/actions/runs/17", "actor": .string(actor),
            ],
            by: identity)
    }

    private var key: JSONObject {
        State.Successor.detail(
            hash: Self.successor, digest: Digest(of: [2]), name: name, label: nil, createdAt: now,
            publishBy: now.addingTimeInterval(86400))
    }

    mutating func create(actor: String = "octocat") throws {
        try record(0, .create, .intended, nil, "about to mint \(name) minting", ["name": .string(name)], actor: actor)
        try record(0, .create, .minted, nil, "minted sk-or-v1-0e6...1c96, which may not spend yet", key)
        try record(1, .create, .created, nil, "created \(name)", key)
    }

    private var written: JSONObject { ["digest": .string(Digest(of: [2]).description), "held": "predecessor"] }

    mutating func publish(_ target: String, after minutes: Int, message: String = "wrote KEY") throws {
        try record(minutes, .publish, .committed, target, message, written)
    }

    mutating func check(_ check: String, _ target: String?, _ outcome: String, _ seen: String, after minutes: Int)
        throws
    {
        try record(
            minutes, .verify, .checked, target, "\(check): \(seen)",
            ["check": .string(check), "outcome": .string(outcome)])
    }

    mutating func verify(_ targets: [String]) throws {
        try check("successor", nil, "passed", "OpenRouter accepts it", after: 5)
        for target in targets { try check("target \(target)", target, "passed", "holds the successor", after: 0) }
        try check("http shop", nil, "passed", "answered 200", after: 0)
        let writes = targets.compactMap { name in
            handoff.records.last { $0.event == .committed && $0.target?.description == name }.map { (name, $0.digest) }
        }
        var json: JSONObject = [:]
        for (name, digest) in writes { json[name] = .string(digest.description) }
        try record(
            0, .verify, .verified, nil, "\(name) works at \(targets.joined(separator: ", "))",
            [
                "digest": .string(Digest(of: [2]).description), "writes": .object(json), "adoption": "seen",
                "checks": 4,
                "evidence": [
                    "key": true, "read": .array(targets.map { .string($0) }), "unread": [], "probes": ["http shop"],
                ],
            ])
    }

    mutating func approve(_ step: StepName, after minutes: Int) throws {
        let binding = try State(handoff, trust: nil).approvalBinding
        try record(
            minutes, .approve, .approved, nil, "approved \(step.rawValue)",
            ["binds": .string(binding?.description ?? ""), "for": [.string(step.rawValue)]], actor: "ann")
    }

    mutating func observe(after minutes: Int) throws {
        now = now.addingTimeInterval(Double(minutes) * 60)
        let seconds = Int(now.timeIntervalSince1970)
        let reading = Rotation.Reading(
            at: now,
            meters: [
                Self.predecessor: .init(cost: "12.5", lastUsed: (seconds - 7200) * 1000),
                Self.successor: .init(cost: "0.75", lastUsed: seconds * 1000),
            ])
        try record(0, .retire, .observed, nil, "read the meters", reading.detail)
    }

    mutating func disable(after minutes: Int) throws {
        let since = now
        now = now.addingTimeInterval(Double(minutes) * 60)
        try record(
            0, .retire, .disabled, nil, "disabled \(handoff.header.base)",
            [
                "hash": .string(Self.predecessor.description), "at": .string(now.rfc3339),
                "quiet": ["since": .string(since.rfc3339), "signals": ["cost", "last_used_at"]],
            ])
    }

    mutating func delete(after minutes: Int) throws {
        now = now.addingTimeInterval(Double(minutes) * 60)
        try record(
            0, .retire, .deleted, nil, "deleted \(handoff.header.base)",
            ["hash": .string(Self.predecessor.description), "at": .string(now.rfc3339), "probes": ["http shop"]])
        try record(0, .retire, .finished, nil, "\(name) is the only key of its rotation")
    }

    /// All of it up to the verification of the second wave.
    mutating func goToVerified() throws {
        try create()
        try publish("canary", after: 10)
        try check("target canary", "canary", "failed", "holds the predecessor", after: 5)
        try publish("canary", after: 30)
        try verify(["canary"])
        try approve(.publish, after: 180)
        try publish("web", after: 5)
        try verify(["canary", "web"])
        try approve(.retire, after: 240)
    }

    /// All of it.
    mutating func goToTheEnd() throws {
        try goToVerified()
        try observe(after: 600)
        try disable(after: 1500)
        try delete(after: 1440)
    }

    func report(trusted: Bool = true, next: RotationReport.Next? = nil, at date: Date? = nil) throws -> RotationReport {
        RotationReport(
            handoff, try State(handoff, trust: trusted ? trust : nil), next: next, areSignersTrusted: trusted,
            at: date ?? now.addingTimeInterval(3600))
    }
}
