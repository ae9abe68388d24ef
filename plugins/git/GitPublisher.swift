import FoundationEssentials
import Git
import Glibc
import JSON
import PublisherKit
import Secrets
import Timestamps

/// Commits the secret, encrypted, to a branch of a git repository.
///
/// One target a process: libgit2 before 1.7 waits for a silent server for ever, and the deadline of one target's process
/// must not end the work for others.
@main
struct GitPublisher: Publisher {
    var information: PublisherInformation {
        PublisherInformation(
            verbs: Set(Verb.allCases), with: GitSettings.names, paths: GitSettings.paths,
            environment: GitSettings.environment, readback: .value,
            rollback: .native)
    }

    func check(_ request: PublisherRequest) throws(PublisherError) -> PublisherAnswer {
        try GitTarget(request, environment: environment).check()
    }

    func publish(_ request: PublisherRequest) throws(PublisherError) -> PublisherAnswer {
        let secret = try request.requireSecret()
        return try GitTarget(request, environment: environment).publish(secret)
    }

    func verify(_ request: PublisherRequest) throws(PublisherError) -> PublisherAnswer {
        try GitTarget(request, environment: environment).verify()
    }

    func rollback(_ request: PublisherRequest) throws(PublisherError) -> PublisherAnswer {
        try GitTarget(request, environment: environment, isRollback: true).rollback()
    }

    private var environment: [String: String] { ProcessInfo.processInfo.environment }
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
        let longest = BackOff(from: .milliseconds(200), upTo: .seconds(3)).wait(after: tries)
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
