import ChildProcesses
import JSON
import PluginHost
import PublisherHosting
import PublisherKit
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
            return run.ending == .exited(64) && run.output.count == 0 ? nil : "it \(run.ending)"
        }
        guard var information else { return report.skip("everything else", "there is no info to go by") }
        report.check("the verbs include publish") { information.verbs.contains(.publish) ? nil : "they do not" }
        var isConfigured = false
        report.check("the target has the settings and variables that info asks for") {
            complaint { () throws(Complaint) in
                do throws(PublisherError) {
                    try information.validate(with: subject.target.with)
                    try subject.take(information)
                } catch { throw Complaint("\(error.message); give it with --with or --env") }
                isConfigured = true
            }
        }
        guard isConfigured else { return report.skip("everything else", "the target is not described") }
        checkReading(&report, information)
        checkMaking(&report, information)
        checkPublishing(&report, &information)
        checkWayBack(&report, information)
        checkBatch(&report, information)
        checkEnding(&report)
        report.check("the secret stays out of output, logs, arguments and environment") {
            subject.leaks.isEmpty ? nil : "a made-up key was seen in \(subject.leaks.sorted().joined(separator: ", "))"
        }
    }

    private func readInformation() throws(Complaint) -> PublisherInformation {
        let run = subject.run("info", time: Limits().informationTime)
        guard !run.wasStopped else { throw Complaint("it did not end in time") }
        guard run.ending == .exited(0) else { throw Complaint("it \(run.ending)") }
        guard run.output.count <= Limits().information else { throw Complaint("it is longer than 64 KiB") }
        let output = run.output.copyBytes()
        guard output.last == UInt8(ascii: "\n") else { throw Complaint("it does not end with a line feed") }
        do { return try PublisherInformation(parsing: output) } catch { throw Complaint(error.message) }
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

/// What the checks found, printed line by line as it is found.
struct Report {
    private(set) var passed = 0
    private(set) var failed = 0
    private(set) var skipped = 0
    private let emit: (String) -> Void

    init(emit: @escaping (String) -> Void) { self.emit = emit }

    var summary: String { "\(passed) passed, \(failed) failed, \(skipped) skipped" }

    /// One check; `body` gives the reason if the program fails it.
    mutating func check(_ rule: String, _ body: () -> String?) {
        if let reason = body() {
            failed += 1
            emit("not ok - \(rule): \(reason)")
        } else {
            passed += 1
            emit("ok - \(rule)")
        }
    }

    mutating func skip(_ rule: String, _ reason: String) {
        skipped += 1
        emit("skipped - \(rule): \(reason)")
    }
}

extension Conformance {
    /// Several requests in one process, answered while input is still open, unless they are done together.
    func checkBatch(_ report: inout Report, _ information: PublisherInformation) {
        let isOpen = information.together.isEmpty
        let rule =
            isOpen ? "a batch is answered line by line while input is open" : "a batch is answered, each line by its id"
        guard information.batch else { return report.skip(rule, "info does not say batch: true") }
        guard let verb = [Verb.check, .verify].first(where: information.verbs.contains) else {
            return report.skip(rule, "info lists neither check nor verify")
        }
        report.check(rule) {
            complaint { () throws(Complaint) in
                let requests = (0..<5).map { _ in subject.request(MadeUpKey()) }
                var input: [UInt8] = []
                for request in requests { input += try subject.line(verb, request) }
                let run = subject.run(verb.rawValue, input, keepsInputOpen: isOpen, lines: requests.count)
                var ids: [String] = []
                for line in try Subject.lines(run.output) { ids.append(try Subject.parse(line, verb).id) }
                guard ids.sorted() == requests.map(\.id).sorted() else {
                    throw Complaint("\(requests.count) requests got \(ids.count) answers, or with other ids")
                }
            }
        }
    }

    /// How the process ends.
    func checkEnding(_ report: inout Report) {
        report.check("the end of input without a request ends it without an answer") {
            let run = subject.run(Verb.publish.rawValue)
            if run.wasStopped { return "it did not end" }
            return run.output.count == 0 ? nil : "it printed something"
        }
        report.check("TERM ends it while it waits") {
            let run = subject.run(Verb.publish.rawValue, keepsInputOpen: true, time: .seconds(1))
            if !run.wasStopped { return "it did not wait for a request" }
            return run.ending == .signalled(9) ? "it had to be killed" : nil
        }
    }
}
