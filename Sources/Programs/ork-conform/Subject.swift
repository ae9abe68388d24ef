import ChildProcesses
import FoundationEssentials
import Glibc
import JSON
import PublisherKit
import Secrets
import Sodium

/// The target that the program is tried on.
struct Target {
    let with: JSONObject
    /// What the program gets besides what it reads.
    var environment: [String: String]
    /// Prints what the target holds.
    let command: String?
}

/// A made-up key.
struct MadeUpKey {
    let secret: Secret
    var digest: Digest { Digest(of: secret) }

    init() {
        var text = "sk-or-v1-"
        for _ in 0..<32 {
            let byte = UInt8.random(in: .min ... .max)
            text += (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        secret = Secret(text)
    }
}

/// The program that is tried, and everything seen of it so far.
final class Subject {
    let path: String
    private(set) var target: Target
    private let environment: (PublisherInformation) throws(PublisherError) -> [String: String]
    /// Where a made-up key was seen that has no business there.
    private(set) var leaks: Set<String> = []
    /// Knows every key that a request had.
    private(set) var redactor = Redactor()
    private var keys: [Secret] = []
    private var count = 0

    /// `environment` tells what a host gives a program that says this of itself.
    init(
        path: String, target: Target,
        environment: @escaping (PublisherInformation) throws(PublisherError) -> [String: String]
    ) {
        self.path = path
        self.target = target
        self.environment = environment
    }

    /// Gives the program what a host would give it, or says what is missing.
    func take(_ information: PublisherInformation) throws(PublisherError) {
        target.environment = try environment(information)
    }

    /// Runs the program and looks where its secrets go.
    func run(
        _ word: String, _ input: [UInt8] = [], keepsInputOpen: Bool = false, lines: Int = .max,
        time: Duration = .seconds(30)
    ) -> Run {
        var options = Run.Options(input: Secret(input), outputLimit: 256 << 10, time: time)
        options.keepsInputOpen = keepsInputOpen
        options.lines = lines
        // What was looked at once is not searched again each time that the process is looked at.
        var clean: Set<[UInt8]> = []
        let run = Program([path, word], environment: target.environment).run(options) { [self] process in
            let places = SessionView(of: process).places { bytes in
                guard !clean.contains(bytes) else { return false }
                if redactor.contains(bytes) { return true }
                clean.insert(bytes)
                return false
            }
            leaks.formUnion(places)
        }
        if redactor.contains(run.output.copyBytes()) { leaks.insert("standard output") }
        if redactor.contains(run.errors.copyBytes()) { leaks.insert("standard error") }
        return run
    }

    func request(
        _ key: MadeUpKey, expect: [MadeUpKey]? = [], create: Bool = true, operation: String? = nil,
        receipt: JSONObject? = nil
    ) -> PublisherRequest {
        count += 1
        if !keys.contains(key.secret) {
            keys.append(key.secret)
            redactor = Redactor(keys)
        }
        let digest = key.digest
        return PublisherRequest(
            id: "conform-\(count)", operation: operation ?? "conform/target/\(digest.hex.prefix(16))",
            rotation: "conform", deadline: Date.now.addingTimeInterval(60), target: "target", with: target.with,
            expect: expect?.map(\.digest), create: create, digest: digest, secret: key.secret, receipt: receipt)
    }

    /// One request, changed by `edit`, and the one answer to it, or why it does not count.
    func ask(
        _ verb: Verb, _ request: PublisherRequest, edit: (inout JSONObject) -> Void = { _ in }
    ) -> Result<PublisherAnswer, Complaint> {
        Result { () throws(Complaint) in
            let run = run(verb.rawValue, try line(verb, request, edit: edit))
            if run.wasStopped { throw Complaint("it did not end") }
            let lines = try Self.lines(run.output)
            guard let line = lines.first, lines.count == 1 else {
                throw Complaint("it printed \(lines.count) lines, not one answer, and \(run.ending)")
            }
            let (id, answer) = try Self.parse(line, verb)
            guard id == request.id else { throw Complaint("the answer has another id than the request") }
            return answer
        }
    }

    /// The line that the program gets.
    func line(
        _ verb: Verb, _ request: PublisherRequest, edit: (inout JSONObject) -> Void = { _ in }
    ) throws(Complaint) -> [UInt8] {
        guard let line = try? request.line(for: verb).copyBytes(), let value = try? JSONValue(parsing: line),
            var object = value.object
        else { throw Complaint("the request cannot be written") }
        edit(&object)
        return JSONValue.object(object).bytes() + [UInt8(ascii: "\n")]
    }

    /// The lines of an output; what does not end with LF is no answer.
    static func lines(_ output: Secret) throws(Complaint) -> [[UInt8]] {
        let output = output.copyBytes()
        guard output.last == UInt8(ascii: "\n") || output.isEmpty else {
            throw Complaint("what it printed does not end with a line feed")
        }
        return output.split(separator: UInt8(ascii: "\n")).map(Array.init)
    }

    static func parse(_ line: [UInt8], _ verb: Verb) throws(Complaint) -> (id: String, answer: PublisherAnswer) {
        do { return try PublisherAnswer.parse(line, verb) } catch { throw Complaint(error.message) }
    }

    /// What the target holds, seen without the program: `nil` where no command tells.
    func holds(_ key: MadeUpKey) -> Bool? {
        guard let command = target.command else { return nil }
        let run = Program(["/bin/sh", "-c", command], environment: target.environment).run(Run.Options())
        return Redactor.holds(key.secret, in: run.output.copyBytes())
    }
}

/// Why the program fails a check.
struct Complaint: Error {
    let reason: String
    init(_ reason: String) { self.reason = reason }
}

extension Redactor {
    /// Whether the text has the secret in it, as it is.
    fileprivate static func holds(_ secret: Secret, in bytes: [UInt8]) -> Bool {
        bytes.firstRange(of: secret.copyBytes()) != nil
    }
}

/// The processes of one session as /proc shows them: the program and what it started.
struct SessionView {
    private let processes: [String]

    /// `leader` is the number of the session's first process.
    init(of leader: Int32) {
        let numbers = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        processes = numbers.filter { Int32($0).map { getsid($0) == leader } ?? false }
    }

    /// Where `isSecret` finds something. Another user's, or a protected process's, environment cannot be read.
    func places(where isSecret: ([UInt8]) -> Bool) -> [String] {
        processes.flatMap { number in
            [("cmdline", "the arguments of a process"), ("environ", "the environment of a process")]
                .filter { isSecret(Self.read("/proc/\(number)/\($0.0)") ?? []) }.map(\.1)
        }
    }

    private static func read(_ path: String) -> [UInt8]? {
        (try? Data(contentsOf: URL(filePath: path))).map(Array.init)
    }
}
