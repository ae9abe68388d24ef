package import Fleet
import FoundationEssentials
package import JSON
import OpenRouter
import Rotation
import Secrets
import Timestamps
import Wording

/// The keys of a workspace and the rotations that own them: what `ork-due --report` writes.
package struct WorkspaceReport: Report, Sendable {
    private let lines: [KeyLine]
    private let findings: [DueFinding]
    private let survey: DueSurvey
    private let version: String

    package init(_ survey: DueSurvey, by version: String) {
        self.survey = survey
        self.version = version
        findings = survey.findings
        lines = survey.keys.map { KeyLine($0, at: survey.date) }.sorted { $0.order < $1.order }
    }

    private var live: [KeyLine] { lines.filter(\.isLive) }

    package var document: Document {
        let due = findings.count { $0.due != nil }
        var ages: [Document.Block] = []
        if let timeline = Timeline("ages of the live keys", live.map(lane)) { ages.append(.timeline(timeline)) }
        return Document(
            title: "\(Counted(live.count, "live key")) of OpenRouter, \(Counted(due, "rotation")) due",
            lead: [.facts([.init("made", .moment(survey.date)), .init("by", version)]), .contents],
            sections: [
                .init(title: "In numbers", blocks: [.facts(numbers)]),
                .init(title: "Keys", blocks: [.table(keys)]), .init(title: "Ages", blocks: ages),
                .init(title: "Rotations", blocks: [.table(rotations)]),
            ])
    }

    private func lane(_ line: KeyLine) -> Timeline.Lane {
        // An expiry that is to come would make the past too short to see.
        Timeline.Lane(
            role: "key", name: line.key.name,
            bars: [.init(kind: .live, from: line.key.createdAt, until: survey.date, isOpenAfter: true)],
            marks: lastUse(line).map { [.init(word: "last used", at: $0, tone: .plain)] } ?? [])
    }

    private func lastUse(_ line: KeyLine) -> Date? {
        if case .at(let date) = line.key.lastUsedAt { date } else { nil }
    }

    private var numbers: [Document.Fact] {
        func fact(_ name: String, _ count: Int, _ tone: Document.Tone = .bad) -> Document.Fact {
            .init(name, .standing(String(count), count == 0 ? .good : tone))
        }
        return [
            .init("live keys", String(live.count)), .init("other keys", String(lines.count - live.count)),
            fact("not used for 90 days", lines.count(where: \.isStale)),
            fact("without a limit", lines.count(where: \.isUncapped)),
            fact("owned by no rotation", lines.count(where: \.isUnowned)),
            fact("never used", lines.count(where: \.isNeverUsed), .waiting),
            fact("never expiring", lines.count(where: \.isWithoutEnd), .waiting),
            fact("rotations due", findings.count { $0.due != nil }, .waiting),
        ]
    }

    private var keys: Document.Table {
        .init(
            title:
                "every key of the workspaces that were looked at: the stale and the uncapped first, then the oldest",
            columns: [
                "key", "state", "to be looked at", "rotation", "created", "age", "limit", "expires", "last used",
                "hash",
            ],
            rows: lines.map { line in
                let remarks = line.remarks
                return [
                    .text(line.key.name), line.standing,
                    remarks.isEmpty
                        ? .text("–")
                        : .standing(
                            remarks.joined(separator: ", "),
                            line.isStale || line.isUncapped || line.isUnowned ? .bad : .waiting),
                    .text(line.owned.owner?.description ?? "none"), .moment(line.key.createdAt), .text(line.age),
                    .text(line.limit), line.key.expiresAt.map { .moment($0) } ?? .text("never"), .text(line.lastUse),
                    .code(line.key.hash.description),
                ]
            }, absence: "There is no key.")
    }

    private var rotations: Document.Table {
        .init(
            title: "the rotations of ork.yaml", columns: ["rotation", "state", "action", "why", "key"],
            rows: findings.map { finding in
                [
                    .text(finding.rotation.description), .standing(finding.verdict.word, Self.tone(finding.verdict)),
                    .text(finding.due?.action.rawValue ?? "–"), .text(finding.message), .text(finding.key ?? "–"),
                ]
            }, absence: "There is no rotation.")
    }

    private static func tone(_ verdict: DueFinding.Verdict) -> Document.Tone {
        switch verdict {
        case .current: .good
        case .problem: .bad
        case .due, .soaking, .busy: .waiting
        case .disabled: .plain
        }
    }

    package var members: JSONObject {
        [
            "kind": "workspace", "made_at": .string(survey.date.rfc3339), "made_by": .string(version),
            "keys": .array(lines.map(\.json)),
            "rotations": .array(
                findings.map { finding in
                    [
                        "rotation": .string(finding.rotation.description), "state": .string(finding.verdict.word),
                        "action": finding.due.map { .string($0.action.rawValue) } ?? .null,
                        "message": .string(ReportText.shown(finding.message)),
                        "hash": finding.hash.map { .string($0.description) } ?? .null,
                    ]
                }),
        ]
    }
}

extension KeyLine {
    /// The key for programs.
    package var json: JSONValue {
        [
            "name": .string(ReportText.shown(key.name)), "hash": .string(key.hash.description),
            "workspace": key.workspaceID.map { .string(ReportText.shown($0)) } ?? .null,
            "state": .string(standing.words), "rotation": owned.owner.map { .string($0.description) } ?? .null,
            "created_at": .string(key.createdAt.rfc3339),
            "expires_at": key.expiresAt.map { .string($0.rfc3339) } ?? .null,
            "limit": key.limit.map { .number($0) } ?? .null,
            "limit_reset": key.limitReset.map { .string(ReportText.shown($0)) } ?? .null,
            "last_used": .string(lastUse), "remarks": .array(remarks.map { .string($0) }),
        ]
    }
}
