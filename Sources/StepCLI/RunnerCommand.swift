import Steps

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
        let level: Level = error.code != .notYet ? .error : error.isWorthWaiting ? .notice : .warning
        let text = error.message + (error.hint.map { "; \($0)" } ?? "")
        self.init(level, text, at: error.place, program: program, for: system)
    }

    init?(_ level: Level, _ text: String, at place: StepError.Place? = nil, program: String, for system: System) {
        let message = Console.clean(text)
        switch system {
        case .github:
            let place = place.map { "file=\(Self.escape($0.file, "%\r\n:,")),line=\($0.line)," } ?? ""
            self.text = "::\(level.rawValue) \(place)title=\(program)::\(Self.escape(message, "%\r\n"))"
        // Azure knows no notices: where there is only waiting to do, the log says enough.
        case .azure where level == .notice: return nil
        case .azure: self.text = "##vso[task.logissue type=\(level.rawValue)]\(program): \(message)"
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
