package import FoundationEssentials
package import JSON
package import PublisherHosting
package import Rotation
package import Secrets
package import Timestamps
import Wording

/// What every step works with: where it records, whom it trusts, what time it is, and whom it tells.
package struct StepContext {
    package let journal: any Journal
    package let trust: Trust
    package let clock: any WallClock
    /// The folder of this stage's `ork.yaml`; `nil` if it sees none.
    package let configurationFolder: String?
    package let tell: (Announcement) -> Void
    /// Reads and says what would be done, and does nothing.
    package let isDryRun: Bool
    /// Rules that a dry run assumes, because it records nothing: `{"retire": {…}, …}`.
    package let assumedRules: JSONValue?
    /// Whether somebody asks the process to stop: then nothing new is begun.
    package let isStopping: () -> Bool
    /// How a step ends that needs a handoff where there is none.
    package let noHandoff: StepError
    /// What leads on where the handoff is not acceptable and nobody has another one.
    package let lastResort: String

    package init(
        journal: any Journal, trust: Trust, clock: any WallClock, isDryRun: Bool = false,
        assumedRules: JSONValue? = nil, configurationFolder: String? = nil,
        isStopping: @escaping () -> Bool = { false },
        noHandoff: StepError = StepError(.unacceptable, "there is no handoff", hint: "run `ork-create` first"),
        lastResort: String = CreateCommand().startingOver, tell: @escaping (Announcement) -> Void
    ) {
        self.journal = journal
        self.trust = trust
        self.clock = clock
        self.isDryRun = isDryRun
        self.assumedRules = assumedRules
        self.configurationFolder = configurationFolder
        self.isStopping = isStopping
        self.noHandoff = noHandoff
        self.lastResort = lastResort
        self.tell = tell
    }

    /// What the records say now, if they are acceptable; an error if there is no handoff.
    func state() throws(StepError) -> State {
        guard let handoff = journal.handoff else { throw noHandoff }
        let state: State
        do { state = try State(handoff, trust: trust) } catch { throw StepError(error, lastResort: lastResort) }
        try state.header.requireLineage(of: state.header.plan)
        guard let assumedRules else { return state }
        var plan = state.plan
        do { try plan.adopt(rules: assumedRules, by: .create) } catch { throw StepError(error) }
        return state.assuming(plan)
    }

    /// The rotation's successor, if there is one that may be handed out.
    func successor(of state: State) throws(StepError) -> State.Successor {
        guard let created = state.created else {
            throw StepError(
                .unacceptable, "the rotation has no successor yet", hint: "run `ork-create` with this handoff")
        }
        return created
    }

    /// Waits for the approval of a gated step, where this stage or the rotation itself asks for one.
    func requireApproval(
        for step: StepName, of state: State, goingOnBy command: String? = nil
    ) throws(StepError) {
        guard trust.requiresApproval || state.header.gates.contains(.approve) else { return }
        guard trust.requiresApproval else {
            throw StepError(
                .denied, "this rotation goes on by approval alone, and this stage knows nobody who may give it",
                hint: "name the approvers under trust.approve in ork.yaml, or with --trust approve=ork-public-1:…",
                isRetryable: false)
        }
        guard !state.isApproved(for: step) else { return }
        let what = step == .publish ? "publishing after the first wave" : "retirement"
        throw StepError(
            .notYet, "\(what) waits for an approval of this plan, successor and targets",
            hint:
                "an approver runs `ork-approve --for \(step.rawValue)`; with that handoff, "
                + "`\(command ?? "ork-\(step.rawValue)")` goes on",
            isRetryable: false)
    }

    /// The boxes in the handoff that are sealed to an identity.
    func boxes(for identity: Identity) -> [SealedSecret] {
        journal.handoff?.sealed.filter { $0.recipient == identity.publicIdentity } ?? []
    }

    /// Waits until `date`, or until somebody asks to stop, and tells for what.
    func wait(for what: String, until date: Date) {
        tell(.waiting(for: what, until: date))
        clock.sleep(until: date)
        tell(.waited)
    }

    /// Stands before whatever must not begin any more when somebody asks to stop.
    func continueUnlessStopped() throws(StepError) {
        guard !isStopping() else { throw StepError(.interrupted, "nothing more was begun", isRetryable: false) }
    }

    /// How far OpenRouter's clock is ahead of this machine's, in seconds, by the date of an answer that has just come.
    func lead(of date: Date) -> TimeInterval { date.timeIntervalSince(clock.now) }

    /// The moment by OpenRouter's clock, which is ahead by `lead`. A record says it beside its own, so that neither the
    /// machine that writes nor the one that retires has to have the right time.
    func moment(ahead lead: TimeInterval) -> JSONValue { .string(clock.now.addingTimeInterval(lead).rfc3339) }

    func record(
        _ entry: Entry, sealed: [SealedSecret]? = nil, kept: [SealedSecret] = []
    ) throws(StepError) {
        // Without its record an effect does not begin.
        if entry.event == .intended { try continueUnlessStopped() }
        try record(all: [entry], sealed: sealed, kept: kept)
    }

    /// Records what belongs together in one write: between these nothing happens on the outside.
    func record(
        all entries: [Entry], sealed: [SealedSecret]? = nil, kept: [SealedSecret] = []
    ) throws(StepError) {
        do { try journal.append(entries, sealed: sealed, kept: kept) } catch { throw StepError(error) }
    }
}

/// What a step says while it works. Wording is the step's, the place where it is shown is the caller's.
package enum Announcement: Sendable, Hashable {
    /// What is about to be done, before it is done.
    case doing(String)
    /// What was done or found.
    case done(String)
    /// What somebody should look at, though the step continues.
    case warning(String)
    /// What the step waits for from here on, in a few words, and until when at the longest: no news, only to be shown while it
    /// lasts. Another one takes its place.
    case waiting(for: String, until: Date? = nil)
    /// It waits no longer.
    case waited
}

/// What runs a program of the user's as a probe, under the rules for publishers (design of the contract: no secret
/// but in its input, an environment of its own, bounded output).
package protocol ProgramRunner {
    /// Runs the program until it ends or the deadline comes, in `folder` or in this process's own; its output goes to the
    /// log, without `secret` in any form.
    /// Answers what went wrong; `nil` for exit status 0.
    func run(
        _ arguments: [String], environment: [EnvironmentName: EnvironmentName], in folder: String?, deadline: Date,
        hiding secret: Secret?
    ) -> ProgramProblem?
}

/// Why a program is no evidence, in lower case without a full stop, and what to do about it.
package struct ProgramProblem: Sendable {
    package let text: String
    package let hint: String?

    package init(_ text: String, hint: String? = nil) {
        self.text = text
        self.hint = hint
    }

    /// The end of a program that has printed nothing, which tells only that.
    package init(_ end: String, ofSilent arguments: [String]) {
        self.init("\(end) and printed nothing", hint: "run it yourself to see why: \(Self.command(arguments))")
    }

    /// The end of a program whose output may hold a key that the stage cannot recognise.
    package init(_ end: String, ofHidden arguments: [String]) {
        self.init(
            end,
            hint:
                "what it printed may hold a key and is not shown; run it yourself to see why: \(Self.command(arguments))"
        )
    }

    private static func command(_ arguments: [String]) -> String {
        "`\(arguments.map { ShellWord($0).description }.joined(separator: " "))`"
    }
}

extension [SealedSecret] {
    /// The successor's plaintext; `nil` if none of the boxes holds what its digest names.
    func open(_ successor: State.Successor, with identity: Identity) -> Secret? {
        lazy.compactMap { $0.open(with: identity, expecting: successor.digest) }.first
    }
}
