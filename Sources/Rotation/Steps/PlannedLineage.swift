package import FoundationEssentials
package import OpenRouter
package import Rotation
package import Secrets
import Timestamps

extension Plan {
    /// Why it cannot be told which keys a plan is about.
    package enum LineageMistake: Error {
        /// OpenRouter has no key with the hash that the plan names.
        case unknownHash
        /// The successor would leave the lineage of this base.
        case otherBase(String)
    }

    /// The hash by which the plan names its predecessor, if it does. A key in an environment variable is known by the
    /// `digest` of its plaintext.
    package func predecessorHash(_ digest: Digest?) -> KeyHash? {
        switch predecessor {
        case .hash(let hash): hash
        case .environment: digest.map(KeyHash.init(documentedFor:))
        case .name, .none: nil
        }
    }

    /// The base name of the lineage. `named` is OpenRouter's key with `predecessorHash`.
    package func lineageBase(of rotation: PlanName, named: Key?) throws(LineageMistake) -> String {
        let base: String
        switch predecessor {
        case .name(let name): base = KeyName(parsing: name).base
        case .none: return successor.name ?? rotation.description
        case .hash, .environment:
            guard let named else { throw .unknownHash }
            base = named.keyName.base
        }
        // A lineage is found by its base name, so a successor keeps its predecessor's.
        guard successor.name == nil || successor.name == base else { throw .otherBase(base) }
        return base
    }
}

extension RotationHeader {
    /// Refuses what a plan does not lead to: the handoff's own, or that of the stage. The header is signed by whoever may
    /// create; which lineage a stage acts on follows from the plan.
    package func requireLineage(of plan: Plan) throws(StepError) {
        let planned: String? =
            switch plan.predecessor {
            case .name(let name): KeyName(parsing: name).base
            case .none: plan.successor.name ?? name.description
            case .hash, .environment: plan.successor.name
            }
        guard planned == nil || planned == base else { throw Self.strayed("keys named \(base)", from: planned ?? "") }
        if case .hash(let hash) = plan.predecessor, !predecessors.contains(where: { $0.hash == hash }) {
            throw Self.strayed("other keys", from: "the key \(hash.short)")
        }
        if let workspace = plan.workspace, workspace != self.workspace {
            throw Self.strayed("another workspace", from: workspace)
        }
    }

    private static func strayed(_ found: String, from planned: String) -> StepError {
        StepError(
            .unacceptable, "the handoff is about \(found), but the plan is about \(planned)",
            hint: "ork-create writes no such handoff: find out who has; then begin a new rotation: "
                + "`ork-create --supersede --handoff NEW.json`",
            isRetryable: false)
    }
}

extension State {
    /// Whatever a handoff names: only keys of its own lineage are disabled, deleted or enabled again.
    func requireLineage(of key: Key) throws(StepError) {
        guard key.keyName.base != header.base else { return }
        throw StepError(
            .unacceptable, "\(key.plainName) (\(key.hash.short)) is not a key of \(header.base), and is left alone",
            hint: "if it was renamed during the rotation, give it the old name again; else somebody has written this "
                + "handoff, and ork-create has not", isRetryable: false)
    }

    /// The live keys that this rotation knows of: the predecessors, the successor once it is created, and those that stay.
    package var knownKeys: Set<KeyHash> {
        var hashes = Set((header.predecessors + header.leaves).map(\.hash))
        if let created { hashes.insert(created.hash) }
        return hashes
    }
}

extension Key {
    /// Whether a rotation made it that began after this one.
    package func isNewer(than header: RotationHeader) -> Bool {
        // Identifiers of rotations sort by the moment at which they were made; those of one moment, by chance.
        guard !header.dead.contains(where: { $0.hash == hash }) else { return false }
        return keyName.rotation.map { $0.id > header.id.description } ?? false
    }

    /// What to do about a live key of the lineage that the rotation of `header` does not know, and that stands in the way
    /// of `command`. `superseding` takes every key of the lineage into another rotation.
    func remedy(asUnknownTo header: RotationHeader, before command: String, or superseding: String) -> String {
        guard isOfARotation else {
            return "if it is another application's, give it a name of its own at openrouter.ai, then \(command); to "
                + "replace it as well: \(superseding)"
        }
        guard isNewer(than: header) else {
            return "its rotation does not know this one's key either, so neither can finish: take all keys into one: "
                + superseding
        }
        return "a newer rotation made it: go on with its handoff; if that is lost, take all keys into one: "
            + superseding
    }

    /// Why nobody can work with it, whatever its limit; `nil` if somebody can.
    func unusability(at date: Date) -> String? {
        if disabled { return "is disabled" }
        if keyName.isMinting { return "is not activated" }
        return isExpired(at: date) ? "has expired" : nil
    }
}

extension Plan.RetireRules {
    /// How long the successor must still live after the soak, in seconds.
    private static let margin: TimeInterval = 3600

    /// Why the successor could not carry the applications alone until after the soak; `nil` if it could.
    package func healthProblem(of successor: Key, at date: Date) -> String? {
        if let problem = successor.unusability(at: date) { return problem }
        if !successor.maySpend(at: date) { return "has used up its limit" }
        let horizon = date.addingTimeInterval(TimeInterval(soak.seconds) + Self.margin)
        return successor.isExpired(at: horizon) ? "expires within the soak and an hour" : nil
    }
}

extension StepError {
    /// A live key of the lineage that the rotation of `header` does not know stands in the way of `command`.
    init(unknown key: Key, to header: RotationHeader, before command: String, or superseding: String) {
        self.init(
            .failed, "\(key.name) (\(key.hash.short)) is a live key that this rotation does not know",
            hint: key.remedy(asUnknownTo: header, before: command, or: superseding), isRetryable: false)
    }
}
