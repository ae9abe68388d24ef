import FoundationEssentials
import Programs
import PublisherPlugin
import Secrets

/// How programs are run for one request: until when, and with what environment.
struct Work: Sendable {
    /// The credentials in our environment, which belong to no child.
    static let credentials = ["GIT_TOKEN", "GIT_SSH_KEY", "GIT_SSH_PASSPHRASE", "GIT_SIGNING_KEY", "AGE_IDENTITY"]

    let environment: [String: String]
    let deadline: Date

    init(environment: [String: String], deadline: Date) {
        self.environment = environment.filter { !Self.credentials.contains($0.key) }
        self.deadline = deadline
    }

    /// Runs a program and gives back how it ended and what it printed. Its standard error is the log.
    ///
    /// Errors are that it cannot be started, did not end in time, was ended by a signal, or printed more than a file may
    /// hold.
    func run(
        _ arguments: [String], input: Secret? = nil, attachment: Secret? = nil, field: String
    ) throws(PublisherError) -> (status: Int32, output: Secret) {
        let program = Program(
            arguments, environment: environment, attachment: attachment, outputLimit: Self.sizeLimit)
        let (ending, output) = program.run(input: input, capture: true, until: deadline)
        switch ending {
        case .exited(let status):
            guard let output else {
                throw PublisherError(
                    .configuration, "\(arguments[0]) printed more than \(Self.sizeLimit) bytes",
                    hint: "a file of settings is smaller", field: field)
            }
            return (status, output)
        case .signalled(let number):
            throw PublisherError(.internal, "\(arguments[0]) was ended by signal \(number)", field: field)
        case .timedOut:
            throw PublisherError(
                .unavailable, "\(arguments[0]) did not end in time and was stopped",
                hint: "look at what it said; perhaps it waits for a service or for an answer", field: field)
        case .notStarted:
            throw PublisherError(
                .configuration, "the program \(arguments[0]) cannot be started",
                hint: "install it, or name a file that may be executed", field: field)
        }
    }

    /// More is no file of settings.
    static let sizeLimit = 16 << 20
}
