import Rotation

extension State {
    /// What puts right a target at which the last look did not find the successor; `nil` where nothing is known to.
    ///
    /// A value that nobody here knows may be a newer rotation's: nothing is told to overwrite it before somebody has
    /// looked at OpenRouter, `knowsOfNewer` says that there is none.
    func remedy(for name: PlanName, _ doubt: Doubt, knowsOfNewer hasLooked: Bool) -> String? {
        switch doubt {
        case .unknown: return nil
        case .other where !hasLooked:
            return
                "a newer rotation may have written it: `ork-retire --dry-run`, which needs the management key, looks "
                + "for one before anything is overwritten"
        case .predecessor, .nothing, .other: break
        }
        guard isSealed else {
            return
                "the sealed key is dropped: put the successor back by hand, then run `ork-verify`, or start a new rotation: "
                + "`\(supersedingCommand)`"
        }
        switch doubt {
        case .predecessor: return "find out what put it back; `ork-publish` writes the successor again"
        case .nothing: return "find out who removed it; `ork-publish` writes the successor again"
        default:
            return
                "OpenRouter shows no newer rotation: find out who wrote it; `ork-publish --accept-target \(name)` writes "
                + "the successor again"
        }
    }

    /// What to do where an application does not answer well: what may be the cause comes first.
    ///
    /// `hasKey` is whether OpenRouter could be asked about the successor.
    func remedyForFailedProbe(hasKey: Bool) -> String {
        // A later wave waits for this very probe.
        let reached = keptTargets.filter { isPublished($0.name) }.map(\.wave).max() ?? 0
        let missing = keptTargets.filter { !isPublished($0.name) && $0.wave <= reached }.map(\.name)
        let abandoned = plan.targets.map(\.name).filter(abandonedTargets.contains)
        var ways: [String] = []
        if !missing.isEmpty {
            ways.append("it may read \(Evidence.list(missing)), which `ork-publish` has not written")
        }
        if !abandoned.isEmpty {
            let flags = flagsAcrossWaves(abandoned) + abandoned.map { "--target \($0)" }.joined(separator: " ")
            ways.append("it may read \(Evidence.list(abandoned)), let go of before: `ork-publish \(flags)`")
        }
        if !hasKey {
            ways.append("whether the successor still works, `ork-create` tells, which needs the management key")
        }
        return (ways + ["look at the application's log; the predecessor stays as it is"]).joined(separator: "; ")
    }

    /// How the places of these targets are corrected in a rotation that has begun.
    func correction(of names: [PlanName]) -> String? {
        let targets = names.compactMap { plan.target($0) }
        guard targets.allSatisfy({ $0.origin == .currentFolder }) else {
            return "correct it in ork.yaml, then `ork-create --amend`"
        }
        return "`ork-create --amend \(targets.map { "--to \($0.form)" }.joined(separator: " "))`"
    }

    /// What `ork-publish` needs besides the names of these targets to write them in one run.
    func flagsAcrossWaves(_ names: [PlanName]) -> String {
        let waves = Set(names.compactMap { plan.target($0)?.wave })
        let earlier = keptTargets.filter { target in waves.allSatisfy { target.wave < $0 } }.map(\.name)
        let isEarly = !earlier.isEmpty && verification(of: earlier) == nil && !names.allSatisfy(mayHaveLost)
        return waves.count > 1 || isEarly ? "--all " : ""
    }

    /// What to do where no target is known to have held the predecessor.
    static let newTargetsRemedy =
        "name the place that the application reads: `ork-publish --to TARGET`; if there is none, and all targets are new on "
        + "purpose: `ork-retire --accept-new-targets`"

    /// What to do where this stage cannot open the sealed successor.
    var lostIdentityHint: String {
        "give it the identity that ork-create sealed to (ORK_IDENTITY); if that is lost, nobody can open the key: "
            + "`\(supersedingCommand)` begins a new rotation"
    }
}

extension State {
    /// The command that takes every key of the lineage into a new rotation, with or without an `ork.yaml`.
    var supersedingCommand: String { command.superseding.description }

    /// The command that would begin such a rotation again.
    var command: CreateCommand {
        // A hash or a variable may name a key that is gone by then; the lineage's name stays.
        let predecessor =
            if case .name = header.plan.predecessor { header.plan.predecessor } else {
                Plan.Predecessor.name(header.base)
            }
        return CreateCommand().naming(predecessor).naming(plan.targets)
    }
}
