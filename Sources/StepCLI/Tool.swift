package import ArgumentParser
import Glibc
import Steps

/// A program beside the steps: it has no rotation to go on with, only an answer to give.
package enum Tool {
    /// Parses the options, runs `body`, and ends the program.
    package static func start<Command: ParsableCommand>(
        _ type: Command.Type, _ body: (Command, Console) throws(StepError) -> Void
    ) -> Never {
        ProcessHardening.apply()
        let console = Console(program: Command.configuration.commandName ?? "ork")
        let command: Command
        do { command = try Command.parse() } catch { UsageError(error, of: type).exit(console) }
        do throws(StepError) { try body(command, console) } catch {
            console.show(error)
            exit(error.code.rawValue)
        }
        exit(0)
    }
}
