import ChildProcesses
import FoundationEssentials
import PublisherHosting
import PublisherKit
import Secrets
import StepCLI
import Steps

/// Runs the plan's `command` probes under the rules for publishers.
struct ProbePrograms: ProgramRunner {
    private let variables: [String: String]
    private let hidden: [Secret]
    private let console: Console

    init(_ session: Session) {
        variables = session.environment.variables
        hidden = session.secrets
        console = session.console
    }

    func run(
        _ arguments: [String], environment: [EnvironmentName: EnvironmentName], in folder: String?, deadline: Date,
        hiding secret: Secret?
    ) -> String? {
        let hosting = PublisherEnvironment(variables)
        var names: [String: String]
        do { names = try hosting.child(environment) } catch { return error.message }
        if folder != nil {
            names = PublisherEnvironment.moved(names, from: FileManager.default.currentDirectoryPath)
        }
        let time = Duration.seconds(max(0, deadline.timeIntervalSinceNow))
        let redactor = Redactor(hidden + (secret.map { [$0] } ?? []) + hosting.credentials(environment))
        let log = LogLines(redactor, limit: 64 << 10) { [console] in console.log($0) }
        let run = Program(arguments, environment: names, directory: folder).run(Run.Options(time: time), log: log)
        if run.wasStopped { return "did not end in time" }
        switch run.ending {
        case .exited(0): return nil
        case .exited(let status): return "exits \(status)"
        case .signalled(let signal): return "ended by signal \(signal)"
        case .notStarted: return "cannot be started"
        }
    }
}
