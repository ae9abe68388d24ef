package import Fleet
package import FoundationEssentials
import Rotation
import Secrets
package import StepCLI

/// The figures of the keys in use, as `ork-due` sees them. Those of the steps have other names, so that the files of both can
/// lie in one folder.
package struct DueMetrics {
    package let all: [Metric]

    package init(_ findings: [DueFinding], at now: Date) {
        func samples(_ value: (DueFinding) -> Double?) -> [Metric.Sample] {
            findings.compactMap { finding in value(finding).map { Metric.Sample($0, Self.owner(finding)) } }
        }
        let words = ["due", "soaking", "current", "busy", "disabled", "problem"]
        all = [
            .gauge(
                "ork_key_info", help: "The key in use, by its name and the start of its hash.",
                findings.compactMap { finding in
                    finding.key.map {
                        Metric.Sample(
                            1, Self.owner(finding), (name: "key", value: $0),
                            (name: "hash", value: finding.hash?.short ?? ""))
                    }
                }),
            .gauge(
                "ork_key_created_timestamp", unit: "seconds", help: "When the key in use was made.",
                samples { $0.created?.timeIntervalSince1970 }),
            .gauge(
                "ork_key_expires_timestamp", unit: "seconds",
                help: "When the key in use ends; none for one that does not.",
                samples { $0.expires?.timeIntervalSince1970 }),
            .gauge(
                "ork_key_age", unit: "seconds", isMomentary: true, help: "How old the key in use is.",
                samples { $0.created.map { now.timeIntervalSince($0) } }),
            .gauge(
                "ork_key_time_to_expiry", unit: "days", isMomentary: true, help: "How long the key in use still lives.",
                samples { $0.expires.map { $0.timeIntervalSince(now) / 86400 } }),
            .gauge(
                "ork_due_verdict", help: "1 for what ork-due says of the rotation.",
                findings.flatMap { finding in
                    words.map {
                        Metric.Sample(
                            (finding.verdict.word == $0).metricValue, Self.owner(finding), (name: "verdict", value: $0))
                    }
                }),
            .gauge(
                "ork_due_timestamp", unit: "seconds", help: "When ork-due last looked.",
                samples { _ in now.timeIntervalSince1970.rounded() }),
        ]
    }

    private static func owner(_ finding: DueFinding) -> (name: String, value: String) {
        (name: "rotation", value: finding.rotation.description)
    }
}
