import FoundationEssentials
import Glibc
package import Rotation
import Secrets
package import Steps
import SystemPackage

/// Where a step's identity comes from: `ORK_IDENTITY`, the file that `ORK_IDENTITY_FILE` names, or, outside CI,
/// a file that is made on first use.
package struct IdentityStore {
    private let environment: StepEnvironment
    private let tell: (Announcement) -> Void

    package init(_ environment: StepEnvironment, tell: @escaping (Announcement) -> Void) {
        self.environment = environment
        self.tell = tell
    }

    /// The identity; outside CI it is made if there is none.
    package func identity() throws(StepError) -> Identity {
        if let identity = try existing() { return identity }
        guard !environment.isCI else {
            throw StepError(
                .unacceptable, "this job has no identity to sign and open the handoff with",
                hint: "make one and keep it as a secret of the pipeline: ork-keygen | gh secret set ORK_IDENTITY")
        }
        return try make()
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
            throw StepError(.unacceptable, "\(place): \(error.rawValue)", hint: "make a new one with ork-keygen")
        }
    }

    private func read(file path: String, isNamed: Bool) throws(StepError) -> Identity? {
        let bytes: [UInt8]
        do { bytes = try DurableFile(path).read(limit: 4096) } catch {
            guard error == .noSuchFileOrDirectory, !isNamed else {
                throw StepError(
                    .unacceptable, "the identity \(path) cannot be read: \(error)",
                    hint: "name a file that ork-keygen wrote with ORK_IDENTITY_FILE")
            }
            return nil
        }
        if DurableFile(path).isReadableByOthers {
            tell(.warning("\(path) can be read by other users of this machine; chmod 600 it"))
        }
        return try read(Secret(bytes), from: path)
    }

    private func make() throws(StepError) -> Identity {
        guard let path = ownPath else {
            throw StepError(
                .unacceptable, "there is no HOME to keep an identity in", hint: "set ORK_IDENTITY; ork-keygen makes one"
            )
        }
        let identity: Identity
        do { identity = try Identity.generate() } catch {
            throw StepError(.failed, "libsodium does not start on this machine", hint: "install libsodium23")
        }
        do {
            try DurableFile.makeDirectories(path.removingLastComponent())
            let text = identity.text.copyBytes() + [0x0A]
            guard try DurableFile(path.string).create(text) else { return try self.identity() }
        } catch {
            throw StepError(
                .failed, "the identity cannot be kept in \(path): \(error)",
                hint: "set ORK_IDENTITY or ORK_IDENTITY_FILE; ork-keygen makes one")
        }
        tell(.done("made the identity \(path); it opens and signs the handoffs of this machine's rotations"))
        return identity
    }
}
