import Documents
import PublisherPlugin
import Secrets
import TargetDocuments

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

extension Secret {
    /// Without the line end that programs add.
    fileprivate var withoutLineEnd: Secret {
        var bytes = copyBytes()[...]
        if bytes.last == 0x0A { bytes.removeLast() }
        return Secret(bytes)
    }
}
