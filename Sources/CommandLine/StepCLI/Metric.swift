import Secrets

/// A figure that is kept over time: a family of OpenMetrics, a metric of OpenTelemetry.
package struct Metric: Sendable {
    /// How it may change.
    enum Kind: Sendable { case gauge, counter }

    /// In lower case with `_`, without its unit.
    let name: String
    let kind: Kind
    /// In full, as OpenMetrics has it.
    let unit: String?
    let help: String
    /// Whether it is true at this moment only, so that it is pushed and not left in a file.
    let isMomentary: Bool
    package var samples: [Sample]

    /// One of its values.
    package struct Sample: Sendable {
        let labels: [(name: String, value: String)]
        let value: Double

        /// A value with what tells it from others of the same figure. What others have written is made one line.
        package init(_ value: Double, _ labels: (name: String, value: String)...) {
            self.init(value, labels)
        }

        init(_ value: Double, _ labels: [(name: String, value: String)]) {
            self.labels = labels.map { ($0.name, DisplayText.line(SecretShape.masking($0.value))) }
            self.value = value
        }
    }

    private init(
        _ name: String, _ kind: Kind, unit: String?, isMomentary: Bool, help: String, _ samples: [Sample]
    ) {
        self.name = name
        self.kind = kind
        self.unit = unit
        self.isMomentary = isMomentary
        self.help = help
        self.samples = samples
    }

    /// Something that may go up and down.
    package static func gauge(
        _ name: String, unit: String? = nil, isMomentary: Bool = false, help: String, _ samples: [Sample]
    ) -> Metric {
        Metric(name, .gauge, unit: unit, isMomentary: isMomentary, help: help, samples)
    }

    /// Something that is counted.
    static func counter(_ name: String, help: String, _ samples: [Sample]) -> Metric {
        Metric(name, .counter, unit: nil, isMomentary: false, help: help, samples)
    }
}

extension Bool {
    /// What Prometheus calls true and false.
    package var metricValue: Double { self ? 1 : 0 }
}
