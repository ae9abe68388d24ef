import ChildProcesses
import Git
import PublisherKit
import Secrets

/// Signs a commit as `git` does with `gpg.format=ssh`: `ssh-keygen -Y sign -n git` (gitformat-signature(5)).
struct SSHSigner {
    enum Key {
        /// A private key, or a public one whose private key an agent has.
        case file(String)
        case secret(Secret)
    }

    let key: Key

    /// For a commit; errors are of code `unsigned`.
    func sign(_ work: Work) -> BareRepository.Signer {
        func sign(_ text: [UInt8]) throws(GitError) -> String {
            do throws(PublisherError) { return try self.sign(text, work) } catch {
                throw GitError(.unsigned, error.message, hint: error.hint ?? "")
            }
        }
        return sign
    }

    /// The armoured signature of a commit's text, which is no secret.
    func sign(_ text: [UInt8], _ work: Work) throws(PublisherError) -> String {
        let path: String
        let attachment: Secret?
        switch key {
        case .file(let file): (path, attachment) = (file, nil)
        case .secret(let secret): (path, attachment) = (Program.attachmentPath, secret)
        }
        let (status, output) = try work.run(
            ["ssh-keygen", "-q", "-Y", "sign", "-n", "git", "-f", path], input: Secret(text), attachment: attachment,
            field: "with.sign")
        guard status == 0, let signature = output.revealed(), signature.hasPrefix("-----BEGIN SSH SIGNATURE-----")
        else {
            throw PublisherError(
                .configuration, "ssh-keygen cannot sign with this key (status \(status))",
                hint: "take a key without a passphrase, or one that the agent has", field: "with.sign")
        }
        return signature
    }
}
