import ChildProcesses
import FoundationEssentials
import Glibc
import Synchronization

/// The process that a fault may kill, as soon as it has one.
final class Victim: Sendable {
    private let process = Mutex<Int32>(0)

    func set(_ process: Int32) { self.process.withLock { $0 = process } }

    /// Kills the process; a request of it may come in before its parent knows its number.
    func kill(_ signal: Int32 = SIGKILL) {
        while true {
            let process = process.withLock { $0 }
            if process > 0 {
                _ = Glibc.kill(process, signal)
                return
            }
            usleep(100)
        }
    }
}

/// One run of a program, to its end. It blocks: not for Swift's cooperative pool.
struct ProgramRun: Sendable {
    let words: [String]
    let ending: Ending
    let output: String
    let errors: String

    var isDone: Bool { ending == .exited(0) }

    /// The last hint, which says what to do next.
    var hint: String? {
        let line = errors.split(separator: "\n").last { $0.contains(": hint: ") }
        return line.flatMap { line in line.firstRange(of: ": hint: ").map { String(line[$0.upperBound...]) } }
    }

    /// A program that could not be started, or that hung.
    struct Failure: Error {
        let reason: String
    }

    /// Starts `words` with no other environment than the given one, and keeps what it prints in the files `NAME.out`
    /// and `NAME.err` of `logs`, which are searched for keys. What takes ten minutes is hung.
    static func run(
        _ words: [String], environment: [String: String], in directory: String? = nil, input: String = "/dev/null",
        logs: String, name: String, victim: Victim? = nil
    ) throws(Failure) -> ProgramRun {
        let redirected = #"input=$1; shift; exec "$@" <"$input" >"$0.out" 2>"$0.err""#
        let program = Program(
            ["/bin/sh", "-c", redirected, "\(logs)/\(name)", input] + words, environment: environment,
            directory: directory)
        let run = program.run(Run.Options(time: .seconds(600)), watch: victim.map { victim in { victim.set($0) } })
        guard run.ending.obstacle == nil, !run.wasStopped else {
            throw Failure(reason: "\(words[0]) \(run.wasStopped ? "hung" : "cannot be started")")
        }
        return ProgramRun(
            words: words, ending: run.ending, output: text("\(logs)/\(name).out"), errors: text("\(logs)/\(name).err"))
    }

    private static func text(_ path: String) -> String {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
