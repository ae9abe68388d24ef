import FoundationEssentials
import HTTP
import OpenRouter
import PublisherHosting
import PublisherKit
import Rotation
import Secrets
import Timestamps

/// What a target that should hold the successor holds now, as its publisher tells.
struct ReadBack {
    let target: Plan.Target
    let answer: PublisherAnswer
    private let holdsPredecessor: Bool

    /// Why the target does not hold the successor, or may not; `nil` where it does, and where nobody can look.
    var doubt: State.Doubt? {
        switch answer.outcome {
        case .match, .unverifiable: nil
        case .mismatch: answer.held == .predecessor || holdsPredecessor ? .predecessor : .other
        case .absent: .nothing
        case .rejected, .unknown, .ready, .committed, .unchanged: .unknown
        }
    }
}

extension ReadBack {
    /// Why it could not be looked at; `nil` where somebody has looked, or nobody ever can.
    var error: PublisherError? {
        guard doubt == .unknown else { return nil }
        return answer.outcome.error
            ?? PublisherError(.internal, "the publisher answered verify as if it were another verb")
    }

    /// Reads back all targets at once, in the order of their names. `command` is what the stage runs, `secret` what no
    /// answer may show, and `timeout` how long one publisher may take for one target, in seconds.
    static func take(
        of targets: [Plan.Target], through publishers: any PublisherHost, _ state: State, _ context: StepContext,
        for command: String, hiding secret: Secret?, timeout: TimeInterval
    ) throws(StepError) -> [ReadBack] {
        func ask(
            _ targets: [Plan.Target], about digest: Digest?, each: (Plan.Target, PublisherAnswer) -> Void
        ) throws(StepError) {
            let requests = try PublisherRequests(
                to: publishers, targets, in: context.configurationFolder, for: command, tell: context.tell)
            requests.send(.verify, state, about: digest, secret: secret, from: context.clock.now, timeout: timeout) {
                each($0, $2)
            }
        }
        var answers: [(target: Plan.Target, answer: PublisherAnswer)] = []
        try ask(targets, about: nil) { answers.append(($0, $1)) }
        // A publisher that does not tell what is there is asked the same about another key, which every publisher
        // understands.
        let others = answers.filter { $0.answer.outcome == .mismatch && $0.answer.held == .unknown }.map(\.target)
        var holders: Set<PlanName> = []
        for digest in state.predecessorDigests {
            let unknown = others.filter { !holders.contains($0.name) }
            guard !unknown.isEmpty else { break }
            try ask(unknown, about: digest) { if $1.outcome == .match { holders.insert($0.name) } }
        }
        return answers.map { target, answer in
            ReadBack(target: target, answer: answer, holdsPredecessor: holders.contains(target.name))
        }.sorted { $0.target.name < $1.target.name }
    }
}
