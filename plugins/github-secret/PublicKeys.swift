import FoundationEssentials
import HTTP
import Secrets
import ServiceClient
import Sodium
import Synchronization

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

/// The public keys of this process: each is fetched once, also if many targets want it at the same time.
final class PublicKeys: Sendable {
    private struct Place: Hashable {
        let address: HTTPURL
        let path: [String]
    }

    private final class Slot: Sendable {
        let key = Mutex<PublicKey?>(nil)
    }

    private let slots = Mutex<[Place: Slot]>([:])

    /// The key of the secrets at `path`. Whoever comes while it is being fetched waits for it.
    func key(
        at address: HTTPURL, _ path: [String], fetch: () throws(ServiceError) -> PublicKey
    ) throws(ServiceError) -> PublicKey {
        try slot(address, path).key.withLock { key throws(ServiceError) in
            if let key { return key }
            let fetched = try fetch()
            key = fetched
            return fetched
        }
    }

    /// Drops a key that GitHub does not take any more, unless another one has come in its place.
    func forget(_ stale: PublicKey, at address: HTTPURL, _ path: [String]) {
        slot(address, path).key.withLock { key in
            if key?.id == stale.id { key = nil }
        }
    }

    private func slot(_ address: HTTPURL, _ path: [String]) -> Slot {
        slots.withLock { slots in
            let place = Place(address: address, path: path)
            if let slot = slots[place] { return slot }
            let slot = Slot()
            slots[place] = slot
            return slot
        }
    }
}
