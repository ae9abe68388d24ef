import FoundationEssentials
import Programs
import PublisherPlugin
import Secrets

/// One program of the user's, with the arguments it gets and the environment that says what it is about.
struct Command {
    private let program: Program

    /// The environment is this process's own, and what is public about the request.
    init(_ arguments: [String], _ request: PublisherRequest, _ verb: Verb) {
        var environment = ProcessInfo.processInfo.environment
        environment["ORK_VERB"] = verb.rawValue
        environment["ORK_OPERATION"] = request.operation
        environment["ORK_ROTATION"] = request.rotation
        environment["ORK_TARGET"] = request.target
        environment["ORK_DIGEST"] = request.digest.description
        environment["ORK_EXPECT"] = request.expect?.map(\.description).joined(separator: " ")
        program = Program(arguments, environment: environment)
    }

    /// The most bytes that are read from a program.
    var outputLimit: Int { program.outputLimit }

    /// Runs the program to its end, or stops it at `end`. Its standard output is given back without one line end, `nil`
    /// if it was too long; without `capture` nobody reads it.
    func run(input: Secret? = nil, capture: Bool = false, until end: Date) -> (ending: Program.Ending, output: Secret?)
    {
        let (ending, output) = program.run(input: input, capture: capture, until: end)
        return (ending, output.map { Self.withoutLineEnd($0.copyBytes()) })
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
