import FoundationEssentials
import JSON

/// Metrics as a request of OTLP over HTTP, in JSON (opentelemetry.io/docs/specs/otlp).
struct OTLPMetrics {
    let json: JSONValue

    /// `start` is since when is counted, which is this run.
    init(_ metrics: [Metric], since start: Date, at now: Date) {
        let scope: JSONValue = [
            "scope": ["name": "ork", "version": .string(orkVersion)],
            "metrics": .array(metrics.filter { !$0.samples.isEmpty }.map { Self.metric($0, start, now) }),
        ]
        let resource: JSONValue = [
            "attributes": .array([
                Self.attribute("service.name", "ork"), Self.attribute("service.version", orkVersion),
            ])
        ]
        json = ["resourceMetrics": [["resource": resource, "scopeMetrics": [scope]]]]
    }

    private static func metric(_ metric: Metric, _ start: Date, _ now: Date) -> JSONValue {
        let points = metric.samples.map { sample -> JSONValue in
            var point: JSONObject = [
                "attributes": .array(sample.labels.map { attribute($0.name, $0.value) }),
                "timeUnixNano": nanoseconds(now),
                "asDouble": JSONNumber("\(sample.value)").map { .number($0) } ?? .null,
            ]
            if metric.kind == .counter { point["startTimeUnixNano"] = nanoseconds(start) }
            return .object(point)
        }
        var json: JSONObject = [
            "name": .string(metric.name.replacing("_", with: ".")), "description": .string(metric.help),
            "unit": .string(Self.unit(metric)),
        ]
        switch metric.kind {
        case .gauge: json["gauge"] = ["dataPoints": .array(points)]
        // A run counts what happened in it: nobody is there who knows the sum.
        case .counter:
            json["sum"] = ["dataPoints": .array(points), "aggregationTemporality": 1, "isMonotonic": true]
        }
        return .object(json)
    }

    /// By UCUM, as OpenTelemetry has units.
    private static func unit(_ metric: Metric) -> String {
        switch metric.unit {
        case "seconds": "s"
        case "days": "d"
        default: "1"
        }
    }

    private static func attribute(_ name: String, _ value: String) -> JSONValue {
        ["key": .string(name), "value": ["stringValue": .string(value)]]
    }

    /// 64 bits are a text in the JSON of protocol buffers.
    private static func nanoseconds(_ date: Date) -> JSONValue {
        .string("\(Int64(max(0, date.timeIntervalSince1970) * 1000) * 1_000_000)")
    }
}
