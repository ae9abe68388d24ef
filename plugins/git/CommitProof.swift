import Secrets
import Sodium
import TargetDocuments

/// What only somebody who has a key can say of an encrypted file: that it holds that key at this place.
///
/// Everybody can read the digest in a commit and write it into another one. For whoever has the key, as `publish` does,
/// this tells the two apart, although the file cannot be decrypted here.
struct CommitProof: Equatable {
    let text: String

    /// The proof of a whole file.
    init(of secret: Secret, at place: ValuePlace, in file: [UInt8]) {
        let words = [SHA256.hex(file), place.path, place.name ?? ""]
        // HMAC hashes a key of more than 64 bytes first, and the hash of a key alone is no secret.
        let key = Secret(Array("ork-publisher-git:".utf8) + secret.copyBytes())
        text = HMACSHA256.hex(Array(words.joined(separator: "\n").utf8), key: key)
    }

    /// One that somebody has written.
    init(_ text: String) { self.text = text }
}
