import FoundationEssentials
import HTTP
import JSON
import OpenRouter
import Rotation
import Secrets
import Timestamps

/// The successor's meters before any target had it: what moves after that is somebody's use. A cost that is no
/// number is not known.
struct Baseline: Hashable {
    let at: Date
    let cost: String

    var json: JSONValue { ["at": .string(at.rfc3339), "cost": .string(cost)] }

    init(at: Date, cost: String) {
        self.at = at
        self.cost = cost
    }

    init?(_ json: JSONValue?) {
        guard let at = json?["at"]?.string.flatMap({ Date(rfc3339: $0) }), let cost = json?["cost"]?.string,
            !cost.hasPrefix("-")
        else { return nil }
        self.init(at: at, cost: cost)
    }
}

extension State {
    /// The meters of the successor before this rotation's writes; what moved since the latest of them is somebody's
    /// use. It stands in the records that permission needs, so it cannot be taken away.
    var lastBaseline: Baseline? {
        plan.targets.compactMap { Baseline(targets[$0.name]?.held?.detail["baseline"]) }.max { $0.at < $1.at }
    }
}

extension PublishStep {
    /// What the successor's answers have shown, directly before it is handed out.
    struct Probe {
        let baseline: Baseline
        /// How far OpenRouter's clock is ahead of this machine's, in seconds; `nil` if no answer has told.
        let lead: TimeInterval?
    }

    /// Probes the successor before anybody gets it: three times, on connections of their own, since they may meet
    /// three servers of the provider. A model is asked at most once, before the first write.
    func probe(_ secret: Secret, _ successor: State.Successor, _ state: State) throws(StepError) -> Probe {
        try settle(successor, state)
        let api = InferenceAPI(baseURL: service, key: secret)
        let client = OpenRouterClient(transport: transport)
        var baseline = Baseline(at: .distantPast, cost: "0")
        var lead: TimeInterval?
        var hosts: [String]?
        for result in client.send(all: Array(repeating: api.currentKey(), count: 3)) {
            if case .failure(let error) = result, error.code == .forbidden { throw refused(error, state) }
            let answer = try answerOfNewKey(result)
            hosts = answer.value.hosts(insteadOf: service.host)
            try refuseUnusable(answer.value, state)
            let seen = Baseline(at: answer.date ?? context.clock.now, cost: "\(answer.value.usageTotal)")
            if seen.at >= baseline.at { baseline = seen }
            lead = [lead, answer.date.map(context.lead)].compactMap(\.self).max()
        }
        // What was found before the first write holds for all writes: use since then is not ork's.
        if let earlier = state.lastBaseline { return Probe(baseline: earlier, lead: lead) }
        guard let model = state.plan.publish.inference else { return Probe(baseline: baseline, lead: lead) }
        if let asked = state.publishProbes.compactMap({ Baseline($0["baseline"]) }).last {
            return Probe(baseline: asked, lead: lead)
        }
        let result = client.send(all: [api.ask(model: model)])[0]
        if case .failure(let error) = result, error.code == .forbidden, let hosts { throw elsewhere(hosts) }
        return try Probe(baseline: recordAnswer(answerOfNewKey(result), after: baseline), lead: lead)
    }

    private func settle(_ successor: State.Successor, _ state: State) throws(StepError) {
        let length = Double(state.plan.publish.settle.seconds)
        let now = context.clock.now
        // Its creation is by another clock; longer than the whole length is never waited.
        let ready = min(successor.createdAt.addingTimeInterval(length), now.addingTimeInterval(length))
        guard ready > now else { return }
        context.tell(.doing("leaving the new key alone until \(ready.rfc3339), so that it is known everywhere"))
        context.wait(for: "the new key to be known everywhere", until: ready)
        try context.continueUnlessStopped()
    }

    /// An account may refuse keys that live for longer than it allows, and no API tells that before one is used.
    private func refused(_ error: OpenRouterError, _ state: State) -> StepError {
        let shorter = state.command.with("expires-in", "30d").superseding
        return StepError(
            .denied, "OpenRouter refuses the new key (403), and no target has been given it by this run",
            hint:
                "if the account limits how long keys live, `\(shorter)` begins another rotation with a key that expires sooner; "
                + "otherwise \(error.hint ?? "look at the key at openrouter.ai")", isRetryable: true)
    }

    /// A key that a guardrail binds to a region works, and looks like a bad one at the host of another.
    private func elsewhere(_ hosts: [String]) -> StepError {
        let named = hosts.map { "openrouter: {inference_url: https://\($0)/api/v1}" }.joined(separator: ", or ")
        return StepError(
            .denied, "the new key is not served at \(service.host): a guardrail binds it to other regions (403)",
            hint: named.isEmpty
                ? "nothing was published; look at its guardrails at openrouter.ai, then `ork-publish`"
                : "nothing was published; in ork.yaml, name the host that the applications call: \(named); then `ork-publish`",
            isRetryable: false)
    }

    private func recordAnswer(_ answer: Dated<Inference>, after before: Baseline) throws(StepError) -> Baseline {
        // Ork's question is nobody's use: the reply's own cost is added, because the key's meter lags, and the moment
        // of use may be written a little after the answer. A cost that was not told can be any.
        let cost = answer.value.cost.flatMap { cost in Decimal(string: before.cost).map { "\($0 + cost)" } }
        let baseline = Baseline(
            at: (answer.date ?? context.clock.now).addingTimeInterval(Self.afterglow), cost: cost ?? "unknown")
        try context.record(
            Entry(
                .publish, .checked, message: "the model answered the new key",
                detail: ["check": "inference", "outcome": "passed", "baseline": baseline.json]))
        return baseline
    }

    /// How long after an answer its question may still count as the last use, in seconds.
    private static let afterglow: TimeInterval = 60

    private func answerOfNewKey<Answer>(
        _ result: Result<Dated<Answer>, OpenRouterError>
    ) throws(StepError) -> Dated<Answer> {
        do { return try result.get() } catch {
            // Not this stage's credentials are refused, so it is not a matter of permission.
            guard error.code != .unauthorized else {
                throw StepError(
                    .notYet, "the new key does not work yet: \(error.message)",
                    hint:
                        "nothing was published; `ork-publish` again in a minute; if that keeps happening, somebody has disabled "
                        + "or deleted the key: enable the successor at openrouter.ai, then `ork-publish`; if it is gone, "
                        + "`ork-create` says how to go on")
            }
            let failure = StepError(error)
            throw StepError(
                failure.code, "the new key does not work yet: \(failure.message)",
                hint: failure.hint ?? "nothing was published; `ork-publish` again in a minute",
                isRetryable: true)
        }
    }

    private func refuseUnusable(_ key: CurrentKey, _ state: State) throws(StepError) {
        if key.isManagementKey {
            throw StepError(
                .failed, "the successor is a management key",
                hint: "nothing was published; begin another rotation: `\(state.supersedingCommand)`")
        }
        guard key.maySpend(at: context.clock.now) else {
            throw StepError(
                .failed, "the new key may not spend anything: its limit is used up or it was not activated",
                hint: "nothing was published; `ork-create` activates it, if that is missing; else raise its limit at "
                    + "openrouter.ai, then `ork-publish`")
        }
    }
}
