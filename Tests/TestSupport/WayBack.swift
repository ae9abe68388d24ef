package import FoundationEssentials
package import JSON
package import PublisherKit
package import Secrets
import Sodium

extension PublisherRequest {
    /// Asks for the predecessor in the place of the successor, as the host makes it that has the key, or that has not.
    package static func rollback(
        _ with: JSONObject, knowing secret: Secret? = nil, receipt: JSONObject? = nil,
        rotation: String = "01JDB00000AAAAAAAAAAAAAAAA", deadline: Date
    ) -> PublisherRequest {
        var request = PublisherRequest(
            .rollback, with, secret: SampleKeys.predecessor, expect: [SampleKeys.successor],
            operation: "\(rotation)/web/1af8", rotation: rotation, create: false, deadline: deadline)
        request.secret = secret
        request.receipt = receipt
        return request
    }

    /// Asks whether the successor could be written, and for the predecessor that is found.
    package static func sealingCheck(
        _ with: JSONObject, rotation: String = "01JDB00000AAAAAAAAAAAAAAAA", deadline: Date
    ) throws -> PublisherRequest {
        var request = PublisherRequest(.check, with, rotation: rotation, create: false, deadline: deadline)
        request.sealTo = [try SampleRecipient.recipient]
        return request
    }
}

/// Whom predecessors are sealed to.
package enum SampleRecipient {
    private static var pair: BoxKeyPair {
        get throws { try BoxKeyPair(seed: Secret([UInt8](repeating: 7, count: 32))) }
    }

    package static var recipient: Recipient {
        get throws { Recipient(box: try pair.publicKey, signing: [UInt8](repeating: 0, count: 32)) }
    }

    /// What is in the boxes.
    package static func open(_ boxes: [SealedBox]) throws -> [Secret] {
        let pair = try pair
        return try boxes.map { try pair.open($0.bytes) }
    }
}
