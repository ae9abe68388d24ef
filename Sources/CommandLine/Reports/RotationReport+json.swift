import FoundationEssentials
import JSON
import PublisherHosting
import Rotation
import Secrets
import Timestamps

extension RotationReport {
    var json: JSONValue {
        [
            "rotation": .string(state.header.id.description), "name": .string(state.header.name.description),
            "base": Self.text(state.header.base), "workspace": Self.text(state.header.workspace),
            "state": .string(state.phase.rawValue), "begun_at": Self.moment(records.first?.at),
            "recorded_at": Self.moment(state.lastRecordAt), "head": .string(state.head.description),
            "signatures": ["valid": true, "signers_trusted": areSignersTrusted ? true : .null],
            "next": next.map { ["command": Self.text($0.command), "not_before": Self.moment($0.notBefore)] } ?? .null,
            "keys": .array(KeyLife.all(in: self).map(Self.json)),
            "targets": .array(state.plan.targets.map { Self.json(TargetLife($0, self)) }),
            "evidence": .array(evidence.map(Self.json)),
            "meters": .array(
                meters.map { meter in
                    [
                        "hash": Self.text(meter.hash), "cost": Self.text(meter.cost),
                        "last_used": Self.text(meter.lastUsed), "at": Self.moment(meter.at),
                    ]
                }),
            "approvals": .array(
                approvals.map { one in
                    [
                        "for": .array(one.steps.map(Self.text)), "valid": .bool(one.isValid),
                        "record": Self.json(one.record),
                    ]
                }),
            "signers": .array(
                signers.map { one in
                    [
                        "identity": .string(one.identity.description), "steps": .array(one.steps.map { .string($0) }),
                        "records": .number(JSONNumber(one.count)),
                    ]
                }), "records": .array(records.map(Self.json)),
            "openrouter": .array(account.map(Self.text)),
        ]
    }

    private static func json(_ key: KeyLife) -> JSONValue {
        [
            "role": .string(key.role), "name": text(key.name), "hash": .string(key.hash.description),
            "status": .string(key.status), "live_from": moment(key.liveFrom), "disabled_at": moment(key.disabledAt),
            "deleted_at": moment(key.deletedAt),
        ]
    }

    private static func json(_ life: TargetLife) -> JSONValue {
        [
            "name": .string(life.target.name.description), "publisher": .string(life.target.publisher.description),
            "wave": .number(JSONNumber(life.target.wave)), "outcome": .string(life.news.event),
            "reason": text(life.news.reason), "written_at": moment(life.written?.at), "seen": .string(life.seen.words),
            "looked_at": moment(life.look?.at), "held_before": .string(life.heldBefore),
            "writes": .array(life.writes.map(json)), "looks": .array(life.looks.map(json)),
        ]
    }

    private static func json(_ evidence: Evidence) -> JSONValue {
        [
            "what": text(evidence.what), "outcome": text(evidence.outcome), "source": text(evidence.source),
            "seen": text(evidence.seen), "record": json(evidence.record),
        ]
    }

    private static func json(_ record: Record) -> JSONValue {
        [
            "at": moment(record.at), "step": .string(record.step.rawValue), "event": .string(record.event.rawValue),
            "target": text(record.target?.description), "message": text(record.message), "where": text(record.place),
            "signer": .string(record.signer.description), "digest": .string(record.digest.description),
        ]
    }

    private static func moment(_ date: Date?) -> JSONValue { text(date?.rfc3339) }

    // Programs show it to people, too.
    private static func text(_ text: String?) -> JSONValue { text.map { .string(ReportText.shown($0)) } ?? .null }
}
