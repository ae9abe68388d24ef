public import JSON

/// What a publisher found or did.
public enum PublisherOutcome: Sendable, Hashable {
    /// `check`: publishing would work as far as can be told.
    case ready
    /// `publish`: the target holds the successor now.
    case committed
    /// `publish`: the target held the successor before.
    case unchanged
    /// Certainly not done, and why.
    case rejected(PublisherError)
    /// Done or not, nobody knows; ask again.
    case unknown(PublisherError)
    /// `verify`: the target holds the successor.
    case match
    /// `verify`: the target holds another value.
    case mismatch
    /// `verify`: the target holds nothing.
    case absent
    /// `verify`: this target cannot be read back.
    case unverifiable
}

/// One answer of a publisher, with what it wants to remember of the target.
public struct PublisherAnswer: Sendable, Hashable {
    /// What was found or done.
    public var outcome: PublisherOutcome
    /// Comes back with later `check` and `verify` requests; it must not hold the secret.
    public var receipt: JSONObject?
    /// One line for people: what was written where.
    public var message: String?

    /// An answer, without a receipt unless given.
    public init(_ outcome: PublisherOutcome, receipt: JSONObject? = nil, message: String? = nil) {
        self.outcome = outcome
        self.receipt = receipt
        self.message = message
    }
}
