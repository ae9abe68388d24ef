import Programs
import PublisherPlugin
import Secrets

/// A program that turns a plaintext on its standard input into a ciphertext on its standard output, and one that turns
/// it back where there is one.
struct Cipher: Sendable {
    /// Its name for people.
    let name: String
    let encrypt: [String]
    let decrypt: [String]?
    /// What the programs find at `Program.attachmentPath`.
    let attachment: Secret?
    /// The setting to look at.
    let field: String

    var programs: [String] { [encrypt[0]] + (decrypt.map { [$0[0]] } ?? []) }

    /// `age -r`: whoever has the recipients can encrypt; decrypting takes an identity, in a file or in AGE_IDENTITY.
    static func age(recipients: [String], identityFile: String?, identity: Secret?) -> Cipher {
        let file = identityFile ?? (identity == nil ? nil : Program.attachmentPath)
        return Cipher(
            name: "age", encrypt: ["age", "--armor"] + recipients.flatMap { ["-r", $0] },
            decrypt: file.map { ["age", "--decrypt", "-i", $0] }, attachment: identityFile == nil ? identity : nil,
            field: "with.recipients")
    }

    /// `ansible-vault` takes the password from where `ANSIBLE_VAULT_PASSWORD_FILE` or an `ansible.cfg` says.
    static func ansibleVault() -> Cipher {
        Cipher(
            name: "ansible-vault", encrypt: ["ansible-vault", "encrypt", "--output", "-", "-"],
            decrypt: ["ansible-vault", "decrypt", "--output", "-", "-"], attachment: nil, field: "with.encrypt")
    }

    func encrypt(_ plaintext: Secret, _ work: Work) throws(PublisherError) -> [UInt8] {
        let (status, output) = try work.run(encrypt, input: plaintext, attachment: attachment, field: field)
        guard status == 0 else { throw failure("encrypt", status) }
        guard output.count > 0 else {
            throw PublisherError(
                .configuration, "\(name) printed no ciphertext", hint: "it has to write it to its standard output",
                field: field)
        }
        return output.copyBytes()
    }

    /// `nil` if there is no way to decrypt here.
    func decrypt(_ ciphertext: [UInt8], _ work: Work) throws(PublisherError) -> Secret? {
        guard let decrypt else { return nil }
        let (status, output) = try work.run(
            decrypt, input: Secret(ciphertext), attachment: attachment, field: field)
        guard status == 0 else { throw failure("decrypt the file", status) }
        return output
    }

    private func failure(_ what: String, _ status: Int32) -> PublisherError {
        PublisherError(
            .configuration, "\(name) cannot \(what) (status \(status))",
            hint: "the log has what it said; look at its keys, and for whom the file was encrypted", field: field)
    }
}
