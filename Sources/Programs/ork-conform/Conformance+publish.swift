import ChildProcesses
import JSON
import PublisherKit

extension Conformance {
    private var unreadable: String { "neither info nor this target says readback: value or digest: true" }

    /// What must not change the target.
    func checkReading(_ report: inout Report, _ information: PublisherInformation) {
        let key = MadeUpKey()
        let hasVerify = information.verbs.contains(.verify)
        let isReadable = hasVerify && [.value, .digest].contains(information.readback)
        if isReadable {
            report.check("verify of a target that holds nothing is absent") {
                complaint { () throws(Complaint) in
                    try expect("absent", from: .verify, subject.request(key))
                }.map { "\($0); take a scratch target that is empty" }
            }
        } else {
            report.skip("verify of a target that holds nothing is absent", unreadable)
        }
        let rule = "check answers and changes nothing"
        if information.verbs.contains(.check) {
            report.check(rule) {
                complaint { () throws(Complaint) in
                    try expect("ready", from: .check, subject.request(key))
                    if isReadable { try expect("absent", from: .verify, subject.request(key)) }
                    try seeFor(key, isThere: false)
                }
            }
        } else {
            report.skip(rule, "info does not list check")
        }
        let verb: Verb = information.verbs.contains(.check) ? .check : .publish
        report.check("another protocol is refused") {
            complaint { () throws(Complaint) in
                let line = try subject.line(verb, subject.request(key)) { $0["protocol"] = 2 }
                let run = subject.run(verb.rawValue, line)
                guard let first = try Subject.lines(run.output).first else { return }
                let answer = try Subject.parse(first, verb).answer
                guard case .rejected = answer.outcome else {
                    throw Complaint("it answered \(answer.outcome.word) to protocol 2")
                }
            }
        }
        report.check("a request without its line feed is not carried out") {
            complaint { () throws(Complaint) in
                let run = subject.run(
                    Verb.publish.rawValue, Array(try subject.line(.publish, subject.request(key)).dropLast()))
                if run.wasStopped { throw Complaint("it did not end") }
                if let line = try Subject.lines(run.output).first {
                    let outcome = try Subject.parse(line, .publish).answer.outcome
                    guard case .rejected = outcome else { throw Complaint("it answered \(outcome.word)") }
                }
                if isReadable { try expect("absent", from: .verify, subject.request(key)) }
                try seeFor(key, isThere: false)
            }
        }
    }

    /// The life of a target: first key, again, a stranger, next key. `information` then says what can be read back here.
    func checkPublishing(_ report: inout Report, _ information: inout PublisherInformation) {
        let (first, second, stranger) = (MadeUpKey(), MadeUpKey(), MadeUpKey())
        var receipt: JSONObject?
        var told: (first: Held, next: Held) = (.unknown, .unknown)
        report.check("publish commits, with members in the request that it does not know") {
            complaint { () throws(Complaint) in
                let answer = try expect("committed", from: .publish, subject.request(first, expect: [first])) {
                    $0["ork_conform_grease"] = [["of": nil], 7]
                }
                receipt = answer.receipt
                told.first = answer.held
                try seeFor(first)
            }
        }
        report.check("publish again with the same operation has no second effect") {
            complaint { () throws(Complaint) in
                let answer = try expect(
                    "unchanged", "committed", from: .publish, subject.request(first, expect: [first]))
                // As a handoff does: the last one counts.
                receipt = answer.receipt ?? receipt
                try seeFor(first)
            }
        }
        let hasVerify = information.verbs.contains(.verify)
        if hasVerify, information.readbackVaries, found(stranger, nil, ["unverifiable"]) == nil {
            information.readback = .none
        }
        let isReadable = hasVerify && information.readback == .value
        let words = [.value, .digest].contains(information.readback) ? ["match"] : ["match", "unverifiable"]
        let verify = "verify finds what was published"
        if hasVerify {
            report.check(verify) { found(first, receipt, words) }
        } else {
            report.skip(verify, "info does not list verify")
        }
        let compare = "a value that expect does not have is a conflict and stays"
        let other = "verify of another key is a mismatch"
        if isReadable {
            report.check(other) { found(stranger, nil, ["mismatch"]) }
            report.check(compare) {
                complaint { () throws(Complaint) in
                    let answer = try expect(
                        "rejected", from: .publish, subject.request(second, expect: [stranger, second]))
                    guard answer.outcome.error?.code == .conflict else {
                        throw Complaint("the code is not conflict")
                    }
                    try expect("match", from: .verify, subject.request(first, receipt: receipt))
                    try seeFor(first)
                }
            }
        } else {
            if hasVerify, information.readback == .digest {
                // The receipt is of the key that was written: it must not vouch for another one.
                report.check(other) { found(stranger, receipt, ["mismatch", "unverifiable"]) }
            } else {
                report.skip(other, unreadable)
            }
            report.skip(compare, unreadable)
        }
        report.check("the next key takes the place of the one that expect has") {
            complaint { () throws(Complaint) in
                let answer = try expect("committed", from: .publish, subject.request(second, expect: [first, second]))
                told.next = answer.held
                if let reason = hasVerify ? found(second, answer.receipt, words) : nil { throw Complaint(reason) }
                try seeFor(second)
                try seeFor(first, isThere: false)
            }
        }
        report.check("what it says that the target held is so") {
            let isSo =
                [.nothing, .unknown].contains(told.first) && [.predecessor, .unknown].contains(told.next)
            return isSo
                ? nil : "it said \(told.first) of a target without a value, then \(told.next) of a predecessor's"
        }
        report.check("without expect whatever is there is replaced") {
            complaint { () throws(Complaint) in
                try expect("committed", from: .publish, subject.request(first, expect: nil))
                try seeFor(first)
            }
        }
    }

    /// A target that holds nothing may be a mistyped one.
    func checkMaking(_ report: inout Report, _ information: PublisherInformation) {
        let rule = "nothing is made unless the request says create"
        guard (information.with.required + information.with.optional).contains(Settings.create) else {
            return report.skip(rule, "info does not list the setting create")
        }
        guard subject.target.with[Settings.create] == nil else {
            return report.skip(rule, "the target says create itself")
        }
        let key = MadeUpKey()
        report.check(rule) {
            complaint { () throws(Complaint) in
                for verb in [Verb.check, .publish] where information.verbs.contains(verb) {
                    let answer = try expect("rejected", from: verb, subject.request(key, create: false))
                    guard answer.outcome.error?.code == .notFound else { throw Complaint("the code is not not_found") }
                    guard answer.held == .nothing else {
                        throw Complaint("it does not say that the target held nothing")
                    }
                }
                try seeFor(key, isThere: false)
            }
        }
    }

    private func found(_ key: MadeUpKey, _ receipt: JSONObject?, _ words: [String]) -> String? {
        complaint { () throws(Complaint) in
            let answer = try subject.ask(.verify, subject.request(key, receipt: receipt)).get()
            guard words.contains(answer.outcome.word) else {
                throw Complaint("it answered \(answer.outcome.word), not \(words.joined(separator: " or "))")
            }
        }
    }
}
