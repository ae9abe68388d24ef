import FoundationEssentials
import Git
import JSON
import PublisherPlugin
import Secrets

/// Commits the secret, encrypted, to a branch of a git repository.
///
/// One target a process: libgit2 before 1.7 waits for a silent server for ever, and the deadline of one target's process
/// must not end the work for others.
@main
struct GitPublisher: Publisher {
    var information: PublisherInformation {
        PublisherInformation(
            verbs: Set(Verb.allCases), with: GitSettings.names, environment: GitSettings.environment, readback: .value,
            rollback: .value)
    }

    func check(_ request: PublisherRequest) throws(PublisherError) -> PublisherAnswer {
        try GitTarget(request, environment: environment).check()
    }

    func publish(_ request: PublisherRequest) throws(PublisherError) -> PublisherAnswer {
        guard let secret = request.secret else {
            throw PublisherError(.configuration, "the request has no secret")
        }
        return try GitTarget(request, environment: environment).publish(secret)
    }

    func verify(_ request: PublisherRequest) throws(PublisherError) -> PublisherAnswer {
        try GitTarget(request, environment: environment).verify()
    }

    private var environment: [String: String] { ProcessInfo.processInfo.environment }
}
