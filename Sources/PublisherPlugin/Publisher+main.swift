import Dispatch
import Glibc
import Secrets
import SystemPackage

extension Publisher {
    /// Runs the publisher as a program: `info`, or a verb with requests on standard input.
    public static func main() {
        ProcessMemory.protect()
        // A closed pipe is an error of `write`, not a death without a word.
        _ = signal(SIGPIPE, SIG_IGN)
        let arguments = CommandLine.arguments.dropFirst()
        do {
            let answers = try takeStandardOutput()
            exit(try Self().serve(arguments.first ?? "", extra: arguments.count > 1, answers))
        } catch {
            exit(EXIT_FAILURE)
        }
    }

    /// Keeps standard output for answers: whatever else prints there goes to standard error from now on.
    private static func takeStandardOutput() throws(Errno) -> FileDescriptor {
        let kept = fcntl(FileDescriptor.standardOutput.rawValue, F_DUPFD_CLOEXEC, 3)
        guard kept >= 0 else { throw Errno(rawValue: errno) }
        guard dup2(FileDescriptor.standardError.rawValue, FileDescriptor.standardOutput.rawValue) >= 0 else {
            throw Errno(rawValue: errno)
        }
        return FileDescriptor(rawValue: kept)
    }

    private func serve(_ word: String, extra: Bool, _ answers: FileDescriptor) throws -> Int32 {
        let usage: Int32 = 64
        guard !extra else { return usage }
        if word == "info" {
            try answers.writeAll(information.line)
            return EXIT_SUCCESS
        }
        guard let verb = Verb(rawValue: word), information.verbs.contains(verb) else { return usage }
        let session = PublisherSession(self, verb, answers)
        let workers = information.batch ? max(1, concurrency) : 1
        // Every worker has a thread of its own, because publishers block.
        let group = DispatchGroup()
        for number in 1..<workers {
            DispatchQueue(label: "publisher-\(number)").async(group: group) { session.run() }
        }
        session.run()
        group.wait()
        finish()
        return session.isBroken ? EXIT_FAILURE : EXIT_SUCCESS
    }
}
