import PublisherKit
import Secrets

/// Somebody, or a service, that can open the data key of a file that SOPS keeps.
struct SOPSReader: Hashable {
    /// As a file calls it: `age`, `pgp`, `kms`, `gcp_kms`, `azure_kv`, `hc_vault`, `hckms`, or what a later sops
    /// knows.
    let kind: String
    /// As the options of sops take it: a public key, a fingerprint, an ARN, an address. Empty if nothing tells it.
    let name: String

    /// An entry of a file's metadata. Names are those that sops itself writes: another spelling tells nothing.
    init(kind: String, fields: [String: String]) {
        func field(_ name: String) -> String { fields[name] ?? "" }
        let name =
            switch kind {
            case "age": field("recipient")
            case "pgp": field("fp")
            case "kms": field("role").isEmpty ? field("arn") : "\(field("arn"))+\(field("role"))"
            case "gcp_kms": field("resource_id")
            case "hckms": field("key_id")
            case "azure_kv": "\(field("vault_url"))/keys/\(field("name"))/\(field("version"))"
            case "hc_vault": "\(field("vault_address"))/v1/\(field("engine_path"))/keys/\(field("key_name"))"
            default: ""
            }
        self.kind = kind
        // Texts outside of ASCII can be equal and have other bytes.
        self.name = name.utf8.allSatisfy { (0x20..<0x7F).contains($0) } ? name : ""
    }

    /// A reader that a plan names, told by its form. Errors are of code `configuration` and never quote it.
    init(named text: String) throws(PublisherError) {
        name = text
        if text.hasPrefix("age1") || text.hasPrefix("ssh-") {
            kind = "age"
        } else if text.hasPrefix("arn:") {
            kind = "kms"
        } else if text.hasPrefix("projects/") {
            kind = "gcp_kms"
        } else if text.hasPrefix("https://") || text.hasPrefix("http://"), text.contains("/keys/") {
            kind = text.contains("/v1/") ? "hc_vault" : "azure_kv"
        } else if text.utf8.count == 40, text.utf8.allSatisfy({ $0.hexDigitValue != nil }) {
            kind = "pgp"
        } else if text.split(separator: ":").count == 2, text.utf8.count(where: { $0 == UInt8(ascii: "-") }) >= 4 {
            kind = "hckms"
        } else {
            throw Settings.error(
                "recipients", "'recipients' has an entry that is not a key sops can encrypt for",
                hint: "write public keys of age, PGP fingerprints of 40 digits, ARNs or addresses of keys, as sops does"
            )
        }
    }

    /// What messages call it.
    var description: String {
        name.isEmpty
            ? "somebody of the kind \(DisplayText.escaped(kind, limit: 40))" : DisplayText.escaped(name, limit: 200)
    }

    /// The option that makes `sops encrypt` encrypt for it.
    var option: String { kind == "hc_vault" ? "--hc-vault-transit" : "--\(kind.replacing("_", with: "-"))" }
}

extension Sequence<SOPSReader> {
    /// Their names in a fixed order, as messages and a list in YAML have them; of many, the first ones.
    var names: String {
        let names = map(\.description).sorted()
        let rest = names.count > 8 ? ", and \(names.count - 8) more" : ""
        return names.prefix(8).joined(separator: ", ") + rest
    }
}
