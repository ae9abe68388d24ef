import FoundationEssentials
import JSON
import OpenRouter
import Rotation
import Secrets
import Timestamps

/// The successor's meters before any target had it: what moves after that is somebody's use.
struct Baseline: Hashable {
    let at: Date
    let cost: String

    var json: JSONValue { ["at": .string(at.rfc3339), "cost": .string(cost)] }

    init(at: Date, cost: String) {
        self.at = at
        self.cost = cost
    }

    init?(_ json: JSONValue?) {
        guard let at = json?["at"]?.string.flatMap({ Date(rfc3339: $0) }), let cost = json?["cost"]?.string else {
            return nil
        }
        self.init(at: at, cost: cost)
    }
}

extension State {
    /// The baseline of the first attempt to write. It also stands in the records that permission needs, so it cannot
    /// be taken away.
    var lastBaseline: Baseline? {
        plan.targets.flatMap { [targets[$0.name]?.held, targets[$0.name]?.last] }
            .compactMap { Baseline($0?.detail["baseline"]) }.min { $0.at < $1.at }
    }
}

extension PublishStep {
    /// Probes the successor before anybody gets it: three times, on connections of their own, since they may meet
    /// three servers of the provider. A model is asked at most once, before the first write.
    func probe(_ secret: Secret, _ successor: State.Successor, isFirst: Bool) throws(StepError) -> Baseline {
        let rules = try stage.state().plan.publish
        let ready = successor.createdAt.addingTimeInterval(Double(rules.settle.seconds))
        if ready > stage.clock.now {
            stage.tell(.doing("leaving the new key alone until \(ready.rfc3339), so that it is known everywhere"))
            stage.clock.sleep(until: ready)
        }
        let api = InferenceAPI(baseURL: service, key: secret)
        var baseline = Baseline(at: .distantPast, cost: "0")
        for result in stage.client.send(all: Array(repeating: api.currentKey(), count: 3)) {
            let answer = try answerOfNewKey(result)
            try refuseUnusable(answer.value)
            let seen = Baseline(at: answer.date ?? stage.clock.now, cost: "\(answer.value.usageTotal)")
            if seen.at >= baseline.at { baseline = seen }
        }
        guard isFirst, let model = rules.inference else { return baseline }
        let inference = try answerOfNewKey(stage.client.send(all: [api.ask(model: model)])[0])
        // Ork's question is nobody's use: the reply's own cost is added, because the key's meter lags, and the moment
        // of use may be written a little after the answer.
        let cost = Decimal(string: baseline.cost).map { $0 + (inference.value.cost ?? 0) }
        return Baseline(
            at: (inference.date ?? stage.clock.now).addingTimeInterval(Self.afterglow),
            cost: cost.map { "\($0)" } ?? baseline.cost)
    }

    /// How long after an answer its question may still count as the last use, in seconds.
    private static let afterglow: TimeInterval = 60

    private func answerOfNewKey<Answer>(
        _ result: Result<Dated<Answer>, OpenRouterError>
    ) throws(StepError) -> Dated<Answer> {
        do { return try result.get() } catch {
            let failure = StepError(error)
            throw StepError(
                failure.code, "the new key does not work yet: \(failure.message)",
                hint: failure.hint ?? "nothing was published; run ork-publish again in a minute",
                isWorthWaiting: true)
        }
    }

    private func refuseUnusable(_ key: CurrentKey) throws(StepError) {
        if key.isManagementKey {
            throw StepError(
                .failed, "the successor is a management key", hint: "nothing was published; begin a new rotation")
        }
        guard key.maySpend(at: stage.clock.now) else {
            throw StepError(
                .failed, "the new key may not spend anything: its limit is used up or it was not activated",
                hint: "nothing was published; run ork-create again with this handoff, or raise the limit")
        }
    }
}
