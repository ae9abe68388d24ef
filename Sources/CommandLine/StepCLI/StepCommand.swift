package import ArgumentParser
import ChildProcesses
import FoundationEssentials
import Glibc
package import HTTP
import JSON
package import Rotation
import Secrets
package import Steps
import Timestamps
import Wording

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

    /// Runs the program; it does not return. `dial` makes what carries news of how it ended to where `ork.yaml` says.
    package static func start(over dial: (@Sendable (TransferObserver) -> any HTTPTransport)? = nil) -> Never {
        ProcessHardening.apply()
        let program = configuration.commandName ?? "ork"
        let command: Self
        do { command = try parse() } catch { UsageError(error, of: Self.self).exit(Console(program: program)) }
        let invocation = Invocation(command.common)
        let console = Console(
            program: program, invocation: invocation, verbosity: command.common.outputLevel,
            sign: WaitingSign(of: program, command.common.verbosity))
        StopSignal.watch {
            console.stopShowingWaits()
            console.show(.done("stopping: what is under way comes to its end first; another signal ends it at once"))
        }
        let environment = StepEnvironment()
        var outcome = Outcome(of: program, isDryRun: command.common.dryRun)
        do throws(StepError) {
            let waiting = Waiting(
                upTo: try command.waitingTime(), clock: StepClock(), isStopping: { StopSignal.received != nil },
                tell: console.show)
            try waiting.run { () throws(StepError) -> Void in
                // Everything is read again for each try, and the handoff is not locked between them: a switch that is
                // thrown, or another step that has to go first, is not kept waiting.
                let session = try Session(
                    command.common, environment: environment, console: console, obeysSwitch: !command.isRemedy)
                outcome.begin(at: session)
                defer { outcome.look(at: session) }
                try session.requireTrust(for: step)
                try command.perform(session)
            }
        } catch {
            outcome.failure = error
        }
        if let number = StopSignal.received { outcome.stop(by: number, step, command.common) }
        outcome.failure = outcome.failure.map(invocation.completing)
        outcome.find(command.common)
        outcome.report(command.common, environment, console, over: dial?(.showing(on: console)))
        Glibc.exit(outcome.failure?.code.rawValue ?? 0)
    }

    private func waitingTime() throws(StepError) -> Interval {
        guard let text = common.wait else { return .zero }
        guard let interval = Interval(text) else {
            throw StepError(.usage, "--wait: must be a length of time such as 30s, 15m, 24h or 7d")
        }
        return interval
    }

    /// Ends the program as ArgumentParser would; there is nothing left for it to run.
    package func run() throws {}
}

/// A program beside the steps: it continues no rotation, and only gives an answer.
package protocol ToolCommand: ParsableCommand {
    /// What makes commands in its messages whole.
    var invocation: Invocation { get }

    /// How much people are told.
    var verbosity: Verbosity? { get }

    /// Gives the answer.
    func perform(_ console: Console) throws(StepError)
}

extension ToolCommand {
    package var invocation: Invocation { Invocation() }
    package var verbosity: Verbosity? { nil }

    /// Runs the program; it does not return.
    package static func start() -> Never {
        ProcessHardening.apply()
        let program = configuration.commandName ?? "ork"
        let command: Self
        do { command = try parse() } catch { UsageError(error, of: Self.self).exit(Console(program: program)) }
        let invocation = command.invocation
        let console = Console(program: program, invocation: invocation, verbosity: command.verbosity)
        do { try command.perform(console) } catch {
            console.show(invocation.completing(error))
            Glibc.exit(error.code.rawValue)
        }
        Glibc.exit(0)
    }

    /// Ends the program as ArgumentParser would; there is nothing left for it to run.
    package func run() throws {}
}

/// Options that cannot be understood, or a page of help that was asked for.
struct UsageError {
    private let text: String
    private let isHelp: Bool
    private let program: String
    /// Whether a word may be meant for the predecessor: the likeliest first mistake of all.
    private let takesKey: Bool

    init<Command: ParsableCommand>(_ error: any Error, of command: Command.Type) {
        program = command.configuration.commandName ?? "ork"
        takesKey = (command as? any StepCommand.Type)?.step == .create
        isHelp = Command.exitCode(for: error).isSuccess
        text = isHelp ? Command.fullMessage(for: error) : Command.message(for: error)
    }

    /// Shows it and ends the program: 0 for help, 64 for a mistake.
    func exit(_ console: Console) -> Never {
        if isHelp {
            Console.print(text)
            Glibc.exit(0)
        }
        // It quotes what stood there, which the console masks.
        let isSecret = SecretShape.first(in: Array(text.utf8)) != nil
        let message = Self.plain(text) + (isSecret ? "" : question)
        console.show(
            .init(
                .usage, message,
                hint: isSecret
                    ? "everybody on this machine can read arguments: name an environment variable that holds it; if it is in "
                        + "use, replace it before you revoke it" : "`\(program) --help` shows the options"))
        Glibc.exit(64)
    }

    private var question: String {
        let parts = text.split(separator: "'", omittingEmptySubsequences: false)
        let isNamed = CommandLine.arguments.contains { $0.hasPrefix("--predecessor") }
        guard takesKey, !isNamed, parts.count == 3, parts[0] == "Unexpected argument " else { return "" }
        return "; did you mean --predecessor \(ShellWord(String(parts[1])))?"
    }

    /// ArgumentParser's sentences in the manner of ours.
    private static func plain(_ text: String) -> String {
        var message = text.first.map { $0.lowercased() + text.dropFirst() } ?? "these options cannot be understood"
        while message.hasSuffix(".") { message.removeLast() }
        let parts = message.split(separator: "'", omittingEmptySubsequences: false).map(String.init)
        // "the value 'x' is invalid for '--for <step>'. Please provide one of 'publish' and 'retire'"
        if parts.count > 6, parts[0] == "the value ", parts[4].hasPrefix(". Please provide one of") {
            let known = parts.indices.filter { $0 >= 5 && $0 % 2 == 1 }.map { parts[$0] }
            let question = NearNames(to: parts[1], among: known).question.map { "; \($0)" } ?? ""
            let option = parts[3].prefix { $0 != " " }
            return "\(option): '\(parts[1])' is not one of \(known.joined(separator: ", "))\(question)"
        }
        // "unknown option '--limt'. Did you mean '--limit'?"
        if parts.count == 5, parts[2] == ". Did you mean " {
            return "\(parts[0])'\(parts[1])'; did you mean \(parts[3])?"
        }
        return message
    }
}

/// The version of all programs of this package.
package let orkVersion = "0.1.0"
