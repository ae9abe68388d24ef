import ChildProcesses
import FoundationEssentials
import Glibc
import Secrets
import TestSupport
import Testing

/// One run of a script, in a folder and with an OpenRouter of its own. It blocks: not for Swift's cooperative pool.
final class ScriptRun {
    /// Where the script works: `$WORK`.
    let work: TemporaryDirectory
    private let logs: TemporaryDirectory
    /// The folder in which programs run; `cd` changes it.
    var directory: String
    var variables: [String: String]
    var sandbox: SandboxProcess
    /// How many lines of the sandbox's log have been shown.
    var logPosition = 0
    /// Who is told of something, by the variable that holds the address, and how much of it was shown.
    var receivers: [String: (Receiver, shown: Int)] = [:]
    /// What the last command printed.
    var output = ""
    var errors = ""
    var ending = Ending.exited(0)
    private var input: String?
    private var number = 0

    init(_ script: Script) throws {
        work = try TemporaryDirectory()
        logs = try TemporaryDirectory()
        directory = work.path
        sandbox = try SandboxProcess()
        let products = URL(filePath: BuiltProduct.path("ork-create")).deletingLastPathComponent().path
        variables = [
            "WORK": work.path, "PATH": "\(products):/usr/bin:/bin", "HOME": work.file("home"),
            "XDG_STATE_HOME": work.file("state"), "PRODUCTS": products,
        ]
        try FileManager.default.createDirectory(atPath: work.file("home"), withIntermediateDirectories: true)
        nameSandbox()
        for file in script.files {
            let path = self.path(file.name)
            let folder = URL(filePath: path).deletingLastPathComponent().path
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            // `$NAME` in a file stands for itself, `@NAME@` for the variable.
            var text = file.text
            for (name, value) in variables {
                text = text.split(separator: "@\(name)@", omittingEmptySubsequences: false).joined(separator: value)
            }
            try Data(text.utf8).write(to: URL(filePath: path))
        }
    }

    /// Puts the sandbox's address and keys into variables.
    func nameSandbox() {
        variables["OPENROUTER_BASE_URL"] = sandbox.url
        variables["SANDBOX_URL"] = sandbox.url.dropLast("api/v1".count) + "sandbox"
        variables["OPENROUTER_MANAGEMENT_KEY"] = sandbox.managementKey.revealed()
        variables["PREDECESSOR_KEY"] = sandbox.predecessor.key.revealed()
        variables["PREDECESSOR_HASH"] = sandbox.predecessor.hash
        variables["GITHUB_API_URL"] = sandbox.github.url
        variables["GITHUB_TOKEN"] = sandbox.github.token.revealed()
        variables["CI_API_V4_URL"] = sandbox.gitlab.url
        variables["GITLAB_TOKEN"] = sandbox.gitlab.token.revealed()
        variables["KUBE_URL"] = sandbox.kubernetes.url
        variables["KUBE_TOKEN"] = sandbox.kubernetes.token.revealed()
        variables["VERCEL_URL"] = sandbox.vercel.url
        variables["VERCEL_TOKEN"] = sandbox.vercel.token.revealed()
        logPosition = 0
    }

    /// The path of a name in the script.
    func path(_ name: String) -> String { name.hasPrefix("/") ? name : "\(directory)/\(name)" }

    /// The content of a file, or what was printed where the name is `stdout` or `stderr`.
    func content(_ name: String) throws(ScriptFailure) -> String {
        switch name {
        case "stdout": return output
        case "stderr": return errors
        default:
            guard let data = FileManager.default.contents(atPath: path(name)) else {
                throw ScriptFailure("\(name) cannot be read")
            }
            return String(decoding: data, as: UTF8.self)
        }
    }

    /// What a program reads at its standard input the next time.
    func setInput(_ name: String) throws {
        let text = try content(name)
        input = try logs.write(text, to: "input-\(number)")
    }

    /// Runs a program to its end, and holds ork's own to the form of their messages.
    func execute(_ words: [String]) throws {
        guard let name = words.first else { throw ScriptFailure("exec needs a program") }
        number += 1
        let run = try ProgramRun.run(
            [try find(name)] + words.dropFirst(), environment: variables, in: directory,
            input: input ?? "/dev/null", logs: logs.path, name: "\(number)")
        input = nil
        output = run.output
        errors = run.errors
        ending = run.ending
        if case .signalled(let signal) = run.ending { throw ScriptFailure("\(name) was ended by signal \(signal)") }
        guard name.hasPrefix("ork-"), name != "ork-conform", name != "ork-sandbox" else { return }
        if let complaint = Manners.complaint(run, program: name) { throw ScriptFailure(complaint) }
    }

    private func find(_ name: String) throws(ScriptFailure) -> String {
        if name.contains("/") { return path(name) }
        for folder in (variables["PATH"] ?? "").split(separator: ":") {
            let path = "\(folder)/\(name)"
            if unsafe access(path, X_OK) == 0 { return path }
        }
        throw ScriptFailure("there is no program \(name)")
    }
}

/// The line at which a script failed, and why.
struct ScriptIssue: Sendable {
    let path: String
    let line: Int
    let text: String

    /// Fails the test that runs the script, at the script's line.
    func record() {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        Issue.record(
            Comment(rawValue: text),
            sourceLocation: SourceLocation(fileID: "EndToEndTests/\(name)", filePath: path, line: line, column: 1))
    }
}

extension ScriptRun {
    /// Runs a script and answers at which line it failed, if it did.
    static func run(_ script: Script) -> ScriptIssue? {
        func issue(_ text: String, line: Int) -> ScriptIssue { ScriptIssue(path: script.path, line: line, text: text) }
        guard !script.title.isEmpty else { return issue("the first line must say what the script shows", line: 1) }
        let run: ScriptRun
        do { run = try ScriptRun(script) } catch { return issue("cannot begin: \(error)", line: 1) }
        for line in script.lines {
            do {
                let words = try ScriptWords.split(line.text, run.variables)
                if !words.isEmpty { try run.perform(words) }
            } catch {
                // What follows builds on it.
                let printed = "[stdout]\n\(run.output)[stderr]\n\(run.errors)"
                return issue("\(line.text)\n\(error)\n\(printed)", line: line.number)
            }
        }
        return nil
    }
}
