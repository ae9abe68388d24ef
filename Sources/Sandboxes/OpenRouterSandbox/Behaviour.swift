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
    /// Paths below `/api/v1`, such as `byok`, that are out of order: they answer 503, and so does all below them.
    package var failing: Set<String> = []
    /// What lists of BYOK keys and destinations show of a key that was deleted.
    package var deadHashes = DeadHashes.stay
    /// Whether assigning a guardrail to a key that has it already counts in `assigned_count`.
    package var countsReassignments = true
    /// Refuses a BYOK list that names a disabled key, as it does one that names a deleted key.
    package var refusesDisabledKeys = false
    /// Refuses changes of destinations with 403, as an organization can have it.
    package var locksPrivacy = false
    /// What a federation policy may act as.
    package var federation = Federation.both
    /// Whether the account may use the hosts of single regions.
    package var servesRegions = true
    /// The longest life in seconds that an account allows its keys, told by no request: a key without an end, or with
    /// one further from its creation, is refused when it is used.
    package var maximumLifetime: TimeInterval?
    /// Refuses every key with 403, as an IP allowlist does that lacks this machine.
    package var refusesAddress = false
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

/// What becomes of a deleted key's hash in a list.
package enum DeadHashes: Sendable {
    /// It stays, and a list that has nothing else is for nobody.
    case stay
    /// It goes, and a list that had nothing else is empty.
    case drop
    /// It goes, and a list that had nothing else becomes `null`: for every key.
    case widen
}

/// How far workload identity federation goes: the documentation and the newest client contradict each other.
package enum Federation: Sendable {
    /// A policy may act as a management key too, with the scope `management`.
    case both
    /// It acts as an inference key, and every scope but `inference` is refused.
    case inferenceOnly
    /// The account has none.
    case off
}
