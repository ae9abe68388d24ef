/// Where a step records what it learns. `begin` and `append` return when the handoff is durable.
package protocol Journal: AnyObject {
    /// The handoff as it stands; `nil` before the rotation has begun.
    var handoff: Handoff? { get }

    /// Begins the handoff of a new rotation with its first record.
    func begin(_ header: RotationHeader, _ entry: Entry) throws(JournalError)

    /// Adds records, all or none, and with them replaces the sealed boxes if `sealed` is given, and adds `kept` to those of
    /// predecessors.
    func append(_ entries: [Entry], sealed: [SealedSecret]?, kept: [SealedSecret]) throws(JournalError)
}

extension Journal {
    /// Adds a record and leaves the boxes alone.
    package func append(_ entry: Entry) throws(JournalError) { try append([entry], sealed: nil, kept: []) }
}

/// The handoff could not be made durable. Nothing may be done on the outside after that.
package struct JournalError: Error, Hashable, Sendable {
    package let message: String
    package let hint: String?

    package init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }
}
