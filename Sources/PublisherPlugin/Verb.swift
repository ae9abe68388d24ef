/// What a publisher can be asked to do.
public enum Verb: String, Sendable, CaseIterable {
    /// Would publishing work? Changes nothing.
    case check
    /// Write the secret to the target.
    case publish
    /// Read the target back and compare digests.
    case verify
}
