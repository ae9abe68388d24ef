package import FoundationEssentials
import OpenRouter
import PublisherKit
import Rotation

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
    }

    package let code: Code
    package let message: String
    package let hint: String?
    /// When asking again makes sense, if that is known.
    package let retryAt: Date?
    /// Whether waiting alone may mend it: `--wait` tries these again.
    package let isRetryable: Bool
    /// The line of a file that has to be mended, which the message names, too.
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
    init(_ error: HandoffError) {
        self.init(.unacceptable, error.message, hint: error.hint)
    }

    init(_ error: JournalError) {
        self.init(.failed, error.message, hint: error.hint)
    }

    init(_ error: OpenRouterError) {
        let code: Code =
            switch error.code {
            case .unauthorized, .forbidden: .denied
            case .unreachable, .unavailable, .rateLimited: .unreachable
            // Documented as: please try again later.
            case .conflict: .notYet
            default: .failed
            }
        self.init(code, error.message, hint: error.hint)
    }
}

/// Runs `body` and turns the errors of the domain and of OpenRouter into a step's.
package func asStepError<Result>(_ body: () throws -> Result) throws(StepError) -> Result {
    do { return try body() } catch let error as StepError {
        throw error
    } catch let error as HandoffError {
        throw StepError(error)
    } catch let error as JournalError {
        throw StepError(error)
    } catch let error as OpenRouterError {
        throw StepError(error)
    } catch let error as SodiumFailure {
        _ = error
        throw StepError(.failed, "libsodium does not start on this machine", hint: "install libsodium23")
    } catch {
        // Every error of the modules below is named above; this one would be a mistake of ours.
        throw StepError(.failed, "an unexpected error of type \(type(of: error))")
    }
}
