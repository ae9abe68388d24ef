import FoundationEssentials

/// Metrics as OpenMetrics text (prometheus.io/docs/specs/om/open_metrics_spec), without what readers of Prometheus' older
/// format stumble over: node_exporter's textfile collector is one of them.
struct OpenMetricsText {
    let text: String

    init(_ metrics: [Metric]) {
        var text = ""
        for metric in metrics where !metric.samples.isEmpty {
            let name = Self.family(metric)
            text += "# TYPE \(name) \(metric.kind == .counter ? "counter" : "gauge")\n"
            if let unit = metric.unit { text += "# UNIT \(name) \(unit)\n" }
            text += "# HELP \(name) \(Self.escape(metric.help))\n"
            for sample in metric.samples {
                text += "\(Self.series(metric, sample)) \(Self.number(sample.value))\n"
            }
        }
        self.text = text + "# EOF\n"
    }

    private static func family(_ metric: Metric) -> String {
        metric.name + (metric.unit.map { "_\($0)" } ?? "")
    }

    private static func series(_ metric: Metric, _ sample: Metric.Sample) -> String {
        let labels = sample.labels.map { "\($0.name)=\"\(escape($0.value))\"" }.joined(separator: ",")
        return family(metric) + (metric.kind == .counter ? "_total" : "") + "{\(labels)}"
    }

    private static func escape(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }

    private static func number(_ value: Double) -> String {
        Int(exactly: value).map { "\($0)" } ?? "\(value)"
    }

    /// What an earlier text says, which a program that has ended since knew.
    struct Earlier {
        private var values: [String: Double] = [:]

        /// Reads what this type writes; of anything else it knows nothing.
        init(_ bytes: [UInt8] = []) {
            for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
                guard !line.hasPrefix("#"), let space = line.lastIndex(of: " "),
                    let value = Double(line[line.index(after: space)...]), value.isFinite
                else { continue }
                values[String(line[..<space])] = value
            }
        }

        /// The value of a sample like this one.
        func value(of metric: Metric, _ sample: Metric.Sample) -> Double? {
            values[OpenMetricsText.series(metric, sample)]
        }
    }
}
