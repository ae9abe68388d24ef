import FoundationEssentials
import JSON
import PublisherHosting
import Rotation
import Secrets
import Timestamps
import Wording

extension RotationReport {
    /// The sections about one rotation.
    var sections: [Document.Section] {
        let keys = KeyLife.all(in: self)
        let targets = state.plan.targets.map { TargetLife($0, self) }
        var sections = [
            section("Where it stands", [.facts(facts)]),
            section("Timeline", timeline.map { [.timeline($0)] } ?? []),
            section("What comes next", [.facts(coming)]),
            section("Keys", [.table(table(keys))]),
            section("Targets", [.table(table(targets))]),
            section("Writes and looks", [.table(history(targets))]),
            section("Evidence", [.table(table(evidence)), .table(table(meters))]),
            section("Approvals", [.table(table(approvals))]),
            section("Signers", [.paragraph("Signatures: \(signatures)."), .table(table(signers))]),
            section("All records", [.table(diary)]),
        ]
        if !account.isEmpty {
            let lines = account.map { [Document.Cell.text(String($0.drop { $0 == " " }))] }
            sections.insert(
                section(
                    "What OpenRouter shows",
                    [.table(.init(title: "asked when this was made", columns: ["seen"], rows: lines, absence: ""))]),
                at: 3)
        }
        return sections
    }

    private func section(_ title: String, _ blocks: [Document.Block]) -> Document.Section {
        Document.Section(title: title, blocks: blocks)
    }

    private var facts: [Document.Fact] {
        var facts: [Document.Fact] = [
            .init("state", standing), .init("meaning", state.sentence),
            .init("rotation", .code(state.header.id.description)), .init("keys named", state.header.base),
        ]
        if let workspace = state.header.workspace { facts.append(.init("workspace", .code(workspace))) }
        facts += [
            .init("begun", .moment(records.first?.at)), .init("newest record", .moment(state.lastRecordAt)),
            .init("signatures", signatures), .init("head", .code(state.head.description)),
        ]
        return facts
    }

    private var coming: [Document.Fact] {
        guard let next else {
            return [.init("next", "nothing: the rotation \(state.isRolledBack ? "was rolled back" : "is finished")")]
        }
        var facts: [Document.Fact] = [.init("next", .code(next.command))]
        if let moment = next.notBefore { facts.append(.init("not before", .moment(moment))) }
        if let wayBack = next.wayBack { facts.append(.init("way back", .code(wayBack))) }
        for place in state.dropped { facts.append(.init("dropped", state.news(of: place))) }
        return facts
    }

    private func table(_ keys: [KeyLife]) -> Document.Table {
        .init(
            title: "the keys of this rotation, by the records",
            columns: ["key", "role", "state", "live from", "disabled", "deleted", "hash"],
            rows: keys.map { key in
                [
                    .text(key.name), .standing(key.role, .plain), .standing(key.status, key.tone),
                    .moment(key.liveFrom),
                    .moment(key.disabledAt), .moment(key.deletedAt), .code(key.hash.description),
                ]
            }, absence: "No key is recorded.")
    }

    private func table(_ targets: [TargetLife]) -> Document.Table {
        .init(
            title: "each target as it stands",
            columns: [
                "target", "publisher", "wave", "state", "why", "last write", "last look", "looked at", "held before",
            ],
            rows: targets.map { life in
                [
                    .text(life.target.name.description), .text(life.target.publisher.description),
                    .text(String(life.target.wave)), life.standing, .text(life.news.reason ?? "–"),
                    .moment(life.written?.at), life.seen,
                    .moment(life.look?.at), .text(life.heldBefore),
                ]
            }, absence: "The plan has no target.")
    }

    private func history(_ targets: [TargetLife]) -> Document.Table {
        let all = targets.flatMap { $0.writes + $0.looks }.sorted { $0.at < $1.at }
        return .init(
            title: "every write to a target and every look at one",
            columns: ["at", "target", "by", "outcome", "said", "signer"],
            rows: all.map { record in
                let outcome = record.detail["outcome"]?.string?.replacing("_", with: " ") ?? record.event.rawValue
                return [
                    .moment(record.at), .text(record.target?.description ?? "–"),
                    .text("ork-\(record.step.rawValue)"), .standing(outcome, Self.tone(outcome)),
                    .text(record.message), .code(record.signer.short),
                ]
            }, absence: "Nothing was written and nothing looked at.")
    }

    private static func tone(_ outcome: String) -> Document.Tone {
        switch outcome {
        case "passed", "committed", "unchanged": .good
        case "failed", "rejected": .bad
        default: .waiting
        }
    }

    private func table(_ evidence: [Evidence]) -> Document.Table {
        .init(
            title: "what the steps relied on", columns: ["what", "outcome", "source", "seen", "at", "signer"],
            rows: evidence.map { one in
                [
                    .text(one.what), .standing(one.outcome, one.tone), .text(one.source), .text(one.seen),
                    .moment(one.record.at), .code(one.record.signer.short),
                ]
            }, absence: "No evidence is recorded.")
    }

    private func table(_ meters: [MeterReading]) -> Document.Table {
        .init(
            title: "OpenRouter's meters, by its clock",
            columns: ["key", "spent, in US dollars", "last used", "read at"],
            rows: meters.map { [.text($0.key), .text($0.cost), .text($0.lastUsed), .moment($0.at)] },
            absence: "No meter was read.")
    }

    private func table(_ approvals: [Approval]) -> Document.Table {
        .init(
            title: "who let it go on", columns: ["for", "at", "binds what there is now", "signer", "where"],
            rows: approvals.map { one in
                [
                    .text(one.steps.joined(separator: " and ")), .moment(one.record.at),
                    one.isValid
                        ? .standing("yes", .good)
                        : .standing("no: the plan, the successor or a target has changed since", .waiting),
                    .code(one.record.signer.short), .text(one.record.place),
                ]
            }, absence: "Nobody has approved anything.")
    }

    private func table(_ signers: [Signer]) -> Document.Table {
        .init(
            title: "who has signed what; where is what the CI system said, and nothing vouches for it but the signer",
            columns: ["signer", "trusted for it", "steps", "records", "where"],
            rows: signers.map { one in
                [
                    .code(one.identity.description),
                    areSignersTrusted ? .standing("yes", .good) : .standing("not checked", .waiting),
                    .standing(one.steps.joined(separator: ", "), .plain), .text(String(one.count)),
                    .text(one.places.joined(separator: "; ")),
                ]
            }, absence: "Nobody has signed anything.")
    }

    private var diary: Document.Table {
        .init(
            title: Counted(records.count, "record").description,
            columns: ["at", "step", "event", "target", "said", "where", "digest"],
            rows: records.map { record in
                [
                    .moment(record.at), .standing(record.step.rawValue, .plain),
                    .standing(record.event.rawValue, .plain),
                    .text(record.target?.description ?? "–"), .text(record.message), .text(record.place),
                    .code(String(record.digest.description.prefix(19))),
                ]
            }, absence: "Nothing is recorded.")
    }
}
