package import FoundationEssentials
package import JSON
package import Secrets
import Timestamps

/// What OpenRouter's meters showed of some keys at one moment by OpenRouter's clock.
package struct Reading: Hashable, Sendable {
    /// One key's meters.
    package struct Meter: Hashable, Sendable {
        /// Lifetime usage, BYOK included, in US dollars, in decimal digits.
        package var cost: String
        /// Milliseconds since 1970 of the last use; 0 means that none was ever recorded, `nil` that it is not reported.
        package var lastUsed: Int?

        package init(cost: String, lastUsed: Int?) {
            self.cost = cost
            self.lastUsed = lastUsed
        }
    }

    package let at: Date
    package let meters: [KeyHash: Meter]

    package init(at: Date, meters: [KeyHash: Meter]) {
        self.at = at
        self.meters = meters
    }

    init(_ record: Record) throws(HandoffError) {
        guard let at = record.detail["at"]?.string.flatMap({ Date(rfc3339: $0) }),
            let keys = record.detail["keys"]?.object
        else { throw .malformed("an observed record") }
        var meters: [KeyHash: Meter] = [:]
        for (hash, meter) in keys.members {
            guard let hash = KeyHash(hash), let cost = meter["cost"]?.string else {
                throw .malformed("an observed record")
            }
            meters[hash] = Meter(cost: cost, lastUsed: meter["last_used"]?.integer)
        }
        self.init(at: at, meters: meters)
    }

    /// The reading as it stands in an `observed` record.
    package var detail: JSONObject {
        var keys: JSONObject = [:]
        for (hash, meter) in meters.sorted(by: { $0.key.description < $1.key.description }) {
            var json: JSONObject = ["cost": .string(meter.cost)]
            if let lastUsed = meter.lastUsed { json["last_used"] = .number(JSONNumber(lastUsed)) }
            keys[hash.description] = .object(json)
        }
        return ["at": .string(at.rfc3339), "keys": .object(keys)]
    }
}
