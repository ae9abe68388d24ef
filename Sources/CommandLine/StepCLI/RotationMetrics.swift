import FoundationEssentials
import Rotation
import Steps

/// The figures of a rotation after a run of a step.
struct RotationMetrics {
    private(set) var all: [Metric] = []

    /// The classes of failures.
    private static let classes: [StepError.Code] = [.failed, .usage, .unacceptable, .unreachable, .denied]

    /// `earlier` is what an earlier run has left, which knew of the other steps.
    init(_ outcome: Outcome, of rotation: PlanName, at now: Date, after earlier: OpenMetricsText.Earlier? = nil) {
        let own = (name: "rotation", value: rotation.description)
        // A run that could not read the handoff knows no better than the one before it.
        var state = Metric.gauge("ork_rotation_state", help: "1 for the state that the rotation is in.", [])
        for phase in State.Phase.allCases {
            let labels = [own, (name: "state", value: phase.rawValue)]
            let value =
                outcome.state.map { (phase == $0.phase).metricValue }
                ?? earlier?.value(of: state, Metric.Sample(0, labels))
            if let value { state.samples.append(Metric.Sample(value, labels)) }
        }
        var created = Metric.gauge(
            "ork_successor_created_timestamp", unit: "seconds", help: "When the newest key of the rotation was made.",
            [])
        let moment =
            outcome.state?.created?.createdAt.timeIntervalSince1970
            ?? earlier?.value(of: created, Metric.Sample(0, own))
        created.samples = moment.map { [Metric.Sample($0, own)] } ?? []
        all = [state, created]
        let finished = outcome.state.flatMap { $0.isFinished ? $0.lastRecordAt?.timeIntervalSince1970 : nil }
        var last = Metric.gauge(
            "ork_rotation_finished_timestamp", unit: "seconds", help: "When a rotation was last finished.", [])
        let known = finished ?? earlier?.value(of: last, Metric.Sample(0, own))
        last.samples = known.map { [Metric.Sample($0, own)] } ?? []
        all.append(last)
        addRuns(outcome, own, now, earlier)
    }

    private mutating func addRuns(
        _ outcome: Outcome, _ own: (name: String, value: String), _ now: Date, _ earlier: OpenMetricsText.Earlier?
    ) {
        var runs = Metric.gauge("ork_run_timestamp", unit: "seconds", help: "When a step was last run.", [])
        var failed = Metric.gauge("ork_run_failed", help: "1 if the last run of a step failed.", [])
        var failures = Metric.counter("ork_run_failures", help: "How many runs of a step failed, by class.", [])
        let failure = outcome.failure.flatMap { failure in Self.classes.first { $0 == failure.code } }
        for step in StepName.allCases {
            let isMine = outcome.program == "ork-\(step.rawValue)"
            let labels = [own, (name: "step", value: step.rawValue)]
            func add(_ metric: inout Metric, _ value: Double?) {
                let value = value ?? earlier?.value(of: metric, Metric.Sample(0, labels))
                if let value { metric.samples.append(Metric.Sample(value, labels)) }
            }
            add(&runs, isMine ? now.timeIntervalSince1970.rounded() : nil)
            add(&failed, isMine ? (failure != nil).metricValue : nil)
            for code in Self.classes {
                let labels = labels + [(name: "class", value: code.word)]
                let before = earlier?.value(of: failures, Metric.Sample(0, labels))
                guard isMine || before != nil else { continue }
                failures.samples.append(
                    Metric.Sample((before ?? 0) + (isMine && code == failure).metricValue, labels))
            }
        }
        all += [runs, failed, failures]
    }
}
