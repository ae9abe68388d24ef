import ChildProcesses
import Documents
import PublisherKit
import Secrets
import TargetDocuments

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

/// A file that is encrypted as a whole.
struct CipherFile: EncryptedFile {
    let cipher: Cipher
    let place: ValuePlace
    /// Whether the file is said to hold nothing but the value, so that it can be written without being read.
    let isAlone: Bool

    var programs: [String] { cipher.programs }

    func open(_ file: RepositoryFile) throws(PublisherError) -> OpenedFile {
        guard let bytes = file.bytes else { return .missing }
        guard let plaintext = try cipher.decrypt(bytes, file.work) else { return .sealed }
        let document = try place.document(plaintext.copyBytes())
        return .plaintext(document, value: try place.value(in: document))
    }

    func writing(
        _ value: Secret, into file: RepositoryFile, _ opened: OpenedFile
    ) throws(PublisherError) -> [UInt8] {
        let document: Document
        switch opened {
        case .plaintext(let plaintext, _): document = plaintext
        case .sealed where !isAlone:
            throw PublisherError(
                .configuration, "\(place.path) cannot be decrypted here, and may hold other values",
                hint: "give this stage what decrypts it, or say 'alone: true' if the key is all that is in it",
                field: "with.alone")
        case .sealed, .missing: document = try place.document([])
        }
        return try cipher.encrypt(Secret(place.replacing(in: document, with: value)), file.work)
    }
}

/// A file that can be read, in which the value alone is encrypted, as `kubeseal --raw` does it.
struct CipherValue: EncryptedFile {
    let cipher: Cipher
    let place: ValuePlace

    var programs: [String] { cipher.programs }

    func open(_ file: RepositoryFile) throws(PublisherError) -> OpenedFile {
        guard let bytes = file.bytes else { return .missing }
        let document = try place.document(bytes)
        guard let ciphertext = try place.value(in: document) else { return .plaintext(document, value: nil) }
        guard let value = try cipher.decrypt(ciphertext.copyBytes(), file.work) else { return .sealed }
        return .plaintext(document, value: value.withoutLineEnd)
    }

    func writing(
        _ value: Secret, into file: RepositoryFile, _ opened: OpenedFile
    ) throws(PublisherError) -> [UInt8] {
        let ciphertext = Secret(try cipher.encrypt(value, file.work)).withoutLineEnd
        guard ciphertext.copyBytes().allSatisfy({ (0x20..<0x7f).contains($0) }) else {
            throw PublisherError(
                .configuration, "what \(cipher.name) prints is not a single line of text",
                hint: "let it print base64 without line ends, or leave 'encrypts' out", field: "with.command")
        }
        return try place.replacing(in: place.document(file.bytes ?? []), with: ciphertext)
    }
}

/// A way to keep a value encrypted in a file. Plaintext is in memory and in pipes only.
protocol EncryptedFile: Sendable {
    /// The programs that it runs.
    var programs: [String] { get }
    /// Refuses a file that has other readers than those who are known to be meant, before any program gets to see it.
    /// Ways that encrypt a file anew, for whom the plan says, take any. `ours` are the versions that ork has written.
    func checkReaders(
        of file: RepositoryFile, since ours: () throws(PublisherError) -> [OwnVersion]
    ) throws(PublisherError)
    /// Decrypts the file of a commit, where that can be done here.
    func open(_ file: RepositoryFile) throws(PublisherError) -> OpenedFile
    /// The bytes of the file with another value in it; everything else in it stays.
    func writing(
        _ value: Secret, into file: RepositoryFile, _ opened: OpenedFile
    ) throws(PublisherError) -> [UInt8]
}

extension EncryptedFile {
    func checkReaders(
        of file: RepositoryFile, since ours: () throws(PublisherError) -> [OwnVersion]
    ) throws(PublisherError) {}
}

/// The file as a commit has it, with what is needed to work on it.
struct RepositoryFile {
    /// `nil` if there is none.
    let bytes: [UInt8]?
    /// The next `.sops.yaml` at or above it, with its path.
    let rules: (path: String, bytes: [UInt8])?
    let stage: Stage
    let work: Work
}

/// What a file turned out to hold at the place of the value.
enum OpenedFile {
    /// There is no file.
    case missing
    /// The plaintext, and the value in it; `nil` if there is none.
    case plaintext(Document, value: Secret?)
    /// It cannot be decrypted here.
    case sealed
}
