/// Why a handoff is not accepted. It never quotes the file.
package struct HandoffError: Error, Hashable, Sendable {
    package enum Code: String, Sendable {
        /// Not the JSON that `ork-handoff/1` describes.
        case malformed
        /// Another version of the format.
        case schema
        /// A record's signature does not fit its content.
        case signature
        /// A record is signed by an identity that is not trusted for its step.
        case untrusted
        /// A record follows one that is not there, or belongs to another rotation.
        case chain
        /// The records contradict each other.
        case contradiction
        /// Two handoffs of different rotations.
        case foreign
    }

    package let code: Code
    package let message: String
    package let hint: String?

    package init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    static func malformed(_ what: String) -> HandoffError {
        HandoffError(
            .malformed, "\(what) is not as ork-handoff/1 has it",
            hint: "use the handoff as the previous step wrote it; an earlier copy is as good, only older")
    }
}
