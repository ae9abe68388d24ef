package import FoundationEssentials
import JSON
package import Rotation
import Secrets
import Timestamps

/// What there is to tell of one rotation: who did what, when, and on what evidence.
package struct RotationReport: Sendable {
    let state: State
    /// All that is recorded, in the order of its moments.
    let records: [Record]
    let next: Next?
    let areSignersTrusted: Bool
    /// What OpenRouter was seen to show when it was asked, line by line.
    let account: [String]
    private let now: Date

    /// What comes next, as it is typed.
    package struct Next: Sendable {
        let command: String
        let notBefore: Date?
        /// What takes the rotation back instead; `nil` where nothing can.
        let wayBack: String?

        package init(_ command: String, notBefore: Date?, wayBack: String? = nil) {
            self.wayBack = wayBack
            self.command = command
            self.notBefore = notBefore
        }
    }

    /// `state` is what was read from `handoff`, which checks every signature; with `areSignersTrusted` also who signed.
    package init(
        _ handoff: Handoff, _ state: State, next: Next?, areSignersTrusted: Bool, account: [String] = [], at now: Date
    ) {
        self.state = state
        records = handoff.records.enumerated().sorted {
            ($0.element.at, $0.offset) < ($1.element.at, $1.offset)
        }.map(\.element)
        self.next = next
        self.areSignersTrusted = areSignersTrusted
        self.account = account
        self.now = now
    }

    /// The moment of the first record.
    var begun: Date { records.first?.at ?? now }

    /// Where its line ends: a rotation that is finished goes on no more.
    var horizon: Date { state.isFinished ? state.lastRecordAt ?? now : max(now, state.lastRecordAt ?? now) }

    /// How it stands, in a word.
    var standing: Document.Cell {
        switch state.phase {
        case .finished: .standing("finished", .good)
        case .held: .standing("held", .bad)
        case .rolledBack: .standing("rolled back", .waiting)
        case .rollingBack: .standing("rolling back", .waiting)
        default: .standing(state.phase.rawValue, .waiting)
        }
    }

    /// What was said of the signatures, so that nobody takes it for more.
    var signatures: String {
        let checked =
            "each of the \(records.count) records has a valid signature and follows those before it; "
        return checked
            + (areSignersTrusted
                ? "each signer is one that was named by --trust for its step"
                : "whose signatures count was not checked: name the signers with --trust STEP=IDENTITY")
    }

    /// An approval as it is recorded.
    struct Approval: Sendable {
        let record: Record
        let steps: [String]
        let isValid: Bool
    }

    var approvals: [Approval] {
        records.filter { $0.event == .approved }.map { record in
            let binding = record.detail["binds"]?.string
            let steps = record.detail["for"]?.array?.compactMap(\.string).sorted() ?? ["publish", "retire"]
            return Approval(
                record: record, steps: steps,
                isValid: binding != nil && binding == state.approvalBinding?.description)
        }
    }

    /// Somebody who has signed, and for what.
    struct Signer: Sendable {
        let identity: PublicIdentity
        let steps: [String]
        let count: Int
        let places: [String]
    }

    var signers: [Signer] {
        var order: [PublicIdentity] = []
        var signed: [PublicIdentity: [Record]] = [:]
        for record in records {
            if signed[record.signer] == nil { order.append(record.signer) }
            signed[record.signer, default: []].append(record)
        }
        return order.map { identity in
            let own = signed[identity] ?? []
            let steps = StepName.allCases.filter { step in own.contains { $0.step == step } }.map(\.rawValue)
            var places: [String] = []
            for record in own where !places.contains(record.place) { places.append(record.place) }
            return Signer(identity: identity, steps: steps, count: own.count, places: places)
        }
    }
}

extension Record {
    /// Who wrote it and where, as the CI system said; nothing vouches for it but the signer.
    var place: String {
        let parts = [provenance["actor"], provenance["ci"], provenance["run"]].compactMap { $0?.string }
        return parts.isEmpty ? "not said" : parts.joined(separator: ", ")
    }
}
