import FoundationEssentials
import Glibc
package import Rotation
import Secrets
package import Steps
import SystemPackage
import Wording

/// Where a step's identity comes from: `ORK_IDENTITY`, the file that `ORK_IDENTITY_FILE` names, or, outside CI,
/// a file that is made on first use.
package struct IdentityStore {
    private let environment: StepEnvironment
    private let tell: (Announcement) -> Void

    package init(_ environment: StepEnvironment, tell: @escaping (Announcement) -> Void) {
        self.environment = environment
        self.tell = tell
    }

    /// The identity; outside CI it is made if there is none. A dry run leaves none behind: its own is gone with it.
    package func identity(isDryRun: Bool = false) throws(StepError) -> Identity {
        if let identity = try existing() { return identity }
        guard !environment.isCI else {
            throw StepError(
                .denied, "neither ORK_IDENTITY nor ORK_IDENTITY_FILE is set in this job",
                hint: "pass it the identity of its stage as ORK_IDENTITY; to make one for each stage: "
                    + "`ork-keygen --stages github` (or gitlab, or other)", isRetryable: false)
        }
        return try make(isDryRun: isDryRun)
    }

    /// The identity that is there, if one is.
    package func existing() throws(StepError) -> Identity? {
        if let text = environment["ORK_IDENTITY"] { return try read(Secret(text), from: "ORK_IDENTITY") }
        if let path = environment["ORK_IDENTITY_FILE"] { return try read(file: path, isNamed: true) }
        guard !environment.isCI, let path = ownPath else { return nil }
        return try read(file: path.string, isNamed: false)
    }

    private var ownPath: FilePath? {
        if let state = environment["XDG_STATE_HOME"] { return FilePath(state).appending("ork/identity") }
        return environment["HOME"].map { FilePath($0).appending(".local/state/ork/identity") }
    }

    private func read(_ text: Secret, from place: String) throws(StepError) -> Identity {
        do { return try Identity(text) } catch {
            throw StepError(
                .unacceptable, "\(place) \(error)",
                hint:
                    "use the whole identity that ork-keygen wrote; `ork-keygen --output FILE` makes a new one "
                    + "(unset ORK_IDENTITY, and name it in ORK_IDENTITY_FILE), which opens nothing of a rotation that has begun"
            )
        }
    }

    private static let namingHint = "set ORK_IDENTITY_FILE to a file that `ork-keygen --output FILE` wrote"

    private func read(file path: String, isNamed: Bool) throws(StepError) -> Identity? {
        let bytes: [UInt8]
        do { bytes = try DurableFile(path).read(limit: 4096, acceptsPipe: true) } catch {
            guard error == .noSuchFileOrDirectory else {
                throw StepError(
                    .unacceptable, "the identity \(path) cannot be read: \(DurableFile.problem(ofReading: error))",
                    hint: isNamed ? Self.namingHint : nil)
            }
            guard !isNamed else {
                throw StepError(
                    .unacceptable, "ORK_IDENTITY_FILE: \(DurableFile(path).absence)", hint: Self.namingHint)
            }
            return nil
        }
        guard isNamed || !bytes.isEmpty else {
            throw StepError(
                .unacceptable, "the identity \(path) is empty: whoever made it was cut off",
                hint: "no rotation has begun with it: `rm \(ShellWord(path))`, and run again")
        }
        if DurableFile(path).isReadableByOthers {
            tell(.warning("\(path) can be read by other users of this machine; chmod 600 it"))
        }
        return try read(Secret(bytes), from: path)
    }

    private func make(isDryRun: Bool) throws(StepError) -> Identity {
        guard let path = ownPath else {
            throw StepError(
                .unacceptable, "there is no HOME to keep an identity in",
                hint: "`ork-keygen --output FILE` makes one; name it in ORK_IDENTITY_FILE"
            )
        }
        let identity: Identity
        do { identity = try Identity.generate() } catch { throw StepError(error) }
        guard !isDryRun else {
            tell(
                .doing(
                    "would make the identity \(path), which opens and signs the handoffs of this machine's rotations"))
            return identity
        }
        do {
            try DurableFile.makeDirectories(path.removingLastComponent().string)
            let text = identity.text.copyBytes() + [0x0A]
            guard try DurableFile(path.string).create(text) else { return try self.identity() }
        } catch {
            throw StepError(
                .failed, "the identity cannot be kept in \(path): \(error)",
                hint: "`ork-keygen --output FILE` makes one elsewhere; name it in ORK_IDENTITY_FILE")
        }
        tell(.done("made the identity \(path); it opens and signs the handoffs of this machine's rotations"))
        return identity
    }
}

/// What `ork-keygen` does.
package enum Keygen {
    /// Makes an identity and writes it to a new file, or to standard output if that is not a terminal.
    package static func make(output path: String?, _ console: Console) throws(StepError) {
        let identity: Identity
        do { identity = try Identity.generate() } catch { throw StepError(error) }
        let text = identity.text.copyBytes() + [0x0A]
        if let path {
            let isNew: Bool
            do { isNew = try DurableFile(path).create(text) } catch {
                throw StepError(.failed, "\(path) cannot be written: \(error)", hint: "name another file")
            }
            guard isNew else {
                throw Self.taken(path)
            }
        } else {
            guard isatty(STDOUT_FILENO) == 0 else {
                throw StepError(
                    .usage, "an identity is a secret and is not shown on a terminal",
                    hint: "pipe it: ork-keygen | gh secret set ORK_IDENTITY; or keep it in a file: --output identity")
            }
            guard (try? FileDescriptor.standardOutput.writeAll(text)) != nil else {
                throw StepError(
                    .failed, "standard output cannot be written", hint: "nobody has the identity; run again")
            }
        }
        console.show(.done("public identity: \(identity.publicIdentity)"))
    }

    private static func taken(_ path: String) -> StepError {
        guard DurableFile(path).isFolder else {
            return StepError(
                .usage, "\(path) already exists", hint: "an identity is never overwritten: name another file")
        }
        let file = ShellWord(FilePath(path).appending("identity").string)
        return StepError(
            .usage, "\(path) is a folder", hint: "name a new file in it: `ork-keygen --output \(file)`")
    }

    /// Makes an identity for each environment of a pipeline in a new folder, and tells what to do with them.
    package static func make(_ store: SecretStore, output folder: String, _ console: Console) throws(StepError) {
        let identities = try StageIdentities(in: folder)
        Console.print("\(identities.trust.map { "\($0)\n\n" } ?? "")\(store.commands(for: folder))")
        console.show(
            .done("made the identities in \(folder): add trust to ork.yaml, store them, and remove the folder"))
    }

    /// The public half of the identity that stands on standard input.
    package static func publicIdentity(ofStandardInput: Void) throws(StepError) -> PublicIdentity {
        guard isatty(STDIN_FILENO) == 0 else {
            throw StepError(
                .usage, "--public reads an identity from standard input, which is a terminal",
                hint: "`ork-keygen --public < FILE`")
        }
        var content: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while content.count <= 4096 {
            let input = FileDescriptor.standardInput
            guard let count = try? unsafe piece.withUnsafeMutableBytes({ try unsafe input.read(into: $0) }), count > 0
            else { break }
            content += piece[..<count]
        }
        do { return try Identity(Secret(content)).publicIdentity } catch {
            throw StepError(
                .unacceptable, "standard input \(error)",
                hint: "`ork-keygen --public < FILE`, with a file that `ork-keygen --output FILE` wrote")
        }
    }
}
