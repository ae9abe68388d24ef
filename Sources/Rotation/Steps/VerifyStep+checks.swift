import FoundationEssentials
import JSON
import OpenRouter
import PublisherHosting
import PublisherKit
import Rotation
import Secrets
import Timestamps

extension VerifyStep {
    /// The successor answers, may spend, and is in use as far as that can be told; and the moment by OpenRouter's clock,
    /// where it was asked.
    func checkSuccessor(_ secret: Secret?, _ state: State) throws(StepError) -> (checks: [Check], at: Date?) {
        guard let secret else { return (try checksWithoutKey(state), nil) }
        let call = InferenceAPI(baseURL: service, key: secret).currentKey()
        let answer: Dated<CurrentKey>
        do { answer = try OpenRouterClient(transport: transport).send(call) } catch {
            // Nothing was seen of the successor, so it has not failed.
            if error.isTransient { throw StepError(error) }
            let hint =
                error.code == .unauthorized
                ? "it is deleted or disabled: `ork-retire --dry-run`, which needs the management key, tells whether a newer "
                    + "rotation has taken over" : error.hint
            return ([Check(State.Check.first, .failed, error.message, hint: hint)], nil)
        }
        let key = answer.value
        guard key.maySpend(at: answer.date ?? context.clock.now) else {
            let check = Check(
                State.Check.first, .failed, "OpenRouter accepts it, but it may not spend",
                hint: "raise its limit at openrouter.ai, then `ork-verify`; or start a new rotation: "
                    + "`\(state.supersedingCommand)`")
            return ([check], answer.date)
        }
        return ([Check(State.Check.first, .passed, "OpenRouter accepts it"), adoption(key, state)], answer.date)
    }

    private func adoption(_ key: CurrentKey, _ state: State) -> Check {
        guard let baseline = state.lastBaseline, let before = Decimal(string: baseline.cost) else {
            return Check(Check.adoption, .unknown, "its usage before publishing is not known")
        }
        if key.usageTotal > before { return Check(Check.adoption, .passed, "its usage has grown since publishing") }
        guard state.plan.verify.requiresAdoption else {
            return Check(
                Check.adoption, .unknown, "no usage yet that costs money; use of free models does not show here")
        }
        return Check(
            Check.adoption, .notYet, "no usage yet",
            hint: "let an application use the new key: send a request through one, then `ork-verify --wait 10m`")
    }

    /// What can be said of the successor where its plaintext is not at hand. Its state at OpenRouter, and its use where
    /// that is asked for, are then left to `ork-retire`, which reads them itself.
    private func checksWithoutKey(_ state: State) throws(StepError) -> [Check] {
        // That it was dropped stands in a record. Without one, this stage has the wrong identity, and is no worse than
        // after a drop only if another one has asked OpenRouter already.
        guard state.isKeyDropped || state.passedChecks.contains(State.Check.first) && !options.dropsSecret else {
            throw StepError(
                .unacceptable, "the successor is not sealed to this stage's identity",
                hint: state.lostIdentityHint)
        }
        let reason =
            state.isKeyDropped
            ? "the sealed key was dropped from the handoff" : "the key is not sealed to this stage's identity"
        var checks = [Check(State.Check.first, .unknown, "not looked at: \(reason)")]
        if state.plan.verify.requiresAdoption, !state.passedChecks.contains(Check.adoption) {
            checks.append(Check(Check.adoption, .unknown, "not looked at without the key; ork-retire asks OpenRouter"))
        }
        return checks
    }

    /// Every target is read back where it can be.
    func checkTargets(
        _ targets: [Plan.Target], _ state: State, hiding secret: Secret?
    ) throws(StepError) -> [Check] {
        try ReadBack.take(
            of: targets, through: publishers, state, context, for: "ork-verify", hiding: secret,
            timeout: options.timeout
        ).map { Self.check($0, state) }
    }

    /// The publisher's own words tell best what was seen: the value, or only when it was written.
    private static func check(_ seen: ReadBack, _ state: State) -> Check {
        let target = seen.target.name
        let name = "target \(target)"
        let message = seen.answer.message
        guard let doubt = seen.doubt else {
            let news = state.newsOfMaking(target).map { "; \($0)" } ?? ""
            let isSeen = seen.answer.outcome == .match
            return Check(
                name, isSeen ? .passed : .unknown,
                (message ?? (isSeen ? "holds the successor" : "cannot be read back")) + news, target: target)
        }
        func failed(_ text: String, hint: String?) -> Check {
            Check(name, .failed, text, hint: hint, target: target, doubt: doubt)
        }
        let remedy = state.remedy(for: target, doubt, knowsOfNewer: false)
        switch doubt {
        case .predecessor:
            return failed(
                "holds the predecessor again: a rollback of the platform, or another writer", hint: remedy)
        case .nothing: return failed(message ?? "holds nothing", hint: remedy)
        case .other, .unknown:
            return failed(seen.error?.text ?? message ?? "holds another value", hint: seen.error?.hint ?? remedy)
        }
    }
}
