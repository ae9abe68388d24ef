import FoundationEssentials
import Secrets
import Synchronization
import SystemPackage

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
            let id = (try? WireReader(parsing: line, "the request").string("id")) ?? ""
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
