import FoundationEssentials
import Glibc
import PublisherPlugin
import Secrets

/// One program of the user's, with the arguments it gets and the environment that says what it is about.
struct Command {
    /// How it went.
    enum Ending: Equatable {
        case exited(Int32)
        case signalled(Int32)
        case timedOut
        case notStarted
    }

    /// The most bytes that are read from a program.
    static let outputLimit = 64 << 10

    private let arguments: [String]
    private let environment: [String: String]

    /// The environment is this process's own, and what is public about the request.
    init(_ arguments: [String], _ request: PublisherRequest, _ verb: Verb) {
        self.arguments = arguments
        var environment = ProcessInfo.processInfo.environment
        environment["ORK_VERB"] = verb.rawValue
        environment["ORK_OPERATION"] = request.operation
        environment["ORK_ROTATION"] = request.rotation
        environment["ORK_TARGET"] = request.target
        environment["ORK_DIGEST"] = request.digest.description
        environment["ORK_EXPECT"] = request.expect?.map(\.description).joined(separator: " ")
        self.environment = environment
    }

    /// The file of a program: as it is if it has a slash in it, else the first in `PATH` that may be executed.
    static func find(_ program: String) -> String? {
        if program.utf8.contains(UInt8(ascii: "/")) { return unsafe access(program, X_OK) == 0 ? program : nil }
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        return path.split(separator: ":").map { "\($0)/\(program)" }.first { unsafe access($0, X_OK) == 0 }
    }

    /// Runs the program to its end, or stops it at `end`. The caller's thread waits.
    ///
    /// The program stays in this process's group, so that whoever stops the group stops it too. Its standard output is
    /// given back without one line end, `nil` if it was too long; without `capture` nobody reads it.
    func run(input: Secret? = nil, capture: Bool = false, until end: Date) -> (ending: Ending, output: Secret?) {
        guard let file = Self.find(arguments[0]),
            var child = ChildProcess(file, arguments, environment, capture: capture)
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
        let ending = hasTimedOut ? .timedOut : child.ending
        return (ending, child.hasOverflown ? nil : Self.withoutLineEnd(child.output))
    }

    private static func withoutLineEnd(_ bytes: [UInt8]) -> Secret {
        var rest = bytes[...]
        if rest.last == 0x0A {
            rest.removeLast()
            if rest.last == 0x0D { rest.removeLast() }
        }
        return Secret(rest)
    }
}
