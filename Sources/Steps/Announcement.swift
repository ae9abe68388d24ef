/// What a step says while it works. Wording is the step's, the place where it is shown is the caller's.
package enum Announcement: Sendable, Hashable {
    /// What is about to be done, before it is done.
    case doing(String)
    /// What was done or found.
    case done(String)
    /// What somebody should look at, though the step goes on.
    case warning(String)
}
