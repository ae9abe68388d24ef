import JSON
package import PublisherKit
package import Secrets
import Sodium

/// What signs records and opens boxes: 32 random bytes, from which libsodium's KDF derives an Ed25519 and an X25519 pair.
package struct Identity: Sendable {
    package let publicIdentity: PublicIdentity
    private let seed: Secret
    private let box: BoxKeyPair
    private let signing: SigningKeyPair

    /// Why a text is no identity; it never quotes the text.
    package enum Mistake: Error, Hashable, Sendable, CustomStringConvertible {
        case form, quoted, publicPart, checksum
        /// How many characters there are.
        case cut(Int)
        case tooLong(Int)

        /// What is said of the text: lower case, no full stop.
        package var description: String {
            switch self {
            case .form: "is not an ork identity: one begins with \(Identity.prefix)"
            case .quoted: "has quotes around it; store it without them"
            case .cut(let count): "is cut off: it has \(count) of \(Identity.length) characters"
            case .tooLong(let count): "has \(count) characters instead of \(Identity.length); copy it again, alone"
            case .publicPart: "is a public identity; the private one begins with \(Identity.prefix)"
            case .checksum: "is damaged: its checksum does not fit; copy it again"
            }
        }
    }

    private static let prefix = "ork-identity-1:"
    // 32 bytes and their checksum in base64url.
    private static let length = prefix.utf8.count + 48
    // The version stands in the context, so that another version derives other keys from the same bytes.
    private static let context: StaticString = "ork-id-1"

    /// A new identity, from what `draw` draws: 32 random bytes.
    ///
    /// One whose public part looks by chance like a secret of somebody else's, such as a GitHub token, is drawn again: the
    /// public part is meant for files that are searched for secrets.
    package static func generate(
        _ draw: () -> Secret = { RandomBytes.secret(32) }
    ) throws(SodiumFailure) -> Identity {
        while true {
            let identity: Identity
            do { identity = try Identity(seed: draw()) } catch { throw SodiumFailure() }
            if SecretShape.first(in: Array(identity.publicIdentity.description.utf8)) == nil { return identity }
        }
    }

    /// Reads the text form, white space around it allowed.
    package init(_ text: Secret) throws(Mistake) {
        guard let revealed = text.revealed() else { throw .form }
        let trimmed = String(revealed.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
        guard !trimmed.hasPrefix(PublicIdentity.prefix) else { throw .publicPart }
        guard let first = trimmed.first, !"\"'`".contains(first) else { throw trimmed.isEmpty ? .form : .quoted }
        guard trimmed.hasPrefix(Self.prefix) else { throw .form }
        guard trimmed.utf8.count >= Self.length else { throw .cut(trimmed.utf8.count) }
        guard trimmed.utf8.count == Self.length else { throw .tooLong(trimmed.utf8.count) }
        guard let bytes = CheckedText.decode(trimmed, prefix: Self.prefix) else { throw .checksum }
        guard bytes.count == 32 else { throw .form }
        do { try self.init(seed: Secret(bytes)) } catch { throw .form }
    }

    private init(seed: Secret) throws(SodiumError) {
        self.seed = seed
        box = try BoxKeyPair(seed: KeyDerivation.derive(1, context: Self.context, from: seed))
        signing = try SigningKeyPair(seed: KeyDerivation.derive(2, context: Self.context, from: seed))
        publicIdentity = PublicIdentity(box: box.publicKey, signing: signing.publicKey)
    }

    /// The text form, which is a secret.
    package var text: Secret { Secret(CheckedText.encode(seed.copyBytes(), prefix: Self.prefix)) }

    func sign(_ message: [UInt8]) -> [UInt8] { signing.sign(message) }

    func open(_ box: [UInt8]) -> Secret? { try? self.box.open(box) }
}

/// libsodium does not start on this machine.
package struct SodiumFailure: Error {}

/// The half of an identity that others may have: what a box is sealed to and what a signature is checked with.
package struct PublicIdentity: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The same, as publishers know it.
    package let recipient: Recipient

    static let prefix = Recipient.prefix

    /// Reads the text form; `nil` if it is not one, or damaged.
    package init?(_ text: String) {
        guard let recipient = Recipient(text) else { return nil }
        self.init(recipient)
    }

    init(_ recipient: Recipient) { self.recipient = recipient }

    init(box: [UInt8], signing: [UInt8]) { recipient = Recipient(box: box, signing: signing) }

    /// The text form: `ork-public-1:` and 68 bytes in base64url.
    package var description: String { recipient.description }

    /// The first characters, enough for people to tell identities apart.
    package var short: String { String(description.prefix(Self.prefix.count + 8)) + "…" }

    func isValid(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        SigningKeyPair.isValid(signature, of: message, by: Array(recipient.keys[32...]))
    }

    package static func < (left: Self, right: Self) -> Bool { left.description < right.description }
}

/// A key's plaintext, sealed to one public identity.
package struct SealedSecret: Hashable, Sendable {
    private let box: SealedBox

    package var recipient: PublicIdentity { PublicIdentity(box.recipient) }

    /// Which key it says that it holds.
    package var content: SealedBox.Content { box.content }

    /// Seals `secret` to `recipient`.
    package init(
        _ secret: Secret, of content: SealedBox.Content = .successor, to recipient: PublicIdentity
    ) throws(SodiumFailure) {
        guard let box = SealedBox(secret, of: content, to: recipient.recipient) else { throw SodiumFailure() }
        self.box = box
    }

    /// What a publisher has sealed.
    package init(_ box: SealedBox) { self.box = box }

    /// Reads an entry of the handoff's member for boxes of this content.
    init(_ json: JSONValue, of content: SealedBox.Content = .successor) throws(HandoffError) {
        guard let box = SealedBox(json), box.content == content else { throw .malformed("an entry of sealed") }
        self.box = box
    }

    var json: JSONValue { box.json }

    /// The plaintext, if the box is this identity's and holds what `digest` names: a swapped box does not pass.
    package func open(with identity: Identity, expecting digest: Digest) -> Secret? {
        guard let secret = identity.open(box.bytes), Digest(of: secret) == digest else { return nil }
        return secret
    }
}
