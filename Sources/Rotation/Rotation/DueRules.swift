package import JSON
package import Timestamps

/// When a rotation is due. It is no part of the plan: the steps of a rotation that has begun have no use for it.
package struct DueRules: Hashable, Sendable {
    /// The age at which a key is to be replaced; `nil`: no age makes it due.
    package var every: Interval?
    /// How long before its expiry a key is to be replaced.
    package var beforeExpiry = Interval(seconds: 7 * 86400)

    package init() {}

    /// Reads `{every: 90d, before_expiry: 7d}`; both may be left out.
    package init(_ value: JSONValue) throws(PlanError) {
        let fields = try PlanFields(value, ["due"], .refused, known: ["every", "before_expiry"])
        self.init()
        // Without the positive length a key would be due in the moment in which it is made.
        every = try fields.read("every", "a length of time such as 90d, not zero") { value throws(PlanError) in
            value.string.flatMap { Interval($0) }.flatMap { $0 == .zero ? nil : $0 }
        }
        beforeExpiry = try fields.interval("before_expiry") ?? beforeExpiry
    }
}
