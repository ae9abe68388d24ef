import ArgumentParser
import Glibc
import Steps

/// Options that cannot be understood, or a page of help that was asked for.
struct UsageError {
    private let text: String
    private let isHelp: Bool

    init<Command: ParsableCommand>(_ error: any Error, of command: Command.Type) {
        isHelp = Command.exitCode(for: error).isSuccess
        text = isHelp ? Command.fullMessage(for: error) : Command.message(for: error)
    }

    /// Shows it and ends the program: 0 for help, 64 for a mistake.
    func exit(_ console: Console) -> Never {
        if isHelp {
            Console.print(text)
            Glibc.exit(0)
        }
        var message = text.first.map { $0.lowercased() + text.dropFirst() } ?? "these options cannot be understood"
        while message.hasSuffix(".") { message.removeLast() }
        console.show(.init(.usage, message, hint: "--help shows the options"))
        Glibc.exit(64)
    }
}
