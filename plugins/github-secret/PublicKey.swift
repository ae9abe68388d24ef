import FoundationEssentials
import Secrets
import ServiceClient
import Sodium

/// What a secret is sealed to before it is sent.
struct PublicKey {
    let id: String
    private let bytes: [UInt8]

    init(_ answer: ServiceAnswer) throws(ServiceError) {
        let object = try answer.object()
        id = try object.text("key_id")
        guard let data = Data(base64Encoded: try object.text("key")), data.count == 32 else {
            throw answer.surprise("without a key of 32 bytes")
        }
        bytes = Array(data)
    }

    /// The sealed box of the secret, in base64; `nil` if the key is none (libsodium refuses points of small order).
    func seal(_ secret: Secret) -> String? {
        (try? BoxKeyPair.seal(secret, to: bytes)).map { Data($0).base64EncodedString() }
    }
}

/// The public keys of this process, by the address of the API and the path of the secrets.
typealias PublicKeys = FetchedOnce<[String], PublicKey>
