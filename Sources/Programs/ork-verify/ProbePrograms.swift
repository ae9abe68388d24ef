import FoundationEssentials
import PluginHost
import PublisherHosting
import PublisherKit
import Secrets
import StepCLI
import Steps

/// Runs the plan's `command` probes under the rules for publishers.
struct ProbePrograms: ProgramRunner {
    private let variables: [String: String]
    private let console: Console

    init(_ session: Session) {
        variables = session.environment.variables
        console = session.console
    }

    func run(
        _ arguments: [String], environment: [EnvironmentName: EnvironmentName], deadline: Date, hiding secret: Secret?
    ) -> String? {
        let names: [String: String]
        do { names = try PublisherEnvironment(variables).child(environment) } catch { return error.message }
        let time = Duration.seconds(max(0, deadline.timeIntervalSinceNow))
        let status = BoundedCommand().run(
            arguments, environment: names, time: time, redactor: Redactor(secret.map { [$0] } ?? []),
            log: { console.log($0) })
        switch status {
        case .exited(0): return nil
        case .exited(let status): return "exits \(status)"
        case .signalled(let signal): return "ended by signal \(signal)"
        case .timedOut: return "did not end in time"
        case .notStarted: return "cannot be started"
        }
    }
}
