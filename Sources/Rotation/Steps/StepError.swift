package import FoundationEssentials
package import OpenRouter
package import Rotation
import Wording

/// Why a step did not finish, for the program's exit status and for the person who reads it.
package struct StepError: Error, Sendable {
    /// The raw values are exit statuses; those from 64 on are those of `sysexits.h`.
    package enum Code: Int32, Sendable {
        case failed = 1
        case usage = 64
        /// The configuration or the handoff is not acceptable.
        case unacceptable = 65
        case unreachable = 69
        /// Nothing is wrong; the time has not come.
        case notYet = 75
        case denied = 77
        /// Somebody asked it to stop, by SIGINT or by SIGTERM.
        case interrupted = 130
        case terminated = 143
    }

    package let code: Code
    package let message: String
    package let hint: String?
    /// When asking again makes sense, if that is known.
    package let retryAt: Date?
    /// Whether waiting alone may help: `--wait` tries these again.
    package let isRetryable: Bool
    /// The line of a file that has to be fixed; the message names it, too.
    package let place: Place?

    /// A line, from 1, of a file as the user names it.
    package struct Place: Sendable {
        package let file: String
        package let line: Int

        package init(file: String, line: Int) {
            self.file = file
            self.line = line
        }
    }

    package init(
        _ code: Code, _ message: String, hint: String? = nil, retryAt: Date? = nil, isRetryable: Bool? = nil,
        place: Place? = nil
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.retryAt = retryAt
        self.isRetryable = isRetryable ?? (code == .notYet || code == .unreachable)
        self.place = place
    }
}

extension StepError {
    /// How the message is introduced: where the time has not come, or somebody stopped it, nothing is wrong.
    package var label: String {
        switch code {
        case .notYet: "waiting"
        case .interrupted, .terminated: "stopped"
        default: "error"
        }
    }

    /// A handoff that is not acceptable. `path` is the file that it is in, where there may be several; `lastResort` leads on
    /// where nobody has another one.
    package init(
        _ error: HandoffError, in path: String? = nil, lastResort: String = CreateCommand().startingOver
    ) {
        let isBeyondRepair = [.malformed, .signature, .chain, .untrusted].contains(error.code)
        let hints = [error.hint, isBeyondRepair ? "if neither can be done, \(lastResort)" : nil].compactMap(\.self)
        self.init(
            .unacceptable, path.map { "\($0): \(error.message)" } ?? error.message,
            hint: hints.isEmpty ? nil : hints.joined(separator: "; "))
    }

    /// A target that is named and not there.
    init(unknownTarget name: PlanName, in plan: Plan) {
        let unknown = UnknownName(name.description, of: "target", among: plan.targets.map(\.name.description))
        self.init(.usage, unknown.message, hint: unknown.known)
    }

    package init(_ error: PlanError) { self.init(.unacceptable, "\(error)") }

    package init(_ error: JournalError) { self.init(.failed, error.message, hint: error.hint) }

    package init(_: SodiumFailure) {
        self.init(.failed, "libsodium does not start on this machine", hint: "install libsodium23")
    }

    package init(_ error: OpenRouterError) {
        let code: Code =
            switch error.code {
            case .unauthorized, .forbidden: .denied
            case _ where error.isTransient: .unreachable
            // Documented as: please try again later.
            case .conflict: .notYet
            default: .failed
            }
        self.init(code, error.message, hint: error.hint)
    }
}
