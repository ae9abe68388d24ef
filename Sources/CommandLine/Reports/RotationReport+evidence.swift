import FoundationEssentials
import JSON
import Rotation
import Secrets
import Timestamps

extension RotationReport {
    /// Something that a step relied on, where it came from, and what it said.
    struct Evidence: Sendable {
        let what: String
        let source: String
        let outcome: String
        let seen: String
        let record: Record

        var tone: Document.Tone {
            switch outcome {
            case "passed": .good
            case "failed": .bad
            default: .waiting
            }
        }
    }

    /// What every verification and every retirement rests on, in the order of time.
    var evidence: [Evidence] { records.compactMap(Self.evidence) }

    private static func evidence(_ record: Record) -> Evidence? {
        let detail = record.detail
        switch (record.step, record.event) {
        case (_, .checked):
            guard let check = detail["check"]?.string, let outcome = detail["outcome"]?.string else { return nil }
            let prefix = "\(check): "
            let seen =
                record.message.hasPrefix(prefix) ? String(record.message.dropFirst(prefix.count)) : record.message
            return Evidence(
                what: "\(record.step.rawValue): \(check)", source: source(of: check, record.target),
                outcome: outcome.replacing("_", with: " "), seen: seen, record: record)
        case (.verify, .verified):
            let said = detail["evidence"]
            var parts: [String] = []
            if said?["key"]?.bool == true { parts.append("OpenRouter, asked with the successor") }
            parts += list("read back from", said?["read"]) + list("not readable", said?["unread"])
            parts += list("probes of the application", said?["probes"])
            return Evidence(
                what: "the successor works",
                source: parts.isEmpty ? "the checks before it" : parts.joined(separator: "; "),
                outcome: "passed", seen: "\(record.message); use \(detail["adoption"]?.string ?? "unknown")",
                record: record)
        case (_, .disabled):
            let quiet = detail["quiet"]
            let since = quiet?["since"]?.string.map { "nothing has moved since \($0)" }
            return Evidence(
                what: "a key may be disabled",
                source: list("OpenRouter's meters", quiet?["signals"]).first ?? "the records before it",
                outcome: "passed", seen: since ?? record.message, record: record)
        case (_, .deleted):
            let parts = list("probes of the application", detail["probes"]) + list("taken out of", detail["lists"])
            return Evidence(
                what: "a key may be deleted",
                source: parts.isEmpty ? "the records before it" : parts.joined(separator: "; "), outcome: "passed",
                seen: record.message, record: record)
        default: return nil
        }
    }

    private static func source(of check: String, _ target: PlanName?) -> String {
        if let target { return "the target \(target), by its publisher" }
        switch check {
        case State.Check.first: return "OpenRouter, asked with the successor"
        case "adopted": return "OpenRouter's meters"
        default: return "the application's probe"
        }
    }

    private static func list(_ what: String, _ names: JSONValue?) -> [String] {
        let names = names?.array?.compactMap(\.string) ?? []
        return names.isEmpty ? [] : ["\(what): \(names.joined(separator: ", "))"]
    }

    /// One key's meters at one moment.
    struct MeterReading: Sendable {
        let key: String
        let hash: String
        let cost: String
        let lastUsed: String
        let at: Date
    }

    var meters: [MeterReading] {
        var names: [String: String] = [:]
        for life in KeyLife.all(in: self) { names[life.hash.description] = "\(life.role) \(life.name)" }
        return records.filter { $0.event == .observed }.flatMap { record -> [MeterReading] in
            let at = record.detail["at"]?.string.flatMap { Date(rfc3339: $0) } ?? record.at
            return (record.detail["keys"]?.object?.members ?? []).map { hash, meter in
                MeterReading(
                    key: names[hash] ?? "another key", hash: hash, cost: meter["cost"]?.string ?? "unknown",
                    lastUsed: Self.use(meter["last_used"]?.integer), at: at)
            }
        }
    }

    private static func use(_ milliseconds: Int?) -> String {
        guard let milliseconds else { return "not reported" }
        return milliseconds == 0
            ? "never" : Date(timeIntervalSince1970: Double(milliseconds) / 1000).rfc3339
    }
}
