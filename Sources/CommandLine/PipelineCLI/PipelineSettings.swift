package import Rotation
package import Secrets
package import StepCLI
package import Steps

/// What a job of a pipeline is told by the person who wrote it, by the schedule, and by the jobs before it.
///
/// What other jobs say can only narrow: a rotation or a head that is not the one that is there ends the job.
package struct PipelineSettings {
    /// The rotation in `ork.yaml`.
    package let rotation: PlanName
    /// Which run of it: without one, only check and create do anything, and an older one than the newest is refused.
    package var id: RotationID?
    /// Whether a rotation may begin.
    package var begin: Begin
    /// Whether a new one begins although one is under way, with every key of the lineage as a predecessor.
    package var supersedes: Bool
    /// Whether the predecessor is known to others: it goes without overlap, quiet and soak.
    package let isLeaked: Bool
    /// Whether the pipeline takes the rotation back.
    let goesBack: Bool
    /// In a fleet: what `ork-due` said, which has seen no handoff, and since when this job may have waited.
    package let action: Action?
    /// In a fleet: the key in use as `ork-due` saw it. A rotation begins only while it is still this one.
    package let dueKey: KeyHash?
    /// The newest rotation that check saw: a create that is run again begins no other one.
    package var seen: Seen?
    /// The job stops unless the handoff is still the one with this head.
    package var expectedHead: Digest?

    /// When a rotation may begin.
    package enum Begin: String { case always = "true", never = "false", due }
    /// What `ork-due` hands out.
    package enum Action: String { case rotate, resume, supersede }

    /// What check found before this pipeline did anything.
    package enum Seen: Hashable, Sendable, CustomStringConvertible {
        case rotation(RotationID)
        case nothing

        /// Reads an id or "none".
        package init?(_ text: String) {
            if text == "none" {
                self = .nothing
            } else if let id = RotationID(text) {
                self = .rotation(id)
            } else {
                return nil
            }
        }

        /// The id, or "none".
        package var description: String {
            if case .rotation(let id) = self { id.description } else { "none" }
        }
    }

    /// Reads the variables. A value that is not of its kind is refused, and never shown.
    package init(_ environment: StepEnvironment) throws(StepError) {
        func read<Value>(_ name: String, _ parse: (String) -> Value?) throws(StepError) -> Value? {
            guard let text = environment[name] else { return nil }
            guard let value = parse(text) else {
                throw StepError(
                    .usage, "\(name) has an invalid value",
                    hint: "ork-pipeline --help says what each variable is for", isRetryable: false)
            }
            return value
        }
        guard let rotation = try read("ORK_ROTATION", PlanName.init) else {
            throw StepError(
                .usage, "ORK_ROTATION is not set",
                hint:
                    "set it to the name of a rotation in ork.yaml; on GitHub use the variable ORK_ROTATION or the input "
                    + "rotation")
        }
        self.rotation = rotation
        id = try read("ORK_ROTATION_ID", RotationID.init)
        begin = try read("ORK_BEGIN", Begin.init) ?? .always
        supersedes = try read("ORK_SUPERSEDE") { ["true": true, "false": false][$0] } ?? false
        isLeaked = try read("ORK_LEAKED") { ["true": true, "false": false][$0] } ?? false
        goesBack = try read("ORK_ROLLBACK") { ["true": true, "false": false][$0] } ?? false
        action = try read("ORK_DUE_ACTION", Action.init)
        dueKey = try read("ORK_DUE_KEY") { KeyHash($0) }
        seen = try read("ORK_SEEN", Seen.init)
        expectedHead = try read("ORK_EXPECT_HEAD") { Digest($0) }
    }
}

extension StepEnvironment {
    /// Whether somebody is told of "not yet" in another way than by the exit status.
    var tellsNotYet: Bool { self["GITHUB_ACTIONS"] == "true" || self["TF_BUILD"] != nil }

    /// What the steps get: all but the token with which handoffs are fetched.
    var ofSteps: [String: String] {
        variables.filter { $0.key != "ORK_HANDOFF_TOKEN" }
    }
}
