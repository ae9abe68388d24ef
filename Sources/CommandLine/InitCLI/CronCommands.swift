import FoundationEssentials
import Rotation
import StepCLI
import Wording

/// What is left to do where cron runs the rotations: each is one command of a POSIX shell, which may be pasted as it stands.
struct CronCommands {
    let rotation: PlanName
    /// The variables with the secrets of this machine's rotation.
    let secrets: [String]

    /// A file of the user's own, outside of the project: nothing that is added to a repository.
    var file: String {
        let name = rotation.description.split(separator: "/").joined(separator: "+")
        return "$HOME/.config/ork/\(name).env"
    }

    var steps: [(purpose: String, command: String)] {
        let load = ". \"\(file)\""
        let rotate = "ORK_ROTATION=\(ShellWord(rotation.description))"
        let folder = ShellWord(FileManager.default.currentDirectoryPath)
        // cron's PATH is short, and a percent sign ends its command.
        let command = "cd \(folder) && \(load) && PATH=\(programs):$PATH \(rotate) ORK_BEGIN=due ./rotate.sh"
        let line = "17 */6 * * * " + command.replacing("%", with: "\\%")
        return [
            (
                "keep the secrets where cron finds them and nobody else; it asks for each",
                """
                (umask 077 && mkdir -p "$HOME/.config/ork" && for name in \(secrets.joined(separator: " ")); do
                    printf '%s: ' "$name" >&2; [ ! -t 0 ] || stty -echo; IFS= read -r value; [ ! -t 0 ] || { stty echo; echo >&2; }
                    printf "export %s='%s'\\n" "$name" "$(printf %s "$value" | sed "s/'/'\\\\\\\\''/g")"
                done >"\(file)")
                """
            ),
            ("see what would be done; nothing is changed", "\(load) && ork-publish --check && ork-create --dry-run"),
            (
                "rotate for the first time; 75 means that it is not finished yet, and that the next run goes on",
                "\(load) && \(rotate) ./rotate.sh"
            ),
            (
                "let cron do the rest, and begin again when the key is due",
                "(crontab -l 2>/dev/null; echo \(ShellWord(line))) | crontab -"
            ),
        ]
    }

    /// The folder that this program runs from.
    private var programs: String {
        let path = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return ShellWord(path.split(separator: "/").dropLast().map { "/\($0)" }.joined()).description
    }
}

extension CronCommands {
    /// What is missing of the file with the secrets: names, no values.
    func missing(_ environment: StepEnvironment) -> [Finding] {
        let path = file.split(separator: "$HOME", omittingEmptySubsequences: false).joined(
            separator: environment["HOME"] ?? "")
        guard let bytes = try? DurableFile(path).read(limit: 1 << 16) else {
            return [Finding(.missing, "\(file): \(secrets.joined(separator: ", "))")]
        }
        let text = String(decoding: bytes, as: UTF8.self)
        let missing = secrets.filter { !text.contains("export \($0)=") }
        guard missing.isEmpty else { return [Finding(.missing, "\(file): \(missing.joined(separator: ", "))")] }
        return [Finding(.there, file)]
    }
}
