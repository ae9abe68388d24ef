package import FoundationEssentials

/// What a sandbox does where the live service's behaviour is undocumented or differs between its versions.
package struct Behaviour: Sendable {
    /// Seconds after which use shows in `usage`, `last_used_at`, analytics and activity. Limits are enforced at once.
    package var usageLag: TimeInterval
    /// Seconds after which creating, disabling, enabling and deleting take effect on inference and on `GET /key`.
    /// Management sees them at once.
    package var propagation: TimeInterval
    /// Answers as the API did before 2026-10: no `last_used_at`, no `external_user`, no `include_expired`, and none
    /// of the later fields of `GET /key`.
    package var omitsLastUsed = false
    /// Refuses analytics with 403.
    package var refusesAnalytics = false
    /// Writes the counts in analytics as strings.
    package var writesCountsAsStrings = false
    /// Names keys by another `hash` than the SHA-256 of their plaintext.
    package var hashesDiffer = false
    /// The status for a key whose limit is used up: 403 or 402; both were seen.
    package var exhaustedStatus = 403
    /// USD for one chat completion; models whose name ends in `:free` cost nothing.
    package var costPerCall = Money("0.0005")

    /// Without lag and delay unless told.
    package init(usageLag: TimeInterval = 0, propagation: TimeInterval = 0) {
        self.usageLag = usageLag
        self.propagation = propagation
    }
}
