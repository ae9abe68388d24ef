import ChildProcesses
import FoundationEssentials
import Glibc
import PublisherKit
import Secrets

/// How programs are run for one request: until when, and with what environment.
struct Work: Sendable {
    /// The credentials in our environment, which belong to no child.
    static let credentials = ["GIT_TOKEN", "GIT_SSH_KEY", "GIT_SSH_PASSPHRASE", "GIT_SIGNING_KEY", "AGE_IDENTITY"]

    /// By these sops takes readers, and rules, from outside of the plan.
    private static let readers = [
        "SOPS_CONFIG", "SOPS_AGE_RECIPIENTS", "SOPS_PGP_FP", "SOPS_KMS_ARN", "SOPS_GCP_KMS_IDS",
        "SOPS_AZURE_KEYVAULT_URLS",
        "SOPS_VAULT_URIS", "SOPS_HUAWEICLOUD_KMS_IDS",
    ]

    let environment: [String: String]
    let deadline: Date
    /// How long one program may run, in seconds: what hangs for one target must leave time for the others.
    private let longest: TimeInterval

    /// `shares` is how many targets there are to work on until then.
    init(environment: [String: String], deadline: Date, shares: Int = 1) {
        self.environment = environment.filter { !(Self.credentials + Self.readers).contains($0.key) }
        self.deadline = deadline
        longest = max(0, deadline.timeIntervalSinceNow) / Double(max(1, shares))
    }

    /// Runs a program and gives back how it ended and what it printed. Its standard error is the log.
    ///
    /// Errors are that it cannot be started, did not end in time, was ended by a signal, or printed more than a file may
    /// hold.
    func run(
        _ arguments: [String], input: Secret? = nil, attachment: Secret? = nil, field: String
    ) throws(PublisherError) -> (status: Int32, output: Secret) {
        var program = Program(arguments, environment: environment, attachment: attachment)
        program.errors = .inherited
        let time = Duration.seconds(min(longest, max(0, deadline.timeIntervalSinceNow)))
        let run = program.run(Run.Options(input: input, outputLimit: Self.sizeLimit, time: time))
        guard !run.wasStopped else {
            throw PublisherError(
                .unavailable, "\(arguments[0]) did not end in time and was stopped",
                hint: "read what it printed; perhaps it waits for a service or for an answer", field: field)
        }
        switch run.ending {
        case .exited(let status):
            guard !run.isCut else {
                throw PublisherError(
                    .configuration, "\(arguments[0]) printed more than \(Self.sizeLimit) bytes",
                    hint: "a file of settings is smaller", field: field)
            }
            return (status, run.output)
        case .signalled:
            throw PublisherError(.internal, "\(arguments[0]) \(run.ending)", field: field)
        case .notStarted(let reason):
            let obstacle = Obstacle(reason: reason)
            throw PublisherError(
                .configuration, "the program \(arguments[0]) \(obstacle)",
                hint: "install it, or name a file that may be executed; \(obstacle.remedy)", field: field)
        }
    }

    /// More is no file of settings.
    static let sizeLimit = 16 << 20
}

/// A folder of this run alone, for objects of git and for encrypted files, deleted at its end. What a killed run has
/// left is deleted by the next one.
final class Stage: Sendable {
    let path: String
    // Whoever holds the lock lives.
    private let lock: Int32

    private static let prefix = "ork-git-"
    private static let lockName = "lock"

    init() throws(PublisherError) {
        let base = FileManager.default.temporaryDirectory.path
        Self.sweep(base)
        // Another run may take a folder for a dead one's before it is locked.
        for _ in 0..<100 {
            guard let made = try Self.make(in: base) else { continue }
            (path, lock) = made
            return
        }
        throw Self.failure
    }

    /// A new folder and its lock; `nil` if it was swept away meanwhile.
    private static func make(in base: String) throws(PublisherError) -> (path: String, lock: Int32)? {
        var template = Array("\(base)/\(prefix)XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw failure }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let lock = unsafe open("\(path)/\(lockName)", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else {
            guard errno == ENOENT else { throw failure }
            return nil
        }
        var status = stat()
        if flock(lock, LOCK_EX | LOCK_NB) == 0, unsafe fstat(lock, &status) == 0, status.st_nlink > 0 {
            return (path, lock)
        }
        close(lock)
        return nil
    }

    deinit { Self.delete(path, lock) }

    /// Deletes a folder whose lock is held, the lock last: what is left of a run that ends meanwhile is found by the next.
    private static func delete(_ folder: String, _ lock: Int32) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in names where name != lockName { try? FileManager.default.removeItem(atPath: "\(folder)/\(name)") }
        unsafe unlink("\(folder)/\(lockName)")
        unsafe rmdir(folder)
        close(lock)
    }

    /// A place where nothing is yet, for a repository.
    func newFolder(_ name: String) -> String {
        let number = (0...).first { !FileManager.default.fileExists(atPath: "\(path)/\(name)-\($0)") } ?? 0
        return "\(path)/\(name)-\(number)"
    }

    /// Makes an empty folder `name`, whatever was there.
    func folder(_ name: String) throws(PublisherError) -> String {
        let folder = "\(path)/\(name)"
        try? FileManager.default.removeItem(atPath: folder)
        guard unsafe mkdir(folder, 0o700) == 0 else { throw Self.failure }
        return folder
    }

    /// Writes a file that is not secret below a folder, with the folders above it.
    static func write(_ bytes: [UInt8], to file: String) throws(PublisherError) {
        do {
            let folder = file.prefix(upTo: file.lastIndex(of: "/") ?? file.startIndex)
            try FileManager.default.createDirectory(atPath: String(folder), withIntermediateDirectories: true)
            try Data(bytes).write(to: URL(filePath: file))
        } catch {
            throw failure
        }
    }

    static func read(_ file: String) throws(PublisherError) -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: file) else { throw failure }
        return [UInt8](data)
    }

    private static func sweep(_ base: String) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: base)) ?? []
        for folder in names.filter({ $0.hasPrefix(prefix) }).map({ "\(base)/\($0)" }) {
            var status = stat()
            guard unsafe lstat(folder, &status) == 0, status.st_uid == geteuid(), status.st_mode & S_IFMT == S_IFDIR
            else { continue }
            let lock = unsafe open("\(folder)/\(lockName)", O_RDWR | O_CLOEXEC | O_NOFOLLOW)
            guard lock >= 0 else {
                // An empty one has just been made, by a run that then takes another, or its run ended before the lock.
                unsafe rmdir(folder)
                continue
            }
            guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
                close(lock)
                continue
            }
            delete(folder, lock)
        }
    }

    private static var failure: PublisherError {
        let reason = unsafe String(cString: strerror(errno))
        return PublisherError(
            .unavailable, "no folder for the work can be made or used (\(reason))",
            hint: "make room in TMPDIR, and let this user write there")
    }
}
