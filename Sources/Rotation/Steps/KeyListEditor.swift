import FoundationEssentials
import OpenRouter
import Secrets
import Timestamps

/// Adds a key to lists that others change, too, and takes keys out of them.
///
/// OpenRouter replaces a list whole and on no condition, so of two writers at once the last one wins. A list is read directly
/// before it is written and again after that: what is not as it was to be is written again, and a live key that a write took
/// away is put back. The same reading settles a lost answer. What stays possible is a writer who has read before this one's
/// write, and writes after its last look; `ork-retire` looks once more before anything is deleted.
struct KeyListEditor {
    let account: ManagedAccount
    let context: StepContext
    var adding: KeyHash?
    var removing: Set<KeyHash> = []
    /// What to say of a list that OpenRouter does not let be changed.
    let refusal: (KeyList, OpenRouterError) throws(StepError) -> StepError

    /// How often a list is written before it is left to another run.
    private static let attempts = 5

    /// What came of it.
    struct Outcome {
        /// Lists that had to be written, and are now as they were to be.
        var written: [KeyList] = []
        /// Lists that do not exist any more.
        var gone: [KeyList] = []
    }

    private struct Task {
        /// As it was last read.
        var list: KeyList
        /// Every key that was seen in it and is to stay.
        var neighbours: [KeyHash] = []
        var isGone = false
        var isWritten = false
        /// Why it may not be as it was to be.
        var trouble: OpenRouterError?
        /// Whether it could not be read: nothing is written over what nobody has seen.
        var isUnread = false
    }

    /// Changes lists, all at once. `first` is what was read of them a moment ago.
    func edit(
        _ lists: [KeyList], from first: [Result<KeyList?, OpenRouterError>]? = nil
    ) throws(StepError) -> Outcome {
        var outcome = Outcome()
        var tasks = lists.map { Task(list: $0) }
        var answers = first ?? account.client.read(lists, account.api)
        var attempt = 0
        while true {
            for (index, answer) in zip(tasks.indices, answers) { try take(answer, in: &tasks[index]) }
            try putBack(&tasks)
            outcome.gone += tasks.filter(\.isGone).map(\.list)
            outcome.written += tasks.filter { isSettled($0) && $0.isWritten }.map(\.list)
            tasks.removeAll { $0.isGone || isSettled($0) }
            guard let first = tasks.first else { return outcome }
            if let refused = tasks.first(where: { $0.trouble.map { !Self.mayPass($0) } ?? false }),
                let error = refused.trouble
            {
                throw try refusal(refused.list, error)
            }
            guard attempt < Self.attempts else { throw Self.unsettled(first) }
            if tasks.contains(where: { $0.trouble != nil }) {
                context.clock.sleep(until: context.clock.now.addingTimeInterval(1))
            }
            write(&tasks)
            answers = account.client.read(tasks.map(\.list), account.api)
            attempt += 1
        }
    }

    private func take(_ answer: Result<KeyList?, OpenRouterError>, in task: inout Task) throws(StepError) {
        switch answer {
        case .failure(let error):
            guard Self.mayPass(error) else { throw try refusal(task.list, error) }
            task.trouble = error
            task.isUnread = true
        case .success(nil): task.isGone = true
        case .success(let list?):
            task.isUnread = false
            task.list = list
            let known = Set(task.neighbours)
            task.neighbours += (list.hashes ?? []).filter {
                !removing.contains($0) && $0 != adding && !known.contains($0)
            }
        }
    }

    /// Keeps the neighbours that have disappeared since they were seen, if they are keys still, and says so.
    private func putBack(_ tasks: inout [Task]) throws(StepError) {
        for index in tasks.indices where tasks[index].isWritten && !tasks[index].isUnread && !tasks[index].isGone {
            let list = tasks[index].list
            guard list.kind != .guardrail, let hashes = list.hashes else { continue }
            for hash in tasks[index].neighbours where !hashes.contains(hash) {
                guard try account.send({ $0.key(hash) }).value != nil else {
                    tasks[index].neighbours.removeAll { $0 == hash }
                    continue
                }
                context.tell(
                    .warning(
                        "\(hash.short) disappeared from \(list.title) as it was changed, and is put back; if somebody took it "
                            + "out on purpose, take it out again"))
            }
        }
    }

    /// What the list is to have; `nil` where nothing is to be done.
    private func wanted(_ task: Task) -> [KeyHash]? {
        // A list that is for every key needs no change.
        guard let hashes = task.list.hashes else { return nil }
        if task.list.kind == .guardrail {
            guard let adding, !hashes.contains(adding) else { return nil }
            return [adding]
        }
        var wanted = hashes.filter { !removing.contains($0) }
        if task.isWritten { wanted += task.neighbours.filter { !hashes.contains($0) } }
        if let adding, !wanted.contains(adding) { wanted.append(adding) }
        // Without keys a list would be for nobody, or for every key: that is for people to decide.
        return wanted.isEmpty || wanted == hashes ? nil : wanted
    }

    private func isSettled(_ task: Task) -> Bool { !task.isUnread && wanted(task) == nil }

    /// Writes the lists as they are to be, in one batch. Whether that came to pass is not told by the answers alone.
    private func write(_ tasks: inout [Task]) {
        var calls: [(task: Int, call: APICall<KeyList?>)] = []
        for (index, task) in tasks.enumerated() where !task.isUnread {
            guard let wanted = wanted(task), let first = wanted.first else { continue }
            let list = task.list
            let call =
                list.kind == .guardrail
                ? account.api.assign(wanted, toGuardrail: list.id).map { $0 == nil ? nil : list }
                : account.api.replace(list, with: first, Array(wanted.dropFirst()))
            calls.append((index, call))
        }
        for (index, answer) in zip(calls.map(\.task), account.client.send(all: calls.map(\.call))) {
            tasks[index].isWritten = true
            tasks[index].trouble = if case .failure(let error) = answer { error } else { nil }
        }
    }

    /// Whether the same may be accepted in a moment.
    private static func mayPass(_ error: OpenRouterError) -> Bool { error.isTransient || error.code == .conflict }

    private static func unsettled(_ task: Task) -> StepError {
        guard let error = task.trouble else {
            return StepError(
                .notYet, "others change \(task.list.title) at the same time, and nothing that is written there stays",
                hint: "try again in a minute")
        }
        return StepError(
            StepError(error).code, "\(task.list.title) cannot be changed now: \(error.message)", hint: "try again")
    }
}
