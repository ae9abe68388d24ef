import FoundationEssentials
package import OpenRouter
package import Rotation
import Secrets
import Timestamps

/// What every step works with: where it records, whom it trusts, what time it is, and whom it tells.
package struct Stage {
    package let journal: any Journal
    package let trust: Trust
    package let clock: any WallClock
    package let client: OpenRouterClient
    package let tell: (Announcement) -> Void
    /// Reads and says what would be done, and does nothing.
    package let isDryRun: Bool
    /// The head that was approved, if this run is bound to one.
    package let expectedHead: String?

    package init(
        journal: any Journal, trust: Trust, clock: any WallClock, client: OpenRouterClient, isDryRun: Bool = false,
        expectedHead: String? = nil, tell: @escaping (Announcement) -> Void
    ) {
        self.journal = journal
        self.trust = trust
        self.clock = clock
        self.client = client
        self.isDryRun = isDryRun
        self.expectedHead = expectedHead
        self.tell = tell
    }

    /// What the records say now, if they are acceptable; an error if there is no handoff.
    func state() throws(StepError) -> State {
        guard let handoff = journal.handoff else {
            throw StepError(
                .unacceptable, "there is no handoff",
                hint: "run ork-create first, or name the file that it wrote with --handoff")
        }
        if let expectedHead {
            guard let digest = Digest(expectedHead), handoff.holds(expectedHead: digest) else {
                throw StepError(
                    .unacceptable, "the handoff is not the one that --expect-head names",
                    hint: "something was recorded since; look with ork-status, and have it approved again")
            }
        }
        return try asStepError { try State(handoff, trust: trust) }
    }

    /// The rotation's successor, if there is one that may be handed out.
    func successor(of state: State) throws(StepError) -> State.Successor {
        guard let created = state.created else {
            throw StepError(
                .unacceptable, "the rotation has no successor yet", hint: "run ork-create with this handoff")
        }
        return created
    }

    func record(_ entry: Entry, sealed: [SealedSecret]? = nil) throws(StepError) {
        do { try journal.append(entry, sealed: sealed) } catch { throw StepError(error) }
    }
}
