package import FoundationEssentials
import Glibc
package import Secrets

/// One program of the user's or of the system's, with all that it is started with.
package struct Program: Sendable {
    /// How it went.
    package enum Ending: Equatable, Sendable {
        case exited(Int32)
        case signalled(Int32)
        case timedOut
        case notStarted
    }

    /// Where the program finds `attachment`: a file in memory, which `open` begins to read from its start each time.
    package static let attachmentPath = "/proc/self/fd/3"

    package var arguments: [String]
    package var environment: [String: String]
    /// A secret for a program that reads it from a file: see `attachmentPath`.
    package var attachment: Secret?
    /// The most bytes that are read from it.
    package var outputLimit: Int

    /// `arguments` has the program itself in front: with a slash the file, else found in `PATH`.
    package init(
        _ arguments: [String], environment: [String: String] = ProcessInfo.processInfo.environment,
        attachment: Secret? = nil, outputLimit: Int = 64 << 10
    ) {
        self.arguments = arguments
        self.environment = environment
        self.attachment = attachment
        self.outputLimit = outputLimit
    }

    /// The file of a program: as it is if it has a slash in it, else the first in `PATH` that may be executed.
    package static func find(_ program: String) -> String? {
        if program.utf8.contains(UInt8(ascii: "/")) { return unsafe access(program, X_OK) == 0 ? program : nil }
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        return path.split(separator: ":").map { "\($0)/\(program)" }.first { unsafe access($0, X_OK) == 0 }
    }

    /// Runs the program to its end, or stops it at `end`. The caller's thread waits.
    ///
    /// The program stays in this process's group, so that whoever stops the group stops it too; its standard error is
    /// this process's own. Its standard output is given back, `nil` if it was too long; without `capture` nobody reads
    /// it.
    package func run(
        input: Secret? = nil, capture: Bool = false, until end: Date
    ) -> (ending: Ending, output: Secret?) {
        guard let file = arguments.first.flatMap(Self.find), var child = ChildProcess(file, self, capture: capture)
        else { return (.notStarted, nil) }
        child.feed(input)
        var hasTimedOut = false
        var stop = end
        while !child.hasEnded {
            if Date() >= stop {
                child.signal(hasTimedOut ? SIGKILL : SIGTERM)
                hasTimedOut = true
                stop = Date() + 2
            }
            child.exchange(milliseconds: 20)
        }
        // What it wrote before its end is in the pipe; a descendant that keeps the pipe open is not waited for.
        child.drain()
        return (hasTimedOut ? .timedOut : child.ending, child.hasOverflown ? nil : Secret(child.output))
    }
}
