package import ArgumentParser
import FoundationEssentials
import Glibc
import JSON
package import Rotation
package import Steps
import Timestamps

/// A step as a program: parses its options, does its work, and ends with the exit status that tells how it went.
package protocol StepCommand: ParsableCommand {
    /// Whose records this program writes.
    static var step: StepName { get }

    var common: CommonOptions { get }

    /// Does the step's work, once.
    func perform(_ session: Session) throws(StepError)
}

extension StepCommand {
    /// Runs the program; it does not return.
    package static func start() -> Never {
        ProcessHardening.apply()
        let console = Console(program: configuration.commandName ?? "ork")
        let command: Self
        do { command = try parse() } catch { UsageError(error, of: Self.self).exit(console) }
        let environment = StepEnvironment()
        var session: Session?
        var failure: StepError?
        do throws(StepError) {
            let waiting = Waiting(
                upTo: try command.waitingTime(), clock: SystemClock(), tell: { console.show($0) })
            try waiting.run { () throws(StepError) -> Void in
                // Also the lock of the handoff is something to wait for.
                let current: Session
                if let session {
                    current = session
                } else {
                    current = try Session(command.common, environment: environment, console: console)
                }
                session = current
                try current.requireTrust(for: step)
                try command.perform(current)
            }
        } catch {
            failure = error
        }
        let outcome = Outcome(session, failure)
        outcome.publish(command.common, environment, console, program: configuration.commandName ?? "ork")
        if let failure { console.show(failure) }
        Glibc.exit(failure?.code.rawValue ?? 0)
    }

    private func waitingTime() throws(StepError) -> Interval {
        guard let text = common.wait else { return .zero }
        guard let interval = Interval(text) else {
            throw StepError(.usage, "--wait needs a length of time such as 30s, 15m or 24h")
        }
        return interval
    }

    /// Ends the program as ArgumentParser would; there is nothing left for it to run.
    package func run() throws {}
}
