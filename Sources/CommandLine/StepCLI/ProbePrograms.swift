import ChildProcesses
package import FoundationEssentials
package import PublisherHosting
import PublisherKit
package import Secrets
package import Steps
import Timestamps

/// Runs the plan's `command` probes under the rules for publishers.
package struct ProbePrograms: ProgramRunner {
    private let session: Session

    package init(_ session: Session) { self.session = session }

    package func run(
        _ arguments: [String], environment: [EnvironmentName: EnvironmentName], in folder: String?, deadline: Date,
        hiding secret: Secret?
    ) -> ProgramProblem? {
        let hosting = PublisherEnvironment(session.environment.variables)
        var names: [String: String]
        do { names = try hosting.child(environment) } catch { return ProgramProblem(error.message, hint: error.hint) }
        if folder != nil {
            names = PublisherEnvironment.moved(names, from: FileManager.default.currentDirectoryPath)
        }
        let redactor = Redactor(
            session.secrets + session.credentials + (secret.map { [$0] } ?? []) + hosting.credentials(environment))
        var isSilent = true
        let log = LogLines(redactor, limit: 64 << 10) { [console = session.console] in
            isSilent = false
            // A key that this stage does not have is nothing that it could recognise.
            if secret != nil { console.log($0) }
        }
        let notice = session.console.notice(
            "waiting for the probe \(arguments[0]), until \(deadline.rfc3339) at the longest")
        session.console.show(.waiting(for: "the probe \(arguments[0])", until: deadline))
        defer { session.console.show(.waited) }
        let options = Run.Options(time: .seconds(max(0, deadline.timeIntervalSinceNow)))
        let program = Program(arguments, environment: names, directory: folder)
        let run = program.run(options, log: log) { _ in notice() }
        let end: String
        switch run.ending {
        case .exited(0) where !run.wasStopped: return nil
        case .notStarted(let reason):
            let obstacle = Obstacle(reason: reason)
            return ProgramProblem(
                "\(obstacle)",
                hint: program.file == nil ? "name an executable file, or a program in PATH" : obstacle.remedy)
        case _ where run.wasStopped: end = "did not end in time"
        case .exited(let status): end = "exited with \(status)"
        case .signalled(let signal): end = "ended by signal \(signal)"
        }
        if isSilent { return ProgramProblem(end, ofSilent: arguments) }
        return secret == nil
            ? ProgramProblem(end, ofHidden: arguments) : ProgramProblem(end, hint: "its output is above")
    }
}
