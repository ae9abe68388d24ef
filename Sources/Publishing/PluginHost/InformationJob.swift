import ChildProcesses
import PublisherKit
import Secrets

/// One process that prints what the publisher says of itself. It gets no input.
final class InformationJob: ChildJob {
    let program: Program
    private let limits: Limits
    private var deadline: ContinuousClock.Instant
    private var output: [UInt8] = []
    private var failure: PublisherError?
    private var isOver = false

    init(_ program: ProgramFile, environment: [String: String], limits: Limits) {
        self.program = program.program("info", environment: environment)
        self.limits = limits
        deadline = .now + limits.informationTime
    }

    /// What it printed, or why that does not count.
    func result() -> Result<PublisherInformation, PublisherError> {
        Result { () throws(PublisherError) in try information() }
    }

    /// Nobody waits for it any more.
    func abandon() { fail("nobody waits for it") }

    private func information() throws(PublisherError) -> PublisherInformation {
        if let failure { throw failure }
        guard output.contains(where: { !" \n\r\t".utf8.contains($0) }) else {
            throw error("the publisher's info printed nothing")
        }
        return try PublisherInformation(parsing: output)
    }

    var directive: Directive { failure != nil ? .stop : isOver ? .leave : .work(until: deadline) }

    func hasStarted(_ process: Int32) -> Bool {
        deadline = .now + limits.informationTime
        return true
    }

    func receiveOutput(_ bytes: ArraySlice<UInt8>) {
        guard output.count + bytes.count <= limits.information else {
            return fail("the publisher's info is longer than \(limits.information) bytes")
        }
        output += bytes
    }

    func outputEnded() { isOver = true }

    func receiveErrors(_ bytes: ArraySlice<UInt8>) {}

    func expire(at now: ContinuousClock.Instant) { fail("the publisher did not print its info in time") }

    func hasEnded(_ ending: Ending) {
        switch ending {
        case .exited(0): break
        case .exited, .signalled: fail("the publisher's info failed: it \(ending)")
        case .notStarted(let reason): failure = failure ?? .notStarted(reason)
        }
    }

    private func fail(_ message: String) {
        failure = failure ?? error(message)
    }

    private func error(_ message: String) -> PublisherError {
        PublisherError(.configuration, message, hint: "run \(program.arguments.joined(separator: " ")) yourself")
    }
}
