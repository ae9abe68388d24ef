public import FoundationEssentials
public import JSON
public import Secrets

/// One request to a publisher, about one target.
public struct PublisherRequest: Sendable {
    /// Names the request; the answer bears it too.
    public var id: String
    /// Names the effect: asking again with the same operation must not have it twice.
    public var operation: String
    /// The id of the rotation, for targets that can hold a marker.
    public var rotation: String
    /// No answer is read after this moment.
    public var deadline: Date
    /// The target's name in the plan.
    public var target: String
    /// The target's settings, as the publisher's `info` describes them.
    public var with: JSONObject
    /// The digests that the target may hold. Any other value there is a `conflict`; nothing there is fine.
    /// `nil`: whatever it holds may be replaced.
    public var expect: [Digest]?
    /// The digest of the successor.
    public var digest: Digest
    /// The successor; with `publish` only.
    public var secret: Secret?
    /// What the last `committed` answer of this target left; with `check` and `verify`.
    public var receipt: JSONObject?

    /// A request; `secret` goes with `publish` alone.
    public init(
        id: String, operation: String, rotation: String, deadline: Date, target: String, with: JSONObject,
        expect: [Digest]?, digest: Digest, secret: Secret? = nil, receipt: JSONObject? = nil
    ) {
        self.id = id
        self.operation = operation
        self.rotation = rotation
        self.deadline = deadline
        self.target = target
        self.with = with
        self.expect = expect
        self.digest = digest
        self.secret = secret
        self.receipt = receipt
    }
}
