import Documents
import PublisherPlugin
import Secrets
import TargetDocuments

/// A target's `with`, checked.
struct GitSettings {
    let remote: RemoteSettings
    let place: ValuePlace
    let file: any EncryptedFile
    let commit: CommitSettings
    /// Whether a file that is not there is made.
    let create: Bool
    /// A checkout on this machine whose objects may be used.
    let checkout: String?

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

    static let names = PublisherInformation.Names(
        required: ["remote", "branch", "path", "encrypt"],
        optional: [
            "base", "name", "format", "create", "recipients", "identity", "command", "decrypt", "encrypts", "alone",
            "author", "message", "sign", "signing_key", "user", "ssh_key", "host_key", "known_hosts", "checkout",
        ])

    static let environment = PublisherInformation.Names(
        optional: Work.credentials + ["SSH_AUTH_SOCK"])

    /// Errors are of code `configuration` and name the field. `environment` is the process's own.
    init(_ request: PublisherRequest, environment: [String: String]) throws(PublisherError) {
        let settings = Settings(request.with)
        remote = try RemoteSettings(settings, request, environment)
        let path = try settings.required("path", hint: "name the file, from the repository's root")
        place = try ValuePlace(settings, path: path, without: Self.outerEndings)
        file = try Self.file(settings, place, environment)
        commit = try CommitSettings(settings, request, place, environment)
        create = try settings.flag("create") ?? true
        checkout = try settings.text("checkout")
    }

    private static func file(
        _ settings: Settings, _ place: ValuePlace, _ environment: [String: String]
    ) throws(PublisherError) -> any EncryptedFile {
        guard let encryption = try settings.choice("encrypt", Encryption.self) else {
            throw Settings.error(
                "encrypt", "'encrypt' is missing", hint: "take one of sops, age, ansible-vault, command")
        }
        try refuseForeign(settings, encryption)
        let recipients = try settings.texts("recipients") ?? []
        let cipher: Cipher
        switch encryption {
        case .sops: return SOPSFile(place: place, recipients: recipients)
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
