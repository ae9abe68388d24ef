import PluginHost
import PublisherPlugin

extension Conformance {
    /// Several requests in one process, answered while input is still open.
    func checkBatch(_ report: inout Report, _ information: PublisherInformation) {
        let rule = "a batch is answered line by line while input is open"
        guard information.batch else { return report.skip(rule, "info does not say batch: true") }
        guard let verb = [Verb.check, .verify].first(where: information.verbs.contains) else {
            return report.skip(rule, "info lists neither check nor verify")
        }
        report.check(rule) {
            complaint { () throws(Complaint) in
                let requests = (0..<5).map { _ in subject.request(MadeUpKey()) }
                var input: [UInt8] = []
                for request in requests { input += try subject.line(verb, request) }
                let run = subject.run(verb.rawValue, input, keepsInputOpen: true, lines: requests.count, seconds: 10)
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
            let run = subject.run(Verb.publish.rawValue, seconds: 10)
            if run.wasStopped { return "it did not end" }
            return run.output.isEmpty ? nil : "it printed something"
        }
        report.check("TERM ends it while it waits") {
            let run = subject.run(Verb.publish.rawValue, keepsInputOpen: true, seconds: 1)
            if !run.wasStopped { return "it did not wait for a request" }
            return run.status == .signalled(9) ? "it had to be killed" : nil
        }
    }
}
