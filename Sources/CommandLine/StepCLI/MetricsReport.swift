import Configuration
package import FoundationEssentials
package import HTTP
import JSON
package import Rotation
import Secrets
import Steps
import SystemPackage

/// Leaves the figures of a rotation where `ork.yaml` says. What cannot be left there is told, and changes nothing.
struct MetricsReport: Reporter {
    private let store: MetricsStore
    private let rotation: PlanName
    private let start = StepClock().now

    /// `nil` where nobody keeps figures.
    init?(
        _ configuration: RotationConfiguration?, _ environment: StepEnvironment, _ console: Console,
        _ transport: (any HTTPTransport)?
    ) {
        guard let configuration, configuration.metrics != MetricsRules() else { return nil }
        rotation = configuration.name
        store = MetricsStore(
            configuration.metrics, seenFrom: configuration.folder, environment, console, transport)
    }

    func report(_ outcome: Outcome) {
        guard !outcome.isDryRun else { return }
        let now = StepClock().now
        store.replace("ork-rotation", of: rotation) {
            RotationMetrics(outcome, of: rotation, at: now, after: $0).all
        }
        store.push(RotationMetrics(outcome, of: rotation, at: now).all, of: "\(rotation)", since: start, at: now)
    }
}

/// Where figures are kept: a folder of files, and a collector.
package struct MetricsStore {
    private let rules: MetricsRules
    private let base: String
    private let environment: StepEnvironment
    private let console: Console
    private let transport: (any HTTPTransport)?

    /// `base` is the folder that a relative one is seen from.
    package init(
        _ rules: MetricsRules, seenFrom base: String, _ environment: StepEnvironment, _ console: Console,
        _ transport: (any HTTPTransport)?
    ) {
        self.rules = rules
        self.base = base
        self.environment = environment
        self.console = console
        self.transport = transport?.brief
    }

    /// More than such a file ever has.
    private static let sizeLimit = 1 << 20

    /// Puts a rotation's file in the place of the one before, which `make` gets.
    func replace(_ kind: String, of rotation: PlanName, _ make: (OpenMetricsText.Earlier) -> [Metric]) {
        guard let folder = rules.folder else { return }
        let name = "\(kind)-\(HTTPURL.encode(rotation.description)).prom"
        let path = FilePath(base).pushing(FilePath(folder)).appending(name).lexicallyNormalized().string
        let file = DurableFile(path)
        let earlier = OpenMetricsText.Earlier((try? file.read(limit: Self.sizeLimit)) ?? [])
        let text = OpenMetricsText(make(earlier).filter { !$0.isMomentary }).text
        // Whoever collects it is another user.
        do {
            try file.replace(Array(text.utf8), permissions: [.ownerReadWrite, .groupRead, .otherRead])
        } catch {
            console.warn("the metrics of \(rotation) are not in \(path): \(DurableFile.problem(error))")
        }
    }

    /// The same without what was there before.
    package func replace(_ kind: String, of rotation: PlanName, by metrics: [Metric]) {
        replace(kind, of: rotation) { _ in metrics }
    }

    /// Sends them to the collector, if there is one. `owner` is whose they are, for people.
    package func push(_ metrics: [Metric], of owner: String, since start: Date, at now: Date) {
        guard let collector = rules.collector, let transport else { return }
        let problem: String?
        do throws(DeliveryMistake) {
            var request = try MetricsCollector(collector, environment).request
            request.body = OTLPMetrics(metrics, since: start, at: now).json.bytes(.compact)
            do { problem = Self.problem(try transport.send(request)) } catch { problem = error.deliveryProblem }
        } catch {
            problem = error.message
        }
        if let problem { console.warn("the collector was not given the metrics of \(owner): \(problem)") }
    }

    /// A collector may take a part only, and says so in an answer that is a success.
    private static func problem(_ answer: HTTPResponse) -> String? {
        if let problem = answer.deliveryProblem { return problem }
        let partial = (try? JSONValue(parsing: answer.body))?["partialSuccess"]?["rejectedDataPoints"]
        let count = partial?.integer ?? partial?.string.flatMap { Int($0) } ?? 0
        return count > 0 ? "it refuses \(count) of them" : nil
    }
}
