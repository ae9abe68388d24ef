import JSON
import PublisherKit
import Secrets
import Sodium

extension Conformance {
    /// How the target is given back the key that it held before.
    func checkWayBack(_ report: inout Report, _ information: PublisherInformation) {
        report.check("rollback: native goes with the verb rollback") {
            (information.rollback == .native) == information.verbs.contains(.rollback)
                ? nil : "info has one without the other"
        }
        checkSealing(&report, information)
        checkRollback(&report, information)
    }

    private func checkSealing(_ report: inout Report, _ information: PublisherInformation) {
        let rule = "a check seals the predecessor that it reads, and nothing else"
        guard information.verbs.contains(.check), information.readback == .value else {
            return report.skip(rule, "info does not list check, or nothing says readback: value")
        }
        let (predecessor, successor) = (MadeUpKey(), MadeUpKey())
        guard let reader = try? BoxKeyPair(seed: RandomBytes.secret(32)) else {
            return report.skip(rule, "libsodium does not start")
        }
        let recipient = Recipient(box: reader.publicKey, signing: RandomBytes.bytes(32))
        func check(_ key: MadeUpKey, _ expect: [MadeUpKey]) throws(Complaint) -> PublisherAnswer {
            var request = subject.request(key, expect: expect)
            request.sealTo = [recipient]
            return try subject.ask(.check, request).get()
        }
        var answer = PublisherAnswer(.ready)
        let failure = complaint { () throws(Complaint) in
            try expect("committed", from: .publish, subject.request(predecessor, expect: nil))
            answer = try check(successor, [predecessor, successor])
        }
        if failure == nil, answer.sealed.isEmpty {
            return report.skip(rule, "it seals nothing, so ork has no value to put back")
        }
        report.check(rule) {
            if let failure { return failure }
            guard answer.holds == predecessor.digest else { return "holds is not the predecessor's digest" }
            guard answer.sealed.map(\.recipient) == [recipient], answer.sealed[0].content == .predecessor,
                (try? reader.open(answer.sealed[0].bytes)) == predecessor.secret
            else { return "sealed is not one box for the recipient that opens to the predecessor" }
            return complaint { () throws(Complaint) in
                for (key, expect) in [(predecessor, [predecessor]), (successor, [successor])] {
                    guard try check(key, expect).sealed.isEmpty else {
                        throw Complaint("it sealed what is no predecessor")
                    }
                }
            }
        }
    }

    private func checkRollback(_ report: inout Report, _ information: PublisherInformation) {
        let rule = "rollback gives back the key that comes with it, once"
        let bare = "rollback without the key finds an earlier version, or rejects with not_found"
        let conflict = "rollback leaves a value that expect does not have"
        guard information.verbs.contains(.rollback) else {
            return report.skip(rule, "info does not list rollback")
        }
        let (predecessor, successor, stranger) = (MadeUpKey(), MadeUpKey(), MadeUpKey())
        var receipt: JSONObject?
        func publish(_ key: MadeUpKey, over expected: MadeUpKey?) throws(Complaint) {
            let expected = expected.map { [$0, key] }
            receipt = try expect("committed", from: .publish, subject.request(key, expect: expected)).receipt
        }
        func back(isKnown: Bool) -> PublisherRequest {
            var request = subject.request(predecessor, expect: [successor], create: false, receipt: receipt)
            if !isKnown { request.secret = nil }
            return request
        }
        report.check(rule) {
            complaint { () throws(Complaint) in
                try publish(predecessor, over: nil)
                try publish(successor, over: predecessor)
                let answer = try expect("committed", from: .rollback, back(isKnown: true))
                try seeFor(predecessor)
                try expectVerified(predecessor, answer.receipt, information)
                try expect("unchanged", "committed", from: .rollback, back(isKnown: true))
                try seeFor(predecessor)
            }
        }
        report.check(bare) {
            complaint { () throws(Complaint) in
                try publish(successor, over: predecessor)
                let answer = try expect("committed", "rejected", from: .rollback, back(isKnown: false))
                if case .rejected(let error) = answer.outcome {
                    guard error.code == .notFound else { throw Complaint("the code is not not_found") }
                    try seeFor(successor)
                } else {
                    try seeFor(predecessor)
                    try expectVerified(predecessor, answer.receipt, information)
                }
            }
        }
        guard information.readback == .value else {
            return report.skip(conflict, "nothing says readback: value")
        }
        report.check(conflict) {
            complaint { () throws(Complaint) in
                try publish(stranger, over: nil)
                let answer = try expect("rejected", from: .rollback, back(isKnown: true))
                guard answer.outcome.error?.code == .conflict else { throw Complaint("the code is not conflict") }
                try seeFor(stranger)
                try expectVerified(stranger, receipt, information)
            }
        }
    }

    /// Complains if `verify` says that the target holds another key.
    private func expectVerified(
        _ key: MadeUpKey, _ receipt: JSONObject?, _ information: PublisherInformation
    ) throws(Complaint) {
        guard information.verbs.contains(.verify) else { return }
        if information.readback == .value {
            try expect("match", from: .verify, subject.request(key, receipt: receipt))
        } else {
            try expect("match", "unverifiable", from: .verify, subject.request(key, receipt: receipt))
        }
    }
}
