import Documents
import FoundationEssentials
import Git
import JSON
import PublisherKit
import Secrets
import TargetDocuments

/// A target's `with`, checked.
struct GitSettings {
    let remote: RemoteSettings
    let place: ValuePlace
    let file: any EncryptedFile
    let commit: CommitSettings
    /// A checkout on this machine whose objects may be used.
    let checkout: String?
    let sharing: Sharing

    /// What a target can be encrypted with.
    enum Encryption: String, CaseIterable {
        case sops
        case age
        case ansibleVault = "ansible-vault"
        case command
    }

    /// What is encrypted.
    private enum Extent: String, CaseIterable {
        case file, value
    }

    /// Endings that say how a file is encrypted, and not what is in it.
    private static let outerEndings = [".age", ".enc", ".vault", ".gpg", ".pgp", ".asc"]

    /// Settings of the repository and of the commit: targets that agree in them can be written in one.
    static let shared = [
        "remote", "branch", "base", "author", "message", "sign", "signing_key", "user", "ssh_key", "host_key",
        "known_hosts", "checkout",
    ]

    /// What two targets have to have in common to be written in one commit.
    struct Sharing: Hashable {
        let with: [JSONValue?]
        let branch: String
        let text: String?
    }

    static let names = PublisherInformation.Names(
        required: ["remote", "branch", "path", "encrypt"],
        optional: [
            "base", "name", "format", Settings.create, "recipients", "identity", "command", "decrypt", "encrypts",
            "alone",
            "author", "message", "sign", "signing_key", "user", "ssh_key", "host_key", "known_hosts", "checkout",
        ])

    /// Those that are files or folders of the machine; `path` is one of the repository.
    static let paths = ["identity", "signing_key", "ssh_key", "known_hosts", "checkout"]

    static let environment = PublisherInformation.Variables(
        optional: Work.credentials + ["SSH_AUTH_SOCK"],
        // sops asks key services by them.
        inherited: ["AWS_REGION", "AWS_DEFAULT_REGION", "VAULT_ADDR", "VAULT_NAMESPACE", "VAULT_CACERT"])

    /// Errors are of code `configuration` and name the field. `environment` is the process's own.
    init(
        _ request: PublisherRequest, environment: [String: String], isRollback: Bool = false
    ) throws(PublisherError) {
        let settings = Settings(request.with)
        remote = try RemoteSettings(settings, request, environment)
        let path = try settings.required("path", hint: "name the file, from the repository's root")
        place = try ValuePlace(settings, path: path, without: Self.outerEndings)
        file = try Self.file(settings, place, request, environment)
        commit = try CommitSettings(settings, request, environment, isRollback: isRollback)
        checkout = try settings.text("checkout")
        sharing = Sharing(with: Self.shared.map { request.with[$0] }, branch: remote.branch, text: commit.text)
    }

    private static func file(
        _ settings: Settings, _ place: ValuePlace, _ request: PublisherRequest, _ environment: [String: String]
    ) throws(PublisherError) -> any EncryptedFile {
        guard let encryption = try settings.choice("encrypt", Encryption.self) else {
            throw Settings.error(
                "encrypt", "'encrypt' is missing", hint: "take one of sops, age, ansible-vault, command")
        }
        try refuseForeign(settings, encryption)
        let recipients = try settings.texts("recipients") ?? []
        let cipher: Cipher
        switch encryption {
        case .sops:
            return SOPSFile(place: place, recipients: try readers(settings), request: request)
        case .age:
            guard !recipients.isEmpty, !recipients.contains(where: { $0.hasPrefix("-") }) else {
                throw Settings.error(
                    "recipients", "'recipients' is missing, or holds an option", hint: "list public keys, as age1…")
            }
            cipher = .age(
                recipients: recipients, identityFile: try settings.text("identity"),
                identity: environment["AGE_IDENTITY"].map { Secret($0) })
        case .ansibleVault: cipher = .ansibleVault()
        case .command:
            guard let command = try settings.texts("command") else {
                throw Settings.error("command", "'command' is missing", hint: "list the program and its arguments")
            }
            cipher = Cipher(
                name: command[0], encrypt: command, decrypt: try settings.texts("decrypt"), attachment: nil,
                field: "with.command")
        }
        if try settings.choice("encrypts", Extent.self) == .value {
            guard place.format != .raw, encryption != .ansibleVault else {
                throw Settings.error(
                    "encrypts", "'encrypts: value' is for a program that prints one line, and a file with names in it",
                    hint: "leave 'encrypts' out")
            }
            return CipherValue(cipher: cipher, place: place)
        }
        let isAlone = try settings.flag("alone") ?? (place.format == .raw)
        return CipherFile(cipher: cipher, place: place, isAlone: isAlone)
    }

    /// `nil` without `recipients`.
    private static func readers(_ settings: Settings) throws(PublisherError) -> [SOPSReader]? {
        guard let texts = try settings.texts("recipients") else { return nil }
        return try texts.flatMap { $0.split(separator: ",") }.map { text throws(PublisherError) in
            try SOPSReader(named: String(text.trimmed))
        }
    }

    /// Refuses settings that the way of encrypting does not look at.
    private static func refuseForeign(_ settings: Settings, _ encryption: Encryption) throws(PublisherError) {
        let all = ["recipients", "identity", "command", "decrypt", "encrypts", "alone"]
        let own: Set<String> =
            switch encryption {
            case .sops: ["recipients"]
            case .age: ["recipients", "identity", "encrypts", "alone"]
            case .ansibleVault: ["alone", "encrypts"]
            case .command: ["command", "decrypt", "encrypts", "alone"]
            }
        if let key = all.first(where: { settings.has($0) && !own.contains($0) }) {
            throw Settings.error(
                key, "'encrypt: \(encryption.rawValue)' does not look at '\(key)'", hint: "leave it out")
        }
    }
}

/// Who commits, what the commit says, and what signs it.
struct CommitSettings {
    /// The trailers that tell what a commit wrote, also to who cannot read it. A digest gives nothing away of a key.
    static let rotation = "Ork-Rotation"
    static let operation = "Ork-Operation"
    static let digest = "Ork-Digest"
    /// See `CommitProof`.
    static let proof = "Ork-Proof"
    /// Which value of the file it is about; raw files have one.
    static let name = "Ork-Name"
    /// Which file the trailers after it are about, where a commit wrote several values.
    static let path = "Ork-Path"

    let author: (name: String, email: String)
    /// What the settings have the commit say; `nil` for ork's own words.
    let text: String?
    let signer: SSHSigner?
    private let deed: String

    private enum Signing: String, CaseIterable {
        case ssh
    }

    /// Errors are of code `configuration` and name the field.
    init(
        _ settings: Settings, _ request: PublisherRequest, _ environment: [String: String], isRollback: Bool
    ) throws(PublisherError) {
        author = try Self.person(settings.text("author") ?? "ork <ork@noreply.invalid>")
        deed = isRollback ? "Put back" : "Rotate"
        text = try settings.text("message").map { message throws(PublisherError) in
            let text = try Template(message, key: "message").filled(.init(request)).trimmingSuffix { $0.isWhitespace }
            guard !text.isEmpty else { throw Settings.error("message", "'message' is empty", hint: "leave it out") }
            return String(text)
        }
        let key = try settings.text("signing_key")
        switch try settings.choice("sign", Signing.self) {
        case .ssh:
            if let key {
                signer = SSHSigner(key: .file(key))
            } else if let key = environment["GIT_SIGNING_KEY"], !key.isEmpty {
                signer = SSHSigner(key: key.hasPrefix("/") ? .file(key) : .secret(Secret(key + "\n")))
            } else {
                throw Settings.error(
                    "sign", "there is no key to sign with",
                    hint: "set GIT_SIGNING_KEY in the target's env, or name a file with 'signing_key'")
            }
        case nil:
            guard key == nil else {
                throw Settings.error("signing_key", "'signing_key' without 'sign'", hint: "add 'sign: ssh'")
            }
            signer = nil
        }
    }

    /// The commit that writes these targets, one at least, each with its proof.
    func commit(of targets: [(target: GitTarget, proof: CommitProof)], at time: Date) -> GitCommit {
        GitCommit(
            author: GitPerson(name: author.name, email: author.email, time: Int64(time.timeIntervalSince1970)),
            message: message(targets))
    }

    /// Puts our trailers under the message, in one block with its own ones if it has some.
    private func message(_ targets: [(target: GitTarget, proof: CommitProof)]) -> String {
        let paths = Set(targets.map(\.target.settings.place.path))
        let place = paths.count == 1 ? targets[0].target.settings.place.path : "\(paths.count) files"
        let body = text ?? "\(deed) the OpenRouter key in \(place)"
        let hasTrailers = body.contains("\n") && (try? GitTrailer.all(in: body + "\n").isEmpty) == false
        let trailers =
            [(Self.rotation, targets[0].target.request.rotation)]
            + targets.flatMap { target, proof in
                [
                    targets.count == 1 ? nil : (Self.path, target.settings.place.path),
                    (Self.operation, target.request.operation), (Self.digest, target.request.digest.description),
                    (Self.proof, proof.text), target.settings.place.name.map { (Self.name, $0) },
                ].compactMap(\.self)
            }
        return body + (hasTrailers ? "\n" : "\n\n") + trailers.map { "\($0): \($1)\n" }.joined()
    }

    /// Takes `Name <address>`.
    private static func person(_ text: String) throws(PublisherError) -> (name: String, email: String) {
        let parts = text.split(separator: "<", omittingEmptySubsequences: false)
        let name = parts[0].trimmingSuffix { $0 == " " }
        guard parts.count == 2, !name.isEmpty, parts[1].hasSuffix(">"), parts[1].count > 1,
            !text.unicodeScalars.contains(where: { $0.value < 0x20 })
        else {
            throw Settings.error("author", "'author' is not a name with an address", hint: "write 'Name <address>'")
        }
        return (String(name), String(parts[1].dropLast()))
    }
}

extension StringProtocol {
    fileprivate func trimmingSuffix(_ isBlank: (Character) -> Bool) -> SubSequence {
        var rest = self[...]
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        return rest
    }
}

/// A text with places for what is public about a rotation: `{rotation}`, `{target}`, `{hash}`.
struct Template {
    /// What the places are filled with.
    struct Words {
        let rotation: String
        let target: String
        /// The successor's hash, as OpenRouter documents it.
        let hash: String

        init(_ request: PublisherRequest) {
            rotation = request.rotation
            target = request.target
            hash = request.digest.hex
        }
    }

    private let text: String

    private static let names = ["rotation", "target", "hash"]

    /// Refuses places that are none, under the setting `key`.
    init(_ text: String, key: String) throws(PublisherError) {
        self.text = text
        for part in text.split(separator: "{", omittingEmptySubsequences: false).dropFirst() {
            guard Self.names.contains(where: { part.hasPrefix($0 + "}") }) else {
                throw Settings.error(
                    key, "'\(key)' has a place that is not known", hint: "there are {rotation}, {target} and {hash}")
            }
        }
    }

    func filled(_ words: Words) -> String {
        text.replacing("{rotation}", with: words.rotation).replacing("{target}", with: words.target)
            .replacing("{hash}", with: words.hash)
    }
}
