import Configuration
import FoundationEssentials
import Glibc
import JSON
package import Rotation
package import Steps
import SystemPackage
package import Timestamps
import Wording

/// The handoff on disk: durable when `append` returns, and locked while a step has it.
package final class HandoffFile: Journal {
    package private(set) var handoff: Handoff?
    private let path: String
    private let identity: Identity
    private let provenance: Provenance
    private let clock: any WallClock
    private let trust: Trust
    // Kept open: closing it releases the lock. A dry run that finds none makes none.
    private let lock: FileDescriptor?

    /// The file where no other one is named.
    static let name = "ork-handoff.json"

    /// A handoff has a few hundred records at most; more than this many bytes is something else.
    package static let sizeLimit = 16 << 20

    /// Reads the handoffs of one rotation, those that exist, and writes to the first from now on. `seen` is what the first
    /// was before it was locked: checking signatures twice takes longer than reading.
    package init(
        _ paths: [String], identity: Identity, trust: Trust, provenance: Provenance, clock: any WallClock,
        isDryRun: Bool = false, lastResort: String = CreateCommand().startingOver, seen: Content? = nil
    ) throws(StepError) {
        let name = paths.first ?? Self.name
        guard name != "-" else {
            throw StepError(
                .usage, "--handoff: must be a file, because the step also writes to it",
                hint: "keep what comes in by a pipe in a file, and name that: --handoff FILE")
        }
        self.identity = identity
        self.trust = trust
        self.provenance = provenance
        self.clock = clock
        // Whoever names a link means the file behind it, not another one in the link's place.
        path = DurableFile(name).destination
        lock = try Self.lock(path, isDryRun: isDryRun)
        handoff = try Self.read(paths, mustExist: false, lastResort: lastResort, seen: seen)
    }

    deinit { try? lock?.close() }

    /// Reads the handoffs of one rotation as one; only the first may be missing, unless it `mustExist`.
    static func read(
        _ paths: [String], mustExist: Bool, lastResort: String = CreateCommand().startingOver, seen: Content? = nil
    ) throws(StepError) -> Handoff? {
        var handoff: Handoff?
        for (index, path) in paths.enumerated() {
            let content = try content(
                of: path, mustExist: mustExist || index > 0, lastResort: lastResort, seen: index == 0 ? seen : nil)
            guard let other = content?.handoff else { continue }
            guard var merged = handoff else {
                handoff = other
                continue
            }
            do { try merged.merge(other) } catch { throw StepError(error, in: path) }
            handoff = merged
        }
        return handoff
    }

    /// What a file was when it was read.
    package struct Content {
        fileprivate let bytes: [UInt8]
        let handoff: Handoff
    }

    /// Reads a handoff; `nil` if there is no such file and it need not exist.
    package static func read(
        _ path: String, mustExist: Bool, lastResort: String = CreateCommand().startingOver
    ) throws(StepError) -> Handoff? {
        try content(of: path, mustExist: mustExist, lastResort: lastResort)?.handoff
    }

    /// The same with what was read, to be given as `seen` another time.
    static func content(
        of path: String, mustExist: Bool, lastResort: String, seen: Content? = nil
    ) throws(StepError) -> Content? {
        let bytes: [UInt8]
        do { bytes = try DurableFile(path).read(limit: sizeLimit) } catch {
            guard error == .noSuchFileOrDirectory else {
                throw StepError(
                    .unacceptable, "the handoff \(path) cannot be read: \(DurableFile.problem(ofReading: error))",
                    hint: error == .permissionDenied
                        ? "run this as the user who owns it, or give it to this one"
                        : "name the file that ork-create or a later step wrote: --handoff FILE")
            }
            guard !mustExist else { throw missing(path) }
            return nil
        }
        if let seen, seen.bytes == bytes { return seen }
        do { return Content(bytes: bytes, handoff: try Handoff(parsing: bytes)) } catch {
            throw StepError(error, in: path, lastResort: lastResort)
        }
    }

    /// How a program ends that needs this handoff.
    static func missing(_ path: String, hint: String? = nil) -> StepError {
        let others = others(than: path)
        let advice =
            others.isEmpty
            ? "run `ork-create` first; if it ran elsewhere, name the file that it wrote: --handoff FILE"
            : "name the one that is here: \(others.map { "--handoff \(ShellWord($0))" }.joined(separator: ", or "))"
        return StepError(.unacceptable, DurableFile(path).absence, hint: hint ?? advice)
    }

    /// The handoffs that lie where this one was looked for, as `rotate.sh` names them: those of rotations under way first.
    private static func others(than path: String) -> [String] {
        guard path == name, let files = try? FileManager.default.contentsOfDirectory(atPath: ".") else { return [] }
        let found = files.filter { $0.hasPrefix("ork-handoff.") && $0.hasSuffix(".json") && $0 != name }
        return Array(found.sorted { ($0.utf8.count, $0) < ($1.utf8.count, $1) }.prefix(3))
    }

    /// What leads on where no copy can be believed, for a program that does not know which rotation it is of. `config` is as
    /// for `ConfigurationFile.found`.
    package static func lastResort(config: String?) -> String {
        let command = CreateCommand(file: ConfigurationFile.found(config))
        return (command.file == nil ? command : command.with("rotation", "NAME")).startingOver
    }

    package func begin(_ header: RotationHeader, _ entry: Entry) throws(JournalError) {
        try write(Handoff(header: header), [entry], sealed: nil, kept: [])
    }

    package func append(_ entries: [Entry], sealed: [SealedSecret]?, kept: [SealedSecret]) throws(JournalError) {
        guard let handoff else { throw JournalError("there is no handoff to record in") }
        try write(handoff, entries, sealed: sealed, kept: kept)
    }

    private func write(
        _ before: Handoff, _ entries: [Entry], sealed: [SealedSecret]?, kept: [SealedSecret]
    ) throws(JournalError) {
        var handoff = before
        let summary: JSONValue
        do {
            for entry in entries {
                try handoff.append(entry, at: clock.now, provenance: provenance.json, by: identity)
            }
            if let sealed { handoff.seal(sealed) }
            handoff.keep(kept)
            summary = try State(handoff, trust: trust).summary
        } catch { throw JournalError(error.message, hint: error.hint) }
        do { try DurableFile(path).replace(handoff.bytes(summary: summary)) } catch {
            throw JournalError(
                "the handoff \(path) cannot be written: \(error)",
                hint: error == .resourceBusy
                    ? "a file that is mounted alone cannot be replaced: mount its folder instead, and run again"
                    : "nothing more is done until it can be; make room or fix the folder's permissions, and run again")
        }
        self.handoff = handoff
    }

    /// Removes the lock of a handoff that no step works with any more.
    package static func removeLock(of path: String) { unsafe unlink(lockName(path).string) }

    private static func lockName(_ path: String) -> FilePath {
        let file = FilePath(path)
        return file.removingLastComponent().appending(".\(file.lastComponent?.string ?? "ork").lock")
    }

    private static func lock(_ path: String, isDryRun: Bool) throws(StepError) -> FileDescriptor? {
        let name = lockName(path)
        let descriptor: FileDescriptor
        do {
            var options: FileDescriptor.OpenOptions = [.noFollow, .nonBlocking, .closeOnExec]
            if !isDryRun { options.insert(.create) }
            descriptor = try asErrno {
                try FileDescriptor.open(name, .readWrite, options: options, permissions: .ownerReadWrite)
            }
        } catch {
            guard !isDryRun else { return nil }
            throw unlockable(path, lock: name, error)
        }
        guard flock(descriptor.rawValue, LOCK_EX | LOCK_NB) == 0 else {
            try? descriptor.close()
            throw StepError(
                .notYet, "another step is working with \(path)", hint: "wait for it to end; --wait does it here")
        }
        return descriptor
    }

    /// Why a handoff cannot be locked, and so not be written.
    private static func unlockable(_ path: String, lock: FilePath, _ error: Errno) -> StepError {
        func refusal(_ reason: String, _ remedy: String) -> StepError {
            StepError(
                .failed, "the handoff \(path) cannot be written: \(reason)",
                hint: remedy + ", or name another file: --handoff FILE")
        }
        guard !DurableFile(path).isNowhere else {
            return refusal(DurableFile.goneFolder, "change to a folder that is there")
        }
        let folder = DurableFile(path).folder.string
        guard DurableFile(folder).isFolder else {
            return refusal("there is no folder \(folder)", "`mkdir -p \(ShellWord(folder))`")
        }
        var status = stat()
        let isThere = unsafe lstat(lock.string, &status) == 0
        return refusal(
            "its lock \(lock) cannot be opened: \(DurableFile.problem(error))",
            isThere
                ? "if no step is running, another user has run one here, or the lock is none of ork's: remove it"
                : "fix the folder's permissions")
    }
}
