package import FoundationEssentials
import HTTP
import JSON
import SandboxWire
package import Secrets
import Sodium
import Timestamps

extension GitHubSandbox {
    /// The public key of a collection, made when it is first asked for.
    mutating func publicKey(of collection: SecretCollection) -> Reply {
        let key = key(of: collection)
        let encoded = Data(key.pair.publicKey).base64EncodedString()
        return Reply(json: ["key_id": .string(key.id), "key": .string(encoded)])
    }

    private mutating func key(of collection: SecretCollection) -> SealingKey {
        if let key = keys[collection] { return key }
        var seed: [UInt8] = []
        for _ in 0..<4 { seed += nextBytes() }
        guard let pair = try? BoxKeyPair(seed: Secret(seed)) else { preconditionFailure("a seed has 32 bytes") }
        let id = "\(number())\(number())"
        let key = SealingKey(id: id, pair: pair)
        keys[collection] = key
        return key
    }

    private mutating func nextBytes() -> [UInt8] {
        let bits = random.next()
        return (0..<8).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) }
    }

    func listSecrets(_ collection: SecretCollection, _ request: ParsedRequest) -> Reply {
        let all = (secrets[collection] ?? [:]).values.sorted { $0.name < $1.name }
        return page("secrets", all.map { $0.json(request, collection.listPath(self)) }, request)
    }

    func secret(_ name: String, _ collection: SecretCollection) throws(Refusal) -> StoredSecret {
        guard let secret = secrets[collection]?[name.uppercased()] else { throw .notFound }
        return secret
    }

    mutating func deleteSecret(_ name: String, _ collection: SecretCollection) throws(Refusal) -> Reply {
        guard secrets[collection]?.removeValue(forKey: name.uppercased()) != nil else { throw .notFound }
        return .noContent
    }

    /// Creates or replaces a secret. An organisation's visibility is what this request says: chosen repositories that
    /// it leaves out are chosen no more.
    mutating func putSecret(_ name: String, _ collection: SecretCollection, _ request: ParsedRequest, at now: Date)
        throws(Refusal) -> Reply
    {
        try Self.check(name: name, of: "Secret")
        let body = try Body(request.request.body)
        try body.require("encrypted_value", "key_id")
        let encoded = try body.text("encrypted_value") ?? ""
        guard let box = Self.box(encoded) else {
            throw .invalid(
                encoded + #" does not match /^(?:[A-Za-z0-9+\/]{4})*(?:[A-Za-z0-9+\/]{2}==|[A-Za-z0-9+\/]{3}=|"#
                    + #"[A-Za-z0-9+\/]{4})$/."#)
        }
        let key = key(of: collection)
        var plaintext: Secret?
        if try body.text("key_id") == key.id { plaintext = try? key.pair.open(box) }
        guard plaintext != nil || storesWhatDoesNotOpen else { throw .doesNotOpen }
        guard box.count <= Self.limit else { throw Refusal(422, "Value is too large.") }
        let (visibility, selected) = try audience(body, collection.place, allowingText: collection.store == .dependabot)
        let name = name.uppercased()
        let time = now.wholeSecond
        let isNew = secrets[collection]?[name] == nil
        secrets[collection, default: [:]][name] = StoredSecret(
            name: name, encryptedValue: encoded, plaintext: plaintext, visibility: visibility, selected: selected,
            createdAt: secrets[collection]?[name]?.createdAt ?? time, updatedAt: time, keyPair: key.pair)
        return isNew ? .created : .noContent
    }

    /// 48 KB, as GitHub documents it, and what sealing adds.
    private static let limit = 48_000 + 48

    /// Standard base64 with padding, and nothing else.
    private static func box(_ encoded: String) -> [UInt8]? {
        Data(base64Encoded: encoded).map { Array($0) }
    }

    static func check(name: String, of noun: String) throws(Refusal) {
        let isWord = name.utf8.allSatisfy {
            $0.isASCIIAlphanumeric || $0 == UInt8(ascii: "_")
        }
        guard isWord, let first = name.utf8.first, !first.isASCIIDigit else {
            throw Refusal(
                422,
                """
                \(noun) names can only contain alphanumeric characters ([a-z], [A-Z], [0-9]) or underscores (_). \
                Spaces are not allowed. Must start with a letter ([a-z], [A-Z]) or underscores (_).
                """)
        }
        guard !name.uppercased().hasPrefix("GITHUB_") else {
            throw Refusal(422, "\(noun) names must not start with GITHUB_.")
        }
    }
}

extension StoredSecret {
    /// `list` is the path of the collection's list, below the root.
    func json(_ request: ParsedRequest, _ list: String) -> JSONValue {
        var object: JSONObject = [
            "name": .string(name), "created_at": .string(createdAt.rfc3339), "updated_at": .string(updatedAt.rfc3339),
        ]
        if let visibility {
            object["visibility"] = .string(visibility.rawValue)
            if visibility == .selected {
                object["selected_repositories_url"] = .string("\(request.base)\(list)/\(name)/repositories")
            }
        }
        return .object(object)
    }
}

extension SecretCollection {
    /// The path of an organisation's secrets, below the root.
    func listPath(_ sandbox: GitHubSandbox) -> String {
        guard case .organisation(let name) = place else { return "" }
        return "/orgs/\(sandbox.organisations[name]?.login ?? name)/\(store.rawValue)/secrets"
    }
}

extension Date {
    /// Without fractions of a second, which GitHub's times do not have.
    var wholeSecond: Date { Date(timeIntervalSince1970: timeIntervalSince1970.rounded(.down)) }
}

/// Which repositories of an organisation see a secret or a variable.
package enum Visibility: String, Sendable {
    case all
    case `private`
    case selected
}

/// A secret as it is stored, sealed.
package struct StoredSecret: Sendable {
    /// In upper case.
    package let name: String
    /// The sealed box in base64, as it was sent.
    package internal(set) var encryptedValue: String
    /// What the box held; `nil` if it does not open.
    package internal(set) var plaintext: Secret?
    /// Of an organisation's secret only.
    package internal(set) var visibility: Visibility?
    /// The ids of the chosen repositories, ascending.
    package internal(set) var selected: [Int] = []
    package let createdAt: Date
    package internal(set) var updatedAt: Date
    /// What it was sealed to.
    var keyPair: BoxKeyPair
}

/// A variable, which can be read.
package struct StoredVariable: Sendable {
    /// In upper case.
    package internal(set) var name: String
    package internal(set) var value: String
    /// Of an organisation's variable only.
    package internal(set) var visibility: Visibility?
    /// The ids of the chosen repositories, ascending.
    package internal(set) var selected: [Int] = []
    package let createdAt: Date
    package internal(set) var updatedAt: Date
}

/// What secrets are sealed to, until another replaces it.
struct SealingKey {
    let id: String
    let pair: BoxKeyPair
}
