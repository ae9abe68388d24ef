import Dispatch
import FoundationEssentials
import Glibc
import JSON
import Secrets
import Synchronization
package import SystemPackage

extension Publisher {
    /// Runs the publisher as a program: `info`, or a verb with requests on standard input.
    public static func main() {
        ProcessHardening.apply()
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
        if let group = self as? any GroupPublisher {
            session.runTogether(group)
            finish()
            return session.isBroken ? EXIT_FAILURE : EXIT_SUCCESS
        }
        session.run(by: information.batch ? max(1, concurrency) : 1)
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

    /// Answers all requests, so many at once.
    func run(by workers: Int) {
        let group = DispatchGroup()
        work(in: group, followedBy: workers - 1)
        group.wait()
    }

    /// Answers requests until there are no more. Every worker has a thread of its own, because publishers block, and begins
    /// the next one where another request may come: most runs have one, and a thread would cost as much as that.
    private func work(in group: DispatchGroup, followedBy others: Int) {
        let isBatch = program.information.batch
        var others = others
        repeat {
            // The lock is held while reading: the line goes to this worker, and the others wait for the next one.
            guard let (line, isLast) = input.withLock({ input in input.next().map { ($0, input.isAtEnd) } }) else {
                return
            }
            if others > 0, !isLast {
                let following = others - 1
                DispatchQueue(label: "publisher-\(others)").async(group: group) {
                    self.work(in: group, followedBy: following)
                }
                others = 0
            }
            if let request = read(line) { write(program.answer(verb, request), to: request) }
        } while isBatch
    }

    /// Takes all requests before the first is answered.
    func runTogether(_ group: any GroupPublisher) {
        var lines: [[UInt8]] = []
        while let line = input.withLock({ $0.next() }) { lines.append(line) }
        var requests: [PublisherRequest] = []
        for line in lines {
            guard let request = read(line) else { continue }
            do { try request.requireFlags() } catch {
                write(PublisherAnswer(.rejected(error)), to: request)
                continue
            }
            requests.append(request.looking(for: verb))
        }
        group.answer(verb, requests) { write($1.telling(of: requests[$0]), to: requests[$0]) }
    }

    /// The request on a line; `nil` if it is none that can be begun, which is answered.
    private func read(_ line: [UInt8]) -> PublisherRequest? {
        do {
            let request = try PublisherRequest(parsing: line, verb)
            guard request.deadline > Date.now else {
                let late = PublisherError(.unavailable, "the deadline had passed before the start")
                write(PublisherAnswer(.rejected(late)).line(id: request.id))
                return nil
            }
            return request
        } catch {
            let id = (try? WireFields(parsing: line, "the request").string("id")) ?? ""
            write(PublisherAnswer(.rejected(error)).line(id: id))
            return nil
        }
    }

    private func write(_ answer: PublisherAnswer, to request: PublisherRequest) {
        let line = answer.line(id: request.id)
        let redactor = Redactor(request.secret.map { [$0] } ?? [])
        write(redactor.contains(line) ? answer.withoutDetails.line(id: request.id) : line)
    }

    private func write(_ line: [UInt8]) {
        output.withLock { output in
            do { try output.descriptor.writeAll(line) } catch { output.isBroken = true }
        }
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
package struct LineInput {
    private let descriptor: FileDescriptor
    private var rest: [UInt8] = []

    package init(_ descriptor: FileDescriptor = .standardInput) { self.descriptor = descriptor }

    /// Whether there is certainly no other line. Nothing is read for it, and nobody waited for.
    package var isAtEnd: Bool {
        guard !rest.contains(UInt8(ascii: "\n")) else { return false }
        var polled = pollfd(fd: descriptor.rawValue, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&polled, 1, 0) == 1 && polled.revents == Int16(POLLHUP)
    }

    /// The next line without its LF.
    package mutating func next() -> [UInt8]? {
        while true {
            if let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                defer { rest.removeSubrange(...end) }
                return Array(rest[..<end])
            }
            var chunk = [UInt8](repeating: 0, count: 65536)
            let count =
                (try? unsafe chunk.withUnsafeMutableBytes { try unsafe descriptor.read(into: $0) })
                ?? 0
            guard count > 0 else { return nil }
            rest += chunk[..<count]
        }
    }
}
