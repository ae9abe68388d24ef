import FoundationEssentials
import Git
import PublisherKit
import Secrets
import TargetDocuments

/// Targets on one branch, which get one commit together. What is refused for one of them does not block the others.
final class CommitGroup {
    private let targets: [GitTarget]
    private let workplace: Workplace
    private let answer: (Int, PublisherAnswer) -> Void
    /// Those without an answer.
    private var open: [Int]
    private var progress: [Progress]
    /// Whether each has a commit of its own, as one for all was refused.
    private var isApart = false

    /// What the tries for one target know of each other.
    struct Progress {
        /// Why it is not known whether a push has arrived.
        var doubt: PublisherError?
        /// What was made of a file, and holds for as long as that is the same.
        var prepared: (source: [UInt8], written: Written)?
        /// What the file was in the commits that were pushed.
        var pushed: Set<ObjectID> = []
    }

    /// A whole file as it is to be, and the key that is put into it.
    struct Written {
        let bytes: [UInt8]
        let secret: Secret
    }

    /// How one try ended.
    private enum Try {
        /// Some have their answers, or the next try goes another way.
        case over
        /// Somebody else was first; nothing was written.
        case moved(from: ObjectID?)
        /// The server did not answer.
        case unheard(PublisherError)
    }

    /// `answer` gets each answer by the target's place, once.
    init(_ targets: [GitTarget], in workplace: Workplace, answer: @escaping (Int, PublisherAnswer) -> Void) {
        self.targets = targets
        self.workplace = workplace
        self.answer = answer
        open = Array(targets.indices)
        progress = targets.map { _ in Progress() }
    }

    /// Fetches, compares, commits and pushes, again and again while others are faster, up to the deadline.
    func run() {
        var patience = Patience(until: workplace.work.deadline)
        while !open.isEmpty {
            let round = isApart ? [open[0]] : open
            let last: PublisherError
            switch attempt(round) {
            case .over:
                patience = Patience(until: workplace.work.deadline)
                continue
            case .moved(let tip):
                last = .overtaken(workplace.remote.branch)
                patience.note(movedFrom: tip)
            case .unheard(let error):
                last = error
                patience.noteSilence()
            }
            guard !patience.wait() else { continue }
            for index in round where open.contains(index) { fail(index, last) }
            patience = Patience(until: workplace.work.deadline)
        }
    }

    private func attempt(_ round: [Int]) -> Try {
        workplace.forget()
        let start: Workplace.Start
        do throws(GitError) { start = try workplace.start() } catch {
            guard !error.isSilence else { return .unheard(PublisherError(error)) }
            for index in round { fail(index, PublisherError(error)) }
            return .over
        }
        var files: [String: [UInt8]] = [:]
        var written: [(index: Int, secret: Secret)] = []
        for index in round {
            let path = targets[index].settings.place.path
            do throws(PublisherError) {
                switch try targets[index].prepare(at: start, over: files[path], &progress[index]) {
                case .answer(let answer): settle(index, answer)
                case .later: break
                case .change(let change):
                    files[path] = change.bytes
                    written.append((index, change.secret))
                }
            } catch {
                fail(index, error)
            }
        }
        guard !written.isEmpty else { return .over }
        do throws(PublisherError) {
            return try push(try commit(files, for: written, on: start.tip), for: written.map(\.index), on: start)
        } catch {
            // What one is refused for may be no matter of the others.
            if written.count > 1 { isApart = true } else { fail(written[0].index, error) }
            return .over
        }
    }

    private func commit(
        _ files: [String: [UInt8]], for written: [(index: Int, secret: Secret)], on tip: ObjectID
    ) throws(PublisherError) -> ObjectID {
        let proven = written.map { index, secret in
            let (target, place) = (targets[index], targets[index].settings.place)
            return (target, CommitProof(of: secret, at: place, in: files[place.path] ?? []))
        }
        let settings = targets[written[0].index].settings.commit
        let changes = files.sorted { $0.key < $1.key }.map { GitChange(path: $0.key, bytes: $0.value) }
        let commit: ObjectID?
        do {
            commit = try workplace.repository.commit(
                changes, on: tip, settings.commit(of: proven, at: Date()), sign: settings.signer?.sign(workplace.work))
        } catch {
            throw PublisherError(error, about: error.code == .invalid ? "with.path" : nil)
        }
        guard let commit else { throw PublisherError(.internal, "the commit changes nothing") }
        return commit
    }

    private func push(
        _ commit: ObjectID, for written: [Int], on start: Workplace.Start
    ) throws(PublisherError) -> Try {
        var answers: [Int: PublisherAnswer] = [:]
        for index in written {
            guard let file = try targets[index].file(at: commit) else {
                throw PublisherError(.internal, "the commit lost the file")
            }
            progress[index].pushed.insert(file.id)
            answers[index] = targets[index].answer(.committed, file, at: commit)
        }
        let branch = workplace.remote.branch
        let outcome: PushOutcome
        do {
            outcome = try workplace.repository.push(
                commit, to: branch, replacing: start.branch, at: workplace.remote.remote)
        } catch {
            guard error.isSilence else { throw PublisherError(error) }
            if error.code == .interrupted { doubt(written, PublisherError(error)) }
            return .unheard(PublisherError(error))
        }
        switch outcome {
        case .done:
            for index in written { if let answer = answers[index] { settle(index, answer) } }
            return .over
        case .moved: return .moved(from: start.branch)
        case .undone:
            doubt(written, .undone(branch))
            return .unheard(.undone(branch))
        case .refused(let reason):
            throw PublisherError(
                .denied, "the server does not take the commit to \(branch): \(reason)",
                hint: "let this identity push there, or set 'base' and open a request from a branch of its own",
                field: "with.branch")
        }
    }

    private func doubt(_ written: [Int], _ error: PublisherError) {
        for index in written { progress[index].doubt = error }
    }

    private func settle(_ index: Int, _ answer: PublisherAnswer) {
        open.removeAll { $0 == index }
        self.answer(index, answer)
    }

    /// Certainly not written, unless an earlier push may have arrived.
    private func fail(_ index: Int, _ error: PublisherError) {
        guard let doubt = progress[index].doubt else { return settle(index, PublisherAnswer(.rejected(error))) }
        let message = doubt.message == error.message ? doubt.message : "\(doubt.message); then \(error.message)"
        settle(
            index,
            PublisherAnswer(
                .unknown(
                    PublisherError(error.code, message, hint: "run the step again, which looks at the branch first"))))
    }
}

extension PublisherError {
    fileprivate static func overtaken(_ branch: String) -> PublisherError {
        PublisherError(
            .unavailable, "the server did not move \(branch): others were faster, or it could not write",
            hint: "run the step again; look at the server if nobody else pushes there")
    }

    fileprivate static func undone(_ branch: String) -> PublisherError {
        PublisherError(
            .unavailable,
            "\(branch) took the commit and does not have it any more: somebody has rewound or replaced it",
            hint: "find out who force-pushes to it, then run the step again")
    }
}

extension GitError {
    /// Whether the server may answer the next time.
    fileprivate var isSilence: Bool { code == .unreachable || code == .interrupted }
}
