package import ArgumentParser
import Glibc
import Steps

/// A program beside the steps: it has no rotation to go on with, only an answer to give.
package enum Tool {
    /// Parses the options, runs `body`, and ends the program.
    package static func start<Command: ParsableCommand>(
        _ type: Command.Type, _ body: (Command, Console) throws -> Void
    ) -> Never {
        ProcessHardening.apply()
        let console = Console(program: Command.configuration.commandName ?? "ork")
        let command: Command
        do { command = try Command.parse() } catch { UsageError(error, of: type).exit(console) }
        do { try body(command, console) } catch {
            let failure =
                error as? StepError ?? StepError(.failed, "an unexpected error of type \(Swift.type(of: error))")
            console.show(failure)
            exit(failure.code.rawValue)
        }
        exit(0)
    }
}
