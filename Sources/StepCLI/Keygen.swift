import Glibc
package import Rotation
import Secrets
package import Steps
import SystemPackage

/// What `ork-keygen` does.
package enum Keygen {
    /// Makes an identity and writes it to a new file, or to standard output if that is not a terminal.
    package static func make(output path: String?, _ console: Console) throws(StepError) {
        let identity: Identity
        do { identity = try Identity.generate() } catch {
            throw StepError(.failed, "libsodium does not start on this machine", hint: "install libsodium23")
        }
        let text = identity.text.copyBytes() + [0x0A]
        if let path {
            let isNew: Bool
            do { isNew = try DurableFile(path).create(text) } catch {
                throw StepError(.failed, "\(path) cannot be written: \(error)", hint: "name another file")
            }
            guard isNew else {
                throw StepError(
                    .usage, "\(path) exists", hint: "an identity is never overwritten: name another file")
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

    /// The public half of the identity that stands on standard input.
    package static func publicIdentity(ofStandardInput: Void) throws(StepError) -> PublicIdentity {
        var content: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while content.count <= 4096 {
            let input = FileDescriptor.standardInput
            guard let count = try? unsafe piece.withUnsafeMutableBytes({ try unsafe input.read(into: $0) }), count > 0
            else { break }
            content += piece[..<count]
        }
        do { return try Identity(Secret(content)).publicIdentity } catch {
            throw StepError(.unacceptable, "standard input: \(error.rawValue)", hint: "pipe the identity in")
        }
    }
}
