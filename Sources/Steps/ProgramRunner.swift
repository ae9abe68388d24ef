package import FoundationEssentials
package import Secrets

/// What runs a program of the user's as a probe, under the rules for publishers (design of the contract: no secret
/// but in its input, an environment of its own, bounded output).
package protocol ProgramRunner {
    /// Runs the program until it ends or the deadline comes; its output goes to the log, without
    /// `secret` in any form.
    /// Answers what went wrong, in lower case without a full stop; `nil` for exit status 0.
    func run(_ arguments: [String], environment: [String: String], deadline: Date, hiding secret: Secret?) -> String?
}
