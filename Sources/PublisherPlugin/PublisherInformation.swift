/// What `ork-publisher-NAME info` prints: what the publisher can do and what it needs to be told.
public struct PublisherInformation: Hashable, Sendable {
    /// What can be learnt of a target's content.
    public enum Readback: String, Sendable {
        /// The value itself, so that it can be compared.
        case value
        /// When it was last written, and no more.
        case timestamp
        /// Nothing.
        case none
    }

    /// How a target can be given back what it held.
    public enum Rollback: String, Sendable {
        /// The service keeps versions and can go back.
        case native
        /// By writing the earlier value again.
        case value
        /// Not at all.
        case none
    }

    /// Names that must be there, and names that may be.
    public struct Names: Hashable, Sendable {
        /// Without these the host does not start the publisher.
        public var required: [String]
        /// Everything else is refused.
        public var optional: [String]

        /// No names unless given.
        public init(required: [String] = [], optional: [String] = []) {
            self.required = required
            self.optional = optional
        }
    }

    /// The version of the contract that this module speaks.
    public static let protocolVersion = 1

    /// The verbs that the publisher answers.
    public var verbs: Set<Verb>
    /// The keys of the target's `with`.
    public var with: Names
    /// The environment variables that the publisher reads.
    public var environment: Names
    /// What can be learnt of a target's content.
    public var readback: Readback
    /// How a target can be given back what it held.
    public var rollback: Rollback
    /// Whether one process answers many requests, one a line.
    public var batch: Bool

    /// The least a publisher can be, unless told otherwise.
    public init(
        verbs: Set<Verb>, with: Names = Names(), environment: Names = Names(), readback: Readback = .none,
        rollback: Rollback = .none, batch: Bool = false
    ) {
        self.verbs = verbs
        self.with = with
        self.environment = environment
        self.readback = readback
        self.rollback = rollback
        self.batch = batch
    }
}
