import ChildProcesses
import Glibc
package import HTTP
package import JSON
import Secrets
package import Steps
import SystemPackage

/// What people and programs see of a step: standard error is for people, standard output for the one JSON object.
package struct Console: Sendable {
    private let program: String
    private let runner: RunnerCommand.System?
    private let invocation: Invocation?
    private let verbosity: Verbosity?
    private let sign: WaitingSign?

    /// `invocation` makes commands in messages whole; there is none before the options are read.
    package init(
        program: String, environment: StepEnvironment = StepEnvironment(), invocation: Invocation? = nil,
        verbosity: Verbosity? = nil, sign: WaitingSign? = nil
    ) {
        self.program = program
        self.invocation = invocation
        self.verbosity = verbosity
        self.sign = sign
        runner = RunnerCommand.System(environment)
    }

    /// Shows what a step says while it works.
    package func show(_ announcement: Announcement) {
        switch announcement {
        case .doing where verbosity == .quiet: break
        case .doing(let text), .done(let text): line(whole(text))
        case .warning(let text): line("warning: \(whole(text))")
        case .waiting(let what, let date): sign?.show(what, until: date)
        case .waited: sign?.hide()
        }
    }

    /// Shows no more that anything is waited for: a second signal ends the process, and must leave nothing half drawn.
    package func stopShowingWaits() { sign?.end() }

    /// Shows why a step did not finish, or what it waits for, and has the CI system show it, too.
    package func show(_ error: StepError) {
        line("\(error.label): \(error.message)")
        if let hint = error.hint { line("hint: \(hint)") }
        show(runner.flatMap { RunnerCommand(error, program: program, for: $0) })
    }

    /// Shows one of several problems in one line, and has the CI system show it at its place, too.
    package func list(_ problem: StepError) {
        let link = problem.message.hasSuffix("?") ? " " : "; "
        line(problem.message + (problem.hint.map { link + $0 } ?? ""))
        show(runner.flatMap { RunnerCommand(problem, program: program, for: $0) })
    }

    /// Shows what somebody has to look at although the program continues, and has the CI system show it, too.
    package func warn(_ text: String) {
        let text = whole(text)
        show(.warning(text))
        show(runner.flatMap { RunnerCommand(.warning, text, program: program, for: $0) })
    }

    private func whole(_ message: String) -> String { invocation?.completing(message) ?? message }

    /// What says once that something takes longer than a few seconds, when it is called after that time.
    package func notice(_ text: String) -> () -> Void {
        var moment = ContinuousClock.now + .seconds(5)
        return {
            guard ContinuousClock.now >= moment else { return }
            moment += .seconds(366 * 86400)
            show(.doing(text))
        }
    }

    private func show(_ command: RunnerCommand?) {
        if let command { write(Array("\(SecretShape.masking(command.text))\n".utf8), to: .standardError) }
    }

    /// Sets outputs for later jobs where the runner reads them from the log (Azure), and marks a job that ended with "not
    /// yet" there. The values are names and digests.
    package func setOutputs(_ parts: [(name: String, value: String)], isNotYet: Bool) {
        guard runner == .azure else { return }
        var lines = parts.map { "##vso[task.setvariable variable=\($0.name);isOutput=true]\($0.value)" }
        if isNotYet { lines.append("##vso[task.complete result=SucceededWithIssues;]not yet: a later run continues") }
        write(Array(lines.map { "\($0)\n" }.joined().utf8), to: .standardOutput)
    }

    /// Shows one try to send a request, if people want to know that.
    func show(_ trace: TransferTrace) {
        guard verbosity == .verbose else { return }
        let end =
            switch trace.result {
            case .success(let status): "\(status)"
            case .failure(let error): error.code.rawValue
            }
        let milliseconds = Int(trace.time / .milliseconds(1))
        line("\(trace.method.rawValue) \(trace.address): \(end) after \(milliseconds) ms, attempt \(trace.attempt)")
    }

    /// Passes on a line of a plugin's or a probe's, which has been redacted and escaped.
    package func log(_ text: String) { line(text) }

    /// Adds to the end of a file that others read, such as a CI system's summary. That it could not be written is said,
    /// and nothing else is lost.
    package func add(_ text: String, to path: String) {
        do { try DurableFile(path).append(Array(text.utf8)) } catch {
            show(.warning("\(path) cannot be written: \(DurableFile.problem(error))"))
        }
    }

    /// Prints the answer of a `--json` run. A program that can give none has failed.
    package func print(_ json: JSONValue) {
        Self.answer(DisplayText.json(json.mapStrings(SecretShape.masking).text(.compact)))
    }

    /// Prints how a step ended. Its work is done, whoever hears of it: that the answer is lost is said, and changes nothing.
    func print(_ json: JSONValue, hiding held: HeldSecrets) {
        do { try Self.write(DisplayText.json(held.redacting(json).text(.compact))) } catch {
            show(.warning("the answer of --json is lost: standard output cannot be written: \(error)"))
        }
    }

    /// Prints text that was asked for, such as a help page or a table. People have named keys after keys.
    package static func print(_ text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map {
            DisplayText.line(SecretShape.masking(String($0)), limit: .max)
        }
        answer(lines.joined(separator: "\n"))
    }

    /// Writes what was asked for, or ends the program: nobody may take nothing for an answer.
    private static func answer(_ text: String) {
        do { try write(text) } catch {
            let program = CommandLine.arguments.first.flatMap { FilePath($0).lastComponent?.string } ?? "ork"
            Console(program: program).show(
                StepError(
                    .failed, "standard output cannot be written: \(error)", hint: "the answer is lost: run it again"))
            Glibc.exit(StepError.Code.failed.rawValue)
        }
    }

    /// Writes a text and a line feed to standard output. That its reader has gone is no error.
    private static func write(_ text: String) throws(Errno) {
        try asErrno {
            do { _ = try FileDescriptor.standardOutput.writeAll(Array("\(text)\n".utf8)) } catch Errno.brokenPipe {}
        }
    }

    // One write a line, so that lines of steps that run side by side do not mix.
    private func line(_ text: String) {
        let shown = DisplayText.line(SecretShape.masking(text), limit: .max)
        write(Array("\(program): \(shown)\n".utf8), to: .standardError)
    }

    // A reader that has gone must not end a step in the middle of its work.
    private func write(_ bytes: [UInt8], to file: FileDescriptor) {
        guard let sign else {
            _ = try? file.writeAll(bytes)
            return
        }
        sign.aside { _ = try? file.writeAll(bytes) }
    }
}

extension TransferObserver {
    /// Tells people whom a transport waits for and, if they want to know, what it sends; and stops when somebody asks the
    /// process to.
    package static func showing(on console: Console) -> TransferObserver {
        TransferObserver(
            tell: {
                console.show(.doing("waiting for \($0)"))
                console.show(.waiting(for: $0))
            }, isStopping: { StopSignal.received != nil },
            trace: {
                console.show(.waited)
                console.show($0)
            })
    }
}

/// A line by which a program tells the runner of a CI system to show an error beside its log.
struct RunnerCommand {
    /// The systems that read such lines. Their runners read them on standard error, too.
    enum System {
        /// docs.github.com/en/actions/reference/workflow-commands-for-github-actions
        case github
        /// learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands
        case azure

        init?(_ environment: StepEnvironment) {
            if environment["GITHUB_ACTIONS"] == "true" {
                self = .github
            } else if environment["TF_BUILD"] != nil {
                self = .azure
            } else {
                return nil
            }
        }
    }

    /// The line, without its end.
    let text: String

    /// How much somebody has to do about it.
    enum Level: String { case error, warning, notice }

    init?(_ error: StepError, program: String, for system: System) {
        let level: Level =
            switch error.code {
            case .notYet: error.isRetryable ? .notice : .warning
            case .interrupted, .terminated: .warning
            default: .error
            }
        let text = (level == .error ? "" : "\(error.label): ") + error.message + (error.hint.map { "; \($0)" } ?? "")
        self.init(level, text, at: error.place, program: program, for: system)
    }

    init?(_ level: Level, _ text: String, at place: StepError.Place? = nil, program: String, for system: System) {
        let message = DisplayText.line(text, limit: .max)
        switch system {
        case .github:
            let place = place.map { "file=\(Self.escape($0.file, "%\r\n:,")),line=\($0.line)," } ?? ""
            self.text = "::\(level.rawValue) \(place)title=\(program)::\(Self.escape(message, "%\r\n"))"
        // Azure knows no notices: where there is only waiting to do, the log says enough.
        case .azure where level == .notice: return nil
        case .azure:
            let place = place.map { ";sourcepath=\(Self.escape($0.file, "\r\n;]"));linenumber=\($0.line)" } ?? ""
            self.text = "##vso[task.logissue type=\(level.rawValue)\(place)]\(program): \(message)"
        }
    }

    // A property may not hold what ends one, either.
    private static func escape(_ text: String, _ special: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            if special.unicodeScalars.contains(scalar) {
                result += "%" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16, uppercase: true)
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
