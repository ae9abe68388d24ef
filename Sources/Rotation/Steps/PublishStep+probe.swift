import FoundationEssentials
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
    /// Probes the successor before anybody gets it: three times, on connections of their own, since they may meet
    /// three servers of the provider. A model is asked at most once, before the first write.
    func probe(_ secret: Secret, _ successor: State.Successor, _ state: State) throws(StepError) -> Baseline {
        try settle(successor, state)
        let api = InferenceAPI(baseURL: service, key: secret)
        let client = OpenRouterClient(transport: transport)
        var baseline = Baseline(at: .distantPast, cost: "0")
        for result in client.send(all: Array(repeating: api.currentKey(), count: 3)) {
            let answer = try answerOfNewKey(result)
            try refuseUnusable(answer.value, state)
            let seen = Baseline(at: answer.date ?? context.clock.now, cost: "\(answer.value.usageTotal)")
            if seen.at >= baseline.at { baseline = seen }
        }
        // What was found before the first write holds for all writes: use since then is not ork's.
        if let earlier = state.lastBaseline { return earlier }
        guard let model = state.plan.publish.inference else { return baseline }
        if let asked = state.publishProbes.compactMap({ Baseline($0["baseline"]) }).last { return asked }
        let answer = client.send(all: [api.ask(model: model)])[0]
        return try recordAnswer(answer, after: baseline)
    }

    private func settle(_ successor: State.Successor, _ state: State) throws(StepError) {
        let length = Double(state.plan.publish.settle.seconds)
        let now = context.clock.now
        // Its creation is by another clock; longer than the whole length is never waited.
        let ready = min(successor.createdAt.addingTimeInterval(length), now.addingTimeInterval(length))
        guard ready > now else { return }
        context.tell(.doing("leaving the new key alone until \(ready.rfc3339), so that it is known everywhere"))
        context.clock.sleep(until: ready)
        try context.continueUnlessStopped()
    }

    private func recordAnswer(
        _ result: Result<Dated<Inference>, OpenRouterError>, after before: Baseline
    ) throws(StepError) -> Baseline {
        let answer = try answerOfNewKey(result)
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
