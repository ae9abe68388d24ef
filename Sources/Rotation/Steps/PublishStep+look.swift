import FoundationEssentials
import JSON
import OpenRouter
import PublisherHosting
import PublisherKit
import Rotation
import Secrets
import Timestamps

extension PublishStep {
    /// That every target holds the successor is said only of what was looked at. Answers what is known then: a target that
    /// has lost the key is in doubt.
    func lookAgain(_ state: State, _ successor: State.Successor) throws(StepError) -> State {
        let targets = try wantedTargets(state)
        let seen = try ReadBack.take(
            of: targets, through: publishers, state, context, for: "ork-publish",
            hiding: context.boxes(for: identity).open(successor, with: identity), timeout: options.timeout)
        let failures = seen.compactMap(Failure.init)
        let lost = seen.filter { $0.doubt != nil && $0.doubt != .unknown }
        guard failures.isEmpty || !lost.isEmpty else { throw error(failures, of: targets.count, state) }
        var doubts: [PlanName: State.Doubt] = [:]
        for target in lost {
            doubts[target.target.name] = target.doubt
            context.tell(.warning("\(target.target.name): does not hold \(successor.name) any more"))
        }
        if doubts.isEmpty {
            context.tell(.done("nothing to do: \(Self.standing(of: seen, successor, state, options))"))
        }
        return state.doubting(doubts)
    }

    /// A target that was seen without the successor is recorded so before it is written again: whoever dies after that write
    /// would else count the overlap from the earlier one.
    func recordLoss(_ state: State, _ successor: State.Successor) throws(StepError) {
        let recorded = try context.state().doubts
        for (name, doubt) in state.doubts where recorded[name] == nil && state.isPublished(name) {
            guard let target = state.plan.target(name) else { continue }
            try context.record(
                .lost(successor.name.description, successor.digest, at: target, by: .publish, holding: doubt))
        }
    }

    /// What the targets hold, as far as somebody can look.
    private static func standing(
        of seen: [ReadBack], _ successor: State.Successor, _ state: State, _ options: Options
    ) -> String {
        let without = state.plan.targets.map(\.name).filter { !state.isPublished($0) }
        let but = without.isEmpty ? "" : " but \(Evidence.list(without)), which was let go of,"
        let unread = seen.filter { $0.answer.outcome == .unverifiable }.map(\.target.name)
        let who = options.only.isEmpty ? "every target\(but)" : Evidence.list(seen.map(\.target.name))
        let isOne = options.only.isEmpty || seen.count == 1
        guard !unread.isEmpty else { return "\(who) \(isOne ? "holds" : "hold") \(successor.name)" }
        return "\(who) \(isOne ? "was" : "were") given \(successor.name); "
            + "not seen at \(Evidence.list(unread)), which cannot be read back"
    }
}

extension Entry {
    /// That a target does not hold a key any more which it was recorded to hold; `doubt` is what it was seen to hold.
    static func lost(
        _ name: String, _ digest: Digest, at target: Plan.Target, by step: StepName, holding doubt: State.Doubt? = nil
    ) -> Entry {
        var detail: JSONObject = [
            "digest": .string(digest.description), "place": .string(target.place.description),
        ]
        detail["held"] = doubt.map { .string($0.rawValue) }
        return Entry(
            step, .unknown, target: target.name, message: "\(target.name): does not hold \(name) any more",
            detail: detail)
    }
}
