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

    /// Whether this run brings applications back, which no switch may stop.
    var isRemedy: Bool { get }

    /// Does the step's work, once.
    func perform(_ session: Session) throws(StepError)
}

extension StepCommand {
    package var isRemedy: Bool { false }

    /// Runs the program; it does not return.
    package static func start() -> Never {
        ProcessHardening.apply()
        let console = Console(program: configuration.commandName ?? "ork")
        let command: Self
        do { command = try parse() } catch { UsageError(error, of: Self.self).exit(console) }
        let environment = StepEnvironment()
        var outcome = Outcome()
        do throws(StepError) {
            let waiting = Waiting(
                upTo: try command.waitingTime(), clock: SystemClock(), tell: { console.show($0) })
            try waiting.run { () throws(StepError) -> Void in
                // Everything is read anew for each try, and the handoff is not locked between them: a switch that is
                // thrown, or another step that has to go first, is not kept waiting.
                let session = try Session(
                    command.common, environment: environment, console: console, obeysSwitch: !command.isRemedy)
                defer { outcome.look(at: session) }
                try session.requireTrust(for: step)
                try command.perform(session)
            }
        } catch {
            outcome.failure = error
        }
        let failure = outcome.failure
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
