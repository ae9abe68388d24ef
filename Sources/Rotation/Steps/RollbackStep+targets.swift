import FoundationEssentials
import JSON
import OpenRouter
import PublisherHosting
import PublisherKit
import Rotation
import Secrets
import Sodium
import Timestamps
import Wording

extension RollbackStep {
    /// How each place gets its key back that the successor may have been written to.
    func waysBack(_ state: State, _ snapshot: RollbackSnapshot) throws(StepError) -> [WayBack] {
        let identity = verification.identity
        return try requests(to: state.reachedTargets).descriptions.map { target, information in
            WayBack(target, information, state, snapshot) { digest in
                context.predecessor(digest, for: identity) ?? options.values.first { Digest(of: $0) == digest }
            }
        }
    }

    private func requests(to targets: [Plan.Target]) throws(StepError) -> PublisherRequests {
        try PublisherRequests(
            to: verification.publishers, targets, in: context.configurationFolder, for: "ork-rollback",
            tell: context.tell)
    }

    /// Gives the targets their keys back, the last wave first, and reads them back. Nothing is written where the key is
    /// already, and one target that fails does not stop the others.
    ///
    /// `enabled` are the keys that this run has enabled, and so holds already.
    func putBack(
        _ ways: [WayBack], _ snapshot: RollbackSnapshot, enabled: Set<KeyHash>, _ report: (TargetFinding) -> Void
    ) throws(StepError) {
        try recordByHand(ways, snapshot)
        let state = try context.state()
        let open = try missing(of: ways.filter { !state.isByHand($0) }, snapshot).map(\.way)
        // What is back already, by hand or by somebody else, has to be held as well.
        let unheld = ways.compactMap { snapshot.key($0.key.hash) }
            .filter { $0.keyName.disabledAt == nil || state.restorations[$0.hash] == nil }
        try hold(Set(unheld.map(\.hash) + open.map(\.key.hash)).subtracting(enabled), snapshot)
        try recordLoss(of: open, state)
        var failures: [PublishStep.Failure] = []
        for wave in Set(open.map(\.target.wave)).sorted(by: >) {
            try context.continueUnlessStopped()
            let due = open.filter { $0.target.wave == wave && $0.request != nil }
            failures += try write(due, snapshot, report)
        }
        let failed = Set(failures.map(\.target))
        let written = open.filter { $0.request != nil && !failed.contains($0.target.name) }
        for (way, answer) in try missing(of: written, snapshot) {
            let error =
                answer.outcome.error
                ?? PublisherError(.internal, "was told to be put back, and does not hold \(way.key.name)")
            failures.append(PublishStep.Failure(target: way.target.name, error: error, isUnknown: true))
        }
        guard failures.isEmpty else { throw error(failures, of: ways.count) }
        try requireHands(open.filter(\.isByHand), state)
    }

    /// What somebody says that they have put back stands in the records.
    private func recordByHand(_ ways: [WayBack], _ snapshot: RollbackSnapshot) throws(StepError) {
        let state = try context.state()
        for way in ways where options.byHand.contains(way.target.name) && !state.isByHand(way) {
            context.tell(.warning("\(way.target.name) is left to people: nothing is written or asked there any more"))
            try record(way, "\(way.target.name): put back by hand", snapshot, ["by_hand": true])
        }
    }

    private func record(
        _ way: WayBack, _ message: String, _ snapshot: RollbackSnapshot, _ more: JSONObject = [:]
    ) throws(StepError) {
        var detail: JSONObject = [
            "digest": .string(way.digest.description), "place": .string(way.target.place.description),
        ]
        detail["at"] = context.moment(ahead: snapshot.retirement.lead)
        for (key, value) in more.members { detail[key] = value }
        try context.record(
            Entry(.rollback, .rolledBack, target: way.target.name, message: message, detail: detail))
    }

    /// Those that do not hold their key, as far as somebody can look: what cannot be read counts as it is recorded.
    func missing(
        of ways: [WayBack], _ snapshot: RollbackSnapshot
    ) throws(StepError) -> [(way: WayBack, answer: PublisherAnswer)] {
        let state = try context.state()
        var missing: [(WayBack, PublisherAnswer)] = []
        var broken: StepError?
        try send(.verify, ways, state) { way, _, answer in
            let isRecorded = state.putBack(way.target)?.digest == way.digest
            switch answer.outcome {
            case .match where !isRecorded:
                do throws(StepError) { try record(way, "\(way.target.name): holds \(way.key.name)", snapshot) } catch {
                    broken = broken ?? error
                }
            case .match: break
            case .unverifiable where isRecorded: break
            default: missing.append((way, answer))
            }
        }
        if let broken { throw broken }
        return missing
    }

    /// Sends a verb to all of them at once, as far as they get the same key, and hands over each answer.
    private func send(
        _ verb: Verb, _ ways: [WayBack], _ state: State,
        each: (WayBack, PublisherRequest, PublisherAnswer) -> Void
    ) throws(StepError) {
        let successor = state.successorToWithdraw.map { [$0.digest] }
        for digest in Set(ways.map(\.digest)).sorted(by: { $0.hex < $1.hex }) {
            let group = ways.filter { $0.digest == digest }
            let secret = group.lazy.compactMap { $0.request?.secret }.first
            try requests(to: group.map(\.target)).send(
                verb, state, about: digest, expecting: verb.isWrite ? successor : nil, secret: secret,
                from: context.clock.now, timeout: options.timeout
            ) { target, request, answer in
                guard let way = group.first(where: { $0.target.isSamePlace(as: target) }) else { return }
                each(way, request, answer)
            }
        }
    }

    private func write(
        _ ways: [WayBack], _ snapshot: RollbackSnapshot, _ report: (TargetFinding) -> Void
    ) throws(StepError) -> [PublishStep.Failure] {
        let state = try context.state()
        var failures: [PublishStep.Failure] = []
        var broken: StepError?
        for verb in [Verb.rollback, .publish] {
            try send(verb, ways.filter { $0.request?.verb == verb }, state) { way, request, answer in
                let outcome = Outcome(answer, way, snapshot)
                let name = way.target.name
                context.tell(
                    outcome.failure == nil
                        ? .done(outcome.message) : .warning(outcome.message + (outcome.failure?.advice ?? "")))
                report(TargetFinding(name, answer, message: outcome.message, failure: outcome.failure))
                do throws(StepError) {
                    guard let failure = outcome.failure else {
                        var more: JSONObject = ["operation": .string(request.operation)]
                        more["receipt"] = answer.receipt.map { .object($0) }
                        return try record(way, outcome.message, snapshot, more)
                    }
                    failures.append(failure)
                    let detail: JSONObject = [
                        "digest": .string(way.digest.description), "place": .string(way.target.place.description),
                        "operation": .string(request.operation), "code": .string(failure.error.code.rawValue),
                    ]
                    let event = failure.isUnknown ? Event.unknown : .rejected
                    try context.record(
                        Entry(.rollback, event, target: name, message: outcome.message, detail: detail))
                } catch {
                    broken = broken ?? error
                }
            }
        }
        if let broken { throw broken }
        return failures
    }

    /// What an answer means for its target.
    private struct Outcome {
        let message: String
        let failure: PublishStep.Failure?

        init(_ answer: PublisherAnswer, _ way: WayBack, _ snapshot: RollbackSnapshot) {
            let name = way.target.name
            switch answer.outcome {
            case .committed:
                message = "\(name): holds \(way.key.name) again"
                failure = nil
            case .unchanged:
                message = "\(name): holds \(way.key.name)"
                failure = nil
            case .rejected(let error):
                let error = Self.named(error, answer, snapshot)
                message = "\(name): not put back: \(error.text)"
                failure = PublishStep.Failure(target: name, error: error, isUnknown: false)
            case .unknown(let error):
                message = "\(name): perhaps put back: \(error.text)"
                failure = PublishStep.Failure(target: name, error: error, isUnknown: true)
            case .ready, .match, .mismatch, .absent, .unverifiable:
                let error = PublisherError(.internal, "the publisher answered as if it were another verb")
                message = "\(name): \(error.message)"
                failure = PublishStep.Failure(target: name, error: error, isUnknown: true)
            }
        }

        /// Whose value it is that a target holds instead, where it is a key of this account.
        private static func named(
            _ error: PublisherError, _ answer: PublisherAnswer, _ snapshot: RollbackSnapshot
        ) -> PublisherError {
            // What its hint leads to is publishing, which is over.
            if error.code == .notFound { return PublisherError(.notFound, error.message, field: error.field) }
            guard error.code == .conflict, let holds = answer.holds,
                let key = snapshot.retirement.keys.first(where: { Digest(hex: $0.hash.description) == holds })
            else { return error }
            return PublisherError(
                .conflict, "holds \(key.plainName) (\(key.hash.short)), which is no key of this rotation",
                hint: error.hint, field: error.field)
        }
    }

    private func error(_ failures: [PublishStep.Failure], of count: Int) -> StepError {
        let forPeople = failures.filter { [.conflict, .notFound].contains($0.error.code) && !$0.isUnknown }
        let names = forPeople.map(\.target).sorted()
        let deeds = [
            (PublisherError.Code.conflict, "find out who wrote it: what is there stays"),
            (.notFound, "nothing is made: put the predecessor there by hand, if something reads it"),
        ].filter { code, _ in forPeople.contains { $0.error.code == code } }.map(\.1).joined(separator: "; ")
        let parts = [
            PublishStep.Failure.hint(failures.filter { !names.contains($0.target) }, in: nil),
            names.isEmpty
                ? "`ork-rollback` again goes on"
                : "\(deeds), and `ork-rollback\(names.map { " --by-hand \($0)" }.joined())` goes on without "
                    + "\(names.count == 1 ? "it" : "them")",
        ]
        return StepError(
            PublishStep.Failure.code(failures),
            Counted(failures.count, of: count, "target").with("does not hold", "do not hold")
                + " the predecessor: \(PublishStep.Failure.list(failures))",
            hint: parts.compactMap(\.self).joined(separator: "; "))
    }

    /// What is left to people has to be done, or be said to be, before the successor goes.
    private func requireHands(_ ways: [WayBack], _ state: State) throws(StepError) {
        guard !ways.isEmpty else { return }
        let names = ways.map(\.target.name).sorted()
        let reasons = Set(ways.compactMap { if case .hand(let reason) = $0.means { reason } else { nil } }).sorted()
        throw StepError(
            .notYet,
            "\(Evidence.list(names)) \(names.count == 1 ? "is" : "are") to be put back by hand: "
                + reasons.joined(separator: "; "),
            hint: "put \(ways[0].key.name) there, or take away what reads it, then "
                + "`ork-rollback\(names.map { " --by-hand \($0)" }.joined())`; if nobody has its value any more, take all keys into "
                + "another rotation: `\(state.supersedingCommand)`", isRetryable: false)
    }
}

extension State {
    /// Whether somebody has said that they have put this back.
    func isByHand(_ way: WayBack) -> Bool {
        putBack(way.target).map { $0.isByHand && $0.digest == way.digest } ?? false
    }
}
