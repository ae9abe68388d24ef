import JSON
package import Secrets
import Sodium

/// The successor's plaintext, sealed to one public identity.
package struct SealedSecret: Hashable, Sendable {
    package let recipient: PublicIdentity
    private let box: [UInt8]

    /// Seals `secret` to `recipient`.
    package init(_ secret: Secret, to recipient: PublicIdentity) throws(SodiumFailure) {
        box = try recipient.seal(secret)
        self.recipient = recipient
    }

    init(_ json: JSONValue) throws(HandoffError) {
        guard let recipient = json["to"]?.string.flatMap(PublicIdentity.init),
            let box = json["box"]?.string.flatMap(Base64URL.decode), json["of"]?.string == "successor"
        else { throw .malformed("an entry of sealed") }
        self.recipient = recipient
        self.box = box
    }

    var json: JSONValue {
        ["to": .string(recipient.description), "of": "successor", "box": .string(Base64URL.encode(box))]
    }

    /// The plaintext, if the box is this identity's and holds what `digest` names: a swapped box does not pass.
    package func open(with identity: Identity, expecting digest: Digest) -> Secret? {
        guard let secret = identity.open(box), Digest(of: secret) == digest else { return nil }
        return secret
    }
}
