package import FoundationEssentials
package import JSON
import Timestamps

/// What the successor may spend until its limit starts over, where that is less than from then on: what the predecessor
/// had left (`limit: remaining`).
package struct Allowance: Hashable, Sendable {
    /// Its limit until then, in US dollars.
    package let limit: JSONNumber
    /// Its limit from then on, in US dollars.
    package let fullLimit: JSONNumber
    /// When the limit starts over, by OpenRouter's clock.
    package let until: Date

    package init(limit: JSONNumber, fullLimit: JSONNumber, until: Date) {
        self.limit = limit
        self.fullLimit = fullLimit
        self.until = until
    }

    /// As it stands in a `created` record, whose numbers are whole. `nil` if it is not there.
    package init?(_ json: JSONValue?) {
        guard let limit = json?["limit"]?.string.flatMap(JSONNumber.init),
            let fullLimit = json?["full_limit"]?.string.flatMap(JSONNumber.init),
            let until = json?["until"]?.string.flatMap({ Date(rfc3339: $0) })
        else { return nil }
        self.init(limit: limit, fullLimit: fullLimit, until: until)
    }

    package var json: JSONValue {
        ["limit": .string(limit.text), "full_limit": .string(fullLimit.text), "until": .string(until.rfc3339)]
    }

    /// The raise in words.
    package var raise: String { "from \(limit.text) to \(fullLimit.text) USD" }

    /// The same in words.
    package var text: String { "\(limit.text) USD until \(until.rfc3339), then \(fullLimit.text) USD" }
}
