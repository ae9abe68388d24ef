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
    /// All who may read it; `nil` if the plan does not say.
    let recipients: [SOPSReader]?
    let request: PublisherRequest

    let programs = ["sops"]

    private static let noKey: Int32 = 128
    private static let wrongMAC: Int32 = 51

    func open(_ file: RepositoryFile) throws(PublisherError) -> OpenedFile {
        guard let bytes = file.bytes else { return .missing }
        guard SOPSMetadata(bytes, place.format) != nil else {
            throw PublisherError(
                .configuration, "\(place.path) is not encrypted with sops",
                hint: "encrypt it by hand once, with what else is in it, or name another file", field: "with.path")
        }
        let copy = try stage(file)
        let (status, output) = try file.work.run(
            copy.command + ["decrypt"] + types + [copy.file], field: "with.path")
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
        try requireNamedReaders(file, opened)
        let bytes =
            switch opened {
            case .plaintext(let document, _): try setting(value, in: file, document)
            case .missing: try encrypting(Secret(place.replacing(in: place.document([]), with: value)), file)
            case .sealed: try rewriting(value, file)
            }
        try checkResult(bytes, file)
        return bytes
    }

    /// What sops has written tells for whom: no setting of its own and none of the branch counts.
    private func checkResult(_ bytes: [UInt8], _ file: RepositoryFile) throws(PublisherError) {
        let before = file.bytes.flatMap { SOPSMetadata($0, place.format) }
        guard let result = SOPSMetadata(bytes, place.format), recipients != nil || result == before else {
            throw PublisherError(
                .configuration, "sops did not leave the readers of \(place.path) as they were",
                hint: "name them in 'recipients'", field: "with.recipients")
        }
        try requireRecipients(result)
    }

    /// `sops set` in a copy: what is unchanged keeps its ciphertext, because sops keeps its IV. Where the readers are
    /// named, the file first gets a new data key, encrypted for each of them by the name that was checked.
    private func setting(
        _ value: Secret, in file: RepositoryFile, _ document: Document
    ) throws(PublisherError) -> [UInt8] {
        let copy = try stage(file)
        if recipients != nil {
            let (status, _) = try file.work.run(
                copy.command + ["rotate", "--in-place"] + types + [copy.file], field: "with.recipients")
            guard status == 0 else {
                throw failure(
                    "make a new data key for", status, hint: "it has to be able to encrypt for all of 'recipients' here"
                )
            }
        }
        let (status, _) = try file.work.run(
            copy.command + ["set", "--value-stdin"] + types + [copy.file, try index(document)],
            input: try Self.quoted(value), field: "with.name")
        guard status == 0 else { throw failure("change", status) }
        return try Stage.read(copy.file)
    }

    /// Encrypts a whole plaintext for the recipients. The rule that the repository has for this file says which of its
    /// values are encrypted.
    private func encrypting(_ plaintext: Secret, _ file: RepositoryFile) throws(PublisherError) -> [UInt8] {
        let copy = try stage(file)
        let whom = Dictionary(grouping: recipients ?? [], by: \.option).sorted { $0.key < $1.key }
            .flatMap { [$0.key, $0.value.map(\.name).joined(separator: ",")] }
        let (status, output) = try file.work.run(
            copy.command + ["encrypt", "--filename-override", copy.file] + types + whom, input: plaintext,
            field: "with.path")
        guard status == 0 else {
            throw failure(
                "encrypt", status,
                hint: "the log has what it said; a .sops.yaml needs a creation rule that matches this path")
        }
        return output.copyBytes()
    }

    /// Writes a file that cannot be read here anew, if the value is all that is secret in it.
    private func rewriting(_ value: Secret, _ file: RepositoryFile) throws(PublisherError) -> [UInt8] {
        let sealed = SOPSText(file.bytes ?? [], place.format)
        let plain = sealed.withoutMetadata
        guard sealed.ciphertexts(in: plain) == (try holdsCiphertext(plain) ? 1 : 0) else {
            throw PublisherError(
                .configuration, "\(place.path) cannot be decrypted here and holds other encrypted values",
                hint: "give this stage a key of the file, as in SOPS_AGE_KEY, or keep the key in a file of its own",
                field: "with.path")
        }
        return try encrypting(
            Secret(place.replacing(in: place.document(place.format == .raw ? [] : plain), with: value)), file)
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

    private var types: [String] {
        let type = place.format == .raw ? "binary" : place.format.rawValue
        return ["--input-type", type, "--output-type", type]
    }

    private func failure(
        _ what: String, _ status: Int32, hint: String = "the log has what it said"
    ) -> PublisherError {
        PublisherError(
            .configuration, "sops cannot \(what) \(place.path) (status \(status))", hint: hint, field: "with.path")
    }
}

extension SOPSFile {
    /// A copy of the encrypted file and of the rules for it, as they lie in the repository.
    struct Copy {
        let file: String
        /// `sops`, with the rules of the repository and no others: it would look for some in every folder above.
        let command: [String]
    }

    func stage(_ file: RepositoryFile) throws(PublisherError) -> Copy {
        let folder = try file.stage.folder("sops")
        let copy = "\(folder)/\(place.path)"
        try Stage.write(file.bytes ?? [], to: copy)
        let rules = file.rules.map { "\(folder)/\($0.path)" }
        if let rules, let bytes = file.rules?.bytes { try Stage.write(bytes, to: rules) }
        return Copy(file: copy, command: ["sops", "--config", rules ?? "/dev/null"])
    }
}
