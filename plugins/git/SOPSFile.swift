import Documents
import JSON
import PublisherKit
import Secrets
import TargetDocuments

/// A file that SOPS keeps: names and structure can be read, values are encrypted, and a MAC covers them all.
///
/// The real `sops` does all of it. Its exit statuses are those of `cmd/sops/codes`.
struct SOPSFile: EncryptedFile {
    let place: ValuePlace
    /// age recipients for a file that is made where the repository has no `.sops.yaml`.
    let recipients: [String]

    let programs = ["sops"]

    private static let noKey: Int32 = 128
    private static let wrongMAC: Int32 = 51

    func open(_ file: RepositoryFile) throws(PublisherError) -> OpenedFile {
        guard let bytes = file.bytes else { return .missing }
        guard SOPSText(bytes, place.format).hasMetadata else {
            throw PublisherError(
                .configuration, "\(place.path) is not encrypted with sops",
                hint: "encrypt it by hand once, with what else is in it, or name another file", field: "with.path")
        }
        let copy = try stage(file)
        let type = Self.type(place.format)
        let (status, output) = try file.work.run(
            copy.command + ["decrypt", "--input-type", type, "--output-type", type, copy.file],
            field: "with.path")
        switch status {
        case 0:
            let document = try place.document(output.copyBytes())
            return .plaintext(document, value: try place.value(in: document))
        case Self.noKey: return .sealed
        case Self.wrongMAC:
            throw PublisherError(
                .conflict, "the MAC of \(place.path) is wrong: somebody changed the file without sops",
                hint: "look at its history, and put it right with sops", field: "with.path")
        default: throw failure("decrypt", status)
        }
    }

    func writing(
        _ value: Secret, into file: RepositoryFile, _ opened: OpenedFile
    ) throws(PublisherError) -> [UInt8] {
        switch opened {
        case .plaintext(let document, _): return try setting(value, in: file, document)
        case .missing: return try encrypting(Secret(place.replacing(in: place.document([]), with: value)), file)
        case .sealed: return try rewriting(value, file)
        }
    }

    /// `sops set` in a copy: what is unchanged keeps its ciphertext, because sops keeps its IV.
    private func setting(
        _ value: Secret, in file: RepositoryFile, _ document: Document
    ) throws(PublisherError) -> [UInt8] {
        let copy = try stage(file)
        let type = Self.type(place.format)
        let (status, _) = try file.work.run(
            copy.command
                + [
                    "set", "--value-stdin", "--input-type", type, "--output-type", type, copy.file, try index(document),
                ],
            input: try Self.quoted(value), field: "with.name")
        guard status == 0 else { throw failure("change", status) }
        return try Stage.read(copy.file)
    }

    /// Encrypts a whole plaintext by the rule that the repository has for this file.
    private func encrypting(_ plaintext: Secret, _ file: RepositoryFile) throws(PublisherError) -> [UInt8] {
        let copy = try stage(file)
        guard copy.hasRules || !recipients.isEmpty else {
            throw PublisherError(
                .notFound, "the repository has no .sops.yaml at or above \(place.path)",
                hint: "commit one with a creation rule for this file, or set 'recipients'", field: "with.recipients")
        }
        let type = Self.type(place.format)
        let whom = copy.hasRules ? [] : ["--age", recipients.joined(separator: ",")]
        let (status, output) = try file.work.run(
            copy.command + ["encrypt", "--filename-override", copy.file, "--input-type", type, "--output-type", type]
                + whom, input: plaintext, field: "with.path")
        guard status == 0 else {
            throw PublisherError(
                .configuration, "sops cannot encrypt \(place.path) (status \(status))",
                hint: "the log has what it said; check whether .sops.yaml has a creation rule that matches this path",
                field: "with.path")
        }
        return output.copyBytes()
    }

    /// Writes a file that cannot be read here anew, for the same readers, if the value is all that is secret in it.
    private func rewriting(_ value: Secret, _ file: RepositoryFile) throws(PublisherError) -> [UInt8] {
        let sealed = SOPSText(file.bytes ?? [], place.format)
        let plain = sealed.withoutMetadata
        guard sealed.ciphertexts(in: plain) == (try holdsCiphertext(plain) ? 1 : 0) else {
            throw PublisherError(
                .configuration, "\(place.path) cannot be decrypted here and holds other encrypted values",
                hint: "give this stage a key of the file, as in SOPS_AGE_KEY, or keep the key in a file of its own",
                field: "with.path")
        }
        let bytes = try encrypting(
            Secret(place.replacing(in: place.document(place.format == .raw ? [] : plain), with: value)), file)
        let readers = SOPSText(bytes, place.format).recipients
        guard readers == sealed.recipients else {
            throw PublisherError(
                .configuration, "\(place.path) is encrypted for others than .sops.yaml names",
                hint: "run 'sops updatekeys \(place.path)', or correct the creation rule", field: "with.path")
        }
        return bytes
    }

    private func holdsCiphertext(_ plain: [UInt8]) throws(PublisherError) -> Bool {
        if place.format == .raw { return true }
        return try place.value(in: place.document(plain)).map { SOPSText.isCiphertext($0.copyBytes()) } ?? false
    }

    /// The way to the value as `sops set` takes it.
    private func index(_ document: Document) throws(PublisherError) -> String {
        if place.format == .raw { return #"["data"]"# }
        var index = ""
        for step in document.steps(to: place.place) {
            switch step {
            case .item(let number): index += "[\(number)]"
            case .key(let key):
                guard !key.contains(where: { "[]\"'".contains($0) }) else {
                    throw Settings.error("name", "sops takes no brackets or quotes in a name", hint: "rename the key")
                }
                index += "[\"\(key)\"]"
            }
        }
        return index
    }

    private static func quoted(_ value: Secret) throws(PublisherError) -> Secret {
        guard let text = value.revealed() else { throw PublisherError(.configuration, "the key is not UTF-8 text") }
        return Secret(JSONValue.string(text).bytes())
    }

    private static func type(_ format: DocumentFormat) -> String { format == .raw ? "binary" : format.rawValue }

    private func failure(_ what: String, _ status: Int32) -> PublisherError {
        PublisherError(
            .configuration, "sops cannot \(what) \(place.path) (status \(status))",
            hint: "the log has what it said", field: "with.path")
    }
}

extension SOPSFile {
    /// A copy of the encrypted file and of the rules for it, as they lie in the repository.
    struct Copy {
        let file: String
        let hasRules: Bool
        /// `sops`, with the rules of the repository and no others: it would look for some in every folder above.
        let command: [String]
    }

    func stage(_ file: RepositoryFile) throws(PublisherError) -> Copy {
        let folder = try file.stage.folder("sops")
        let copy = "\(folder)/\(place.path)"
        try Stage.write(file.bytes ?? [], to: copy)
        let rules = file.rules.map { "\(folder)/\($0.path)" }
        if let rules, let bytes = file.rules?.bytes { try Stage.write(bytes, to: rules) }
        return Copy(
            file: copy, hasRules: rules != nil, command: ["sops", "--config", rules ?? "/dev/null"])
    }
}
