package import JSON
package import Secrets
import Sodium

/// Whom a box is sealed to: the public half of an identity of ork's, as the text `ork-public-1:…`.
public struct Recipient: Hashable, Sendable, CustomStringConvertible {
    /// The text form.
    public let description: String
    /// The X25519 public key, then the Ed25519 public key: 64 bytes.
    package let keys: [UInt8]

    package static let prefix = "ork-public-1:"

    /// Reads the text form; `nil` if it is not one, or damaged.
    public init?(_ text: String) {
        guard let keys = CheckedText.decode(text, prefix: Self.prefix), keys.count == 64 else { return nil }
        self.keys = keys
        description = text
    }

    /// The public keys of an identity, 32 bytes each.
    package init(box: [UInt8], signing: [UInt8]) {
        keys = box + signing
        description = CheckedText.encode(keys, prefix: Self.prefix)
    }
}

/// A key's plaintext that only its recipient can read: an entry of `sealed`, in the handoff and in an answer.
public struct SealedBox: Hashable, Sendable {
    /// Which key of a rotation is in a box.
    public enum Content: String, Sendable {
        /// The new one.
        case successor
        /// One that the rotation replaces.
        case predecessor
    }

    /// Who can open it.
    public let recipient: Recipient
    /// What it says that is in it. Whoever opens it compares the digest.
    public let content: Content
    /// Made by libsodium's `crypto_box_seal`.
    package let bytes: [UInt8]

    /// Seals a key; `nil` where libsodium does not start.
    package init?(_ secret: Secret, of content: Content, to recipient: Recipient) {
        guard let bytes = try? BoxKeyPair.seal(secret, to: Array(recipient.keys[..<32])) else { return nil }
        self.recipient = recipient
        self.content = content
        self.bytes = bytes
    }

    /// Reads an entry; `nil` for anything else.
    package init?(_ json: JSONValue) {
        guard let recipient = json["to"]?.string.flatMap({ Recipient($0) }),
            let content = json["of"]?.string.flatMap(Content.init),
            let bytes = json["box"]?.string.flatMap(Base64URL.decode)
        else { return nil }
        self.recipient = recipient
        self.content = content
        self.bytes = bytes
    }

    /// The entry.
    package var json: JSONValue {
        [
            "to": .string(recipient.description), "of": .string(content.rawValue),
            "box": .string(Base64URL.encode(bytes)),
        ]
    }
}
