import Dispatch
import FoundationEssentials
import Glibc
import JSON
import Secrets
import Synchronization
import SystemPackage

extension Publisher {
    /// Runs the publisher as a program: `info`, or a verb with requests on standard input.
    public static func main() {
        ProcessMemory.protect()
        // A closed pipe is an error of `write`, not a death without a word.
        _ = signal(SIGPIPE, SIG_IGN)
        let arguments = CommandLine.arguments.dropFirst()
        do {
            let answers = try takeStandardOutput()
            exit(try Self().serve(arguments.first ?? "", extra: arguments.count > 1, answers))
        } catch {
            exit(EXIT_FAILURE)
        }
    }

    /// Keeps standard output for answers: whatever else prints there goes to standard error from now on.
    private static func takeStandardOutput() throws(Errno) -> FileDescriptor {
        let kept = fcntl(FileDescriptor.standardOutput.rawValue, F_DUPFD_CLOEXEC, 3)
        guard kept >= 0 else { throw Errno(rawValue: errno) }
        guard dup2(FileDescriptor.standardError.rawValue, FileDescriptor.standardOutput.rawValue) >= 0 else {
            throw Errno(rawValue: errno)
        }
        return FileDescriptor(rawValue: kept)
    }

    private func serve(_ word: String, extra: Bool, _ answers: FileDescriptor) throws -> Int32 {
        let usage: Int32 = 64
        guard !extra else { return usage }
        if word == "info" {
            try answers.writeAll(information.line)
            return EXIT_SUCCESS
        }
        guard let verb = Verb(rawValue: word), information.verbs.contains(verb) else { return usage }
        let session = PublisherSession(self, verb, answers)
        let workers = information.batch ? max(1, concurrency) : 1
        // Every worker has a thread of its own, because publishers block.
        let group = DispatchGroup()
        for number in 1..<workers {
            DispatchQueue(label: "publisher-\(number)").async(group: group) { session.run() }
        }
        session.run()
        group.wait()
        finish()
        return session.isBroken ? EXIT_FAILURE : EXIT_SUCCESS
    }
}

/// One run of a verb: workers take lines from standard input and write each answer as it is done.
final class PublisherSession<Program: Publisher>: Sendable {
    private let program: Program
    private let verb: Verb
    private let input = Mutex(LineInput())
    private let output: Mutex<(descriptor: FileDescriptor, isBroken: Bool)>

    init(_ program: Program, _ verb: Verb, _ answers: FileDescriptor) {
        self.program = program
        self.verb = verb
        output = Mutex((answers, false))
    }

    /// Whether an answer could not be written.
    var isBroken: Bool { output.withLock(\.isBroken) }

    func run() {
        let isBatch = program.information.batch
        repeat {
            // The lock is held while reading: the line goes to this worker, and the others wait for the next one.
            guard let line = input.withLock({ $0.next() }) else { return }
            let answer = answer(to: line)
            output.withLock { output in
                do { try output.descriptor.writeAll(answer) } catch { output.isBroken = true }
            }
        } while isBatch
    }

    private func answer(to line: [UInt8]) -> [UInt8] {
        let request: PublisherRequest
        do { request = try PublisherRequest(parsing: line, verb) } catch {
            let id = (try? WireFields(parsing: line, "the request").string("id")) ?? ""
            return PublisherAnswer(.rejected(error)).line(id: id)
        }
        let answer = perform(request)
        let line = answer.line(id: request.id)
        let redactor = Redactor(request.secret.map { [$0] } ?? [])
        return redactor.contains(line) ? answer.withoutDetails.line(id: request.id) : line
    }

    private func perform(_ request: PublisherRequest) -> PublisherAnswer {
        guard request.deadline > Date.now else {
            return PublisherAnswer(.rejected(PublisherError(.unavailable, "the deadline had passed before the start")))
        }
        return program.answer(verb, request)
    }
}

extension PublisherAnswer {
    /// The outcome alone, where something beside it holds the secret.
    fileprivate var withoutDetails: PublisherAnswer {
        let message = "the publisher's text held the secret and was dropped"
        switch outcome {
        case .rejected(let error): return PublisherAnswer(.rejected(PublisherError(error.code, message)))
        case .unknown(let error): return PublisherAnswer(.unknown(PublisherError(error.code, message)))
        default: return PublisherAnswer(outcome)
        }
    }
}

/// Standard input, line by line. What the end of input cuts off is not a request.
struct LineInput {
    private var rest: [UInt8] = []

    /// The next line without its LF.
    mutating func next() -> [UInt8]? {
        while true {
            if let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                defer { rest.removeSubrange(...end) }
                return Array(rest[..<end])
            }
            var chunk = [UInt8](repeating: 0, count: 65536)
            let count =
                (try? unsafe chunk.withUnsafeMutableBytes { try unsafe FileDescriptor.standardInput.read(into: $0) })
                ?? 0
            guard count > 0 else { return nil }
            rest += chunk[..<count]
        }
    }
}
