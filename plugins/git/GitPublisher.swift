import FoundationEssentials
import Git
import Glibc
import JSON
import PublisherKit
import Secrets
import Timestamps

/// Commits the secret, encrypted, to a branch of a git repository: all targets of a branch at once.
///
/// One repository a process: libgit2 before 1.7 waits for a silent server for ever, and the deadline of one server's
/// process must not end the work at another.
@main
struct GitPublisher: GroupPublisher {
    var information: PublisherInformation {
        PublisherInformation(
            verbs: Set(Verb.allCases), with: GitSettings.names, paths: GitSettings.paths,
            environment: GitSettings.environment, readback: .value, rollback: .native, batch: true,
            together: GitSettings.shared)
    }

    /// A host that knows nothing of `together` sends more than fits into one commit.
    func answer(_ verb: Verb, _ requests: [PublisherRequest], each: (Int, PublisherAnswer) -> Void) {
        let environment = ProcessInfo.processInfo.environment
        var groups: [[Member]] = []
        var places: [GitSettings.Sharing: Int] = [:]
        for (index, request) in requests.enumerated() {
            do throws(PublisherError) {
                let settings = try GitSettings(request, environment: environment, isRollback: verb == .rollback)
                let place = places[settings.sharing] ?? groups.count
                if place == groups.count { groups.append([]) }
                places[settings.sharing] = place
                groups[place].append(Member(index: index, request: request, settings: settings))
            } catch {
                each(index, PublisherAnswer(.rejected(error)))
            }
        }
        for group in groups {
            do throws(PublisherError) {
                try answer(verb, group, environment, of: requests.count, each: each)
            } catch {
                for member in group { each(member.index, PublisherAnswer(.rejected(error))) }
            }
        }
    }

    private struct Member {
        let index: Int
        let request: PublisherRequest
        let settings: GitSettings
    }

    /// Throws before the first answer, or not at all.
    private func answer(
        _ verb: Verb, _ group: [Member], _ environment: [String: String], of requests: Int,
        each: (Int, PublisherAnswer) -> Void
    ) throws(PublisherError) {
        let settings = group[0].settings
        let deadline = group.map(\.request.deadline).min() ?? .distantPast
        let workplace = try Workplace(
            settings.remote, checkout: settings.checkout, environment: environment, deadline: deadline,
            for: requests)
        let targets = group.map { member in
            GitTarget(
                settings: member.settings, request: member.request, workplace: workplace, isRollback: verb == .rollback)
        }
        if verb.isWrite {
            return withoutActuallyEscaping(each) { each in
                CommitGroup(targets, in: workplace) { each(group[$0].index, $1) }.run()
            }
        }
        for (member, target) in zip(group, targets) {
            do throws(PublisherError) {
                each(member.index, try verb == .check ? target.check() : target.verify())
            } catch {
                each(member.index, PublisherAnswer(.rejected(error)))
            }
        }
    }
}

/// How long it is worth to go on: others may be faster for as long as there is time, but a server that stays silent, or
/// that does not move the branch although nobody else has moved it, is given up.
struct Patience {
    private let end: Date
    private var tries = 0
    private var failures = 0
    private var lastTip: ObjectID??

    private static let mostFailures = 5

    init(until end: Date) { self.end = end }

    /// Notes that a push came too late for a branch that was at `tip` before.
    mutating func note(movedFrom tip: ObjectID?) {
        failures = lastTip == .some(tip) ? failures + 1 : 0
        lastTip = .some(tip)
    }

    /// Notes that there was no answer.
    mutating func noteSilence() { failures += 1 }

    /// Waits a while, longer each time and never the same for two; `false` if it is time to give up.
    mutating func wait() -> Bool {
        tries += 1
        let longest = BackOff(from: .milliseconds(200), upTo: .seconds(10)).wait(after: tries)
        let pause = Double.random(in: 0.05...longest.seconds)
        guard failures < Self.mostFailures, Date() + pause < end else { return false }
        usleep(UInt32(pause * 1_000_000))
        return true
    }
}

extension PublisherError {
    /// What a failure of git means to the person who set the target up.
    init(_ error: GitError, about field: String? = nil) {
        let (code, ownField): (Code, String?) =
            switch error.code {
            case .unreachable, .untrusted, .interrupted, .storage, .remoteStorage: (.unavailable, nil)
            case .unknownHostKey, .changedHostKey: (.configuration, "with.host_key")
            case .denied: (.denied, nil)
            case .notFound: (.notFound, "with.remote")
            case .noBranch: (.notFound, "with.branch")
            case .noLender: (.notFound, "with.checkout")
            case .unsigned: (.configuration, "with.sign")
            case .invalid: (.configuration, nil)
            }
        self.init(code, error.message, hint: error.hint, field: field ?? ownField)
    }
}
