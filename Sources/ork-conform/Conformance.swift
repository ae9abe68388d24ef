import JSON
import PluginHost
import PublisherPlugin
import Secrets

/// The checks, in an order in which each can lean on those before it.
struct Conformance {
    let subject: Subject

    init(_ subject: Subject) { self.subject = subject }

    func check(_ report: inout Report) {
        var information: PublisherInformation?
        report.check("info prints one JSON object of the contract") {
            complaint { () throws(Complaint) in information = try readInformation() }
        }
        report.check("an unknown verb ends with 64 and prints nothing") {
            let run = subject.run("ork-conform-unknown-verb")
            return run.status == .exited(64) && run.output.isEmpty ? nil : "it ended with \(run.status)"
        }
        guard let information else { return report.skip("everything else", "there is no info to go by") }
        report.check("the verbs include publish") { information.verbs.contains(.publish) ? nil : "they do not" }
        var isConfigured = false
        report.check("the target has the settings and variables that info asks for") {
            complaint { () throws(Complaint) in
                do throws(PublisherError) {
                    try information.validate(
                        with: subject.target.with, environment: Set(subject.target.environment.keys))
                } catch { throw Complaint("\(error.message); give it with --with or --env") }
                isConfigured = true
            }
        }
        guard isConfigured else { return report.skip("everything else", "the target is not described") }
        checkReading(&report, information)
        checkPublishing(&report, information)
        checkBatch(&report, information)
        checkEnding(&report)
        report.check("the secret stays out of output, logs, arguments and environment") {
            subject.leaks.isEmpty ? nil : "a made-up key was seen in \(subject.leaks.sorted().joined(separator: ", "))"
        }
    }

    private func readInformation() throws(Complaint) -> PublisherInformation {
        let run = subject.run("info", seconds: 5)
        guard !run.wasStopped else { throw Complaint("it did not end within 5 s") }
        guard run.status == .exited(0) else { throw Complaint("it ended with \(run.status)") }
        guard run.output.count <= Limits().information else { throw Complaint("it is longer than 64 KiB") }
        guard run.output.last == UInt8(ascii: "\n") else { throw Complaint("it does not end with a line feed") }
        do { return try PublisherInformation(parsing: run.output) } catch { throw Complaint(error.message) }
    }

    /// The reason for which `body` fails.
    func complaint(_ body: () throws(Complaint) -> Void) -> String? {
        do {
            try body()
            return nil
        } catch { return error.reason }
    }

    /// Asks and complains about an outcome that is none of `words`.
    @discardableResult
    func expect(
        _ words: String..., from verb: Verb, _ request: PublisherRequest, edit: (inout JSONObject) -> Void = { _ in }
    ) throws(Complaint) -> PublisherAnswer {
        let answer = try subject.ask(verb, request, edit: edit).get()
        guard words.contains(answer.outcome.word) else {
            let message = answer.outcome.error.map { ": \($0.message)" } ?? ""
            throw Complaint(
                "it answered \(answer.outcome.word), not \(words.joined(separator: " or "))"
                    + subject.redactor.redacting(message))
        }
        return answer
    }

    /// Complains if the target, looked at without the program, does not hold the key.
    func seeFor(_ key: MadeUpKey, isThere: Bool = true) throws(Complaint) {
        guard let holds = subject.holds(key), holds != isThere else { return }
        throw Complaint(isThere ? "the target does not hold the key" : "the target holds the key")
    }
}
