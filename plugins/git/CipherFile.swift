import Documents
import PublisherPlugin
import Secrets
import TargetDocuments

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
