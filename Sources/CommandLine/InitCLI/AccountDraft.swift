import Configuration
import Rotation
import StepCLI
import Steps
import Wording

/// The rotations that are proposed for keys of a workspace: one for each base name that a pattern chooses, and that no
/// rotation of the `ork.yaml` that is there has.
struct AccountDraft {
    let rotations: [DraftRotation]
    /// The base names that fit and have a rotation.
    let owned: [String]
    /// Those that fit, and that `ork.yaml` cannot name.
    let unnameable: [String]

    /// `targets` are those of each rotation, as flags in which `{name}` is what the pattern's `*` stands for.
    init(
        _ pattern: KeyNamePattern, of keys: WorkspaceKeys, beside file: ConfigurationFile?, targets flags: [String]
    ) throws(StepError) {
        let taken = Set(file?.rotations.flatMap(\.plan.baseNames) ?? [])
        let fitting = keys.names.compactMap { name in pattern.part(of: name).map { (base: name, part: $0) } }
            .sorted { $0.base < $1.base }
        owned = fitting.map(\.base).filter(taken.contains)
        let free = fitting.filter { !taken.contains($0.base) }
        // Whoever may make a key would keep all others from being drafted.
        let chosen = free.filter { DraftConfiguration.names($0.base) }
        unnameable = free.map(\.base).filter { !DraftConfiguration.names($0) }
        // One place for several keys is an outage of all but one.
        if chosen.count > 1, let flag = flags.first(where: { !$0.contains(Self.placeholder) }) {
            throw StepError(
                .usage, "--to: \(Counted(chosen.count, "rotation")) would have one target: \(flag)",
                hint: "write \(Self.placeholder) where the targets differ: it is what the * of the pattern stands for")
        }
        if !flags.isEmpty { try Self.refuseTwins(chosen.map(\.base), by: chosen.map { $0.part.lowercased() }) }
        var names = file?.rotations.map(\.name.description) ?? []
        var rotations: [DraftRotation] = []
        for (base, part) in chosen {
            let name = try Self.name(base, besides: names)
            names.append(name.description)
            var targets: [DraftTarget] = []
            for flag in flags {
                let text = try Self.filled(flag, with: part, for: base)
                do { targets.append(try DraftTarget(flag: text, taken: targets.map(\.name))) } catch {
                    throw StepError(error)
                }
            }
            rotations.append(DraftRotation(name: name, key: base, targets: targets, remark: keys.remark(on: base)))
        }
        self.rotations = rotations
    }

    private static let placeholder = "{name}"

    // Most services take a name in capitals for the same one.
    private static func refuseTwins(_ bases: [String], by parts: [String]) throws(StepError) {
        var seen: [String: String] = [:]
        for (base, part) in zip(bases, parts) {
            if let other = seen.updateValue(base, forKey: part) {
                throw StepError(
                    .usage, "--to: the keys \(other) and \(base) would have one target where capitals do not count",
                    hint: "narrow the pattern, and write one of the rotations by hand")
            }
        }
    }

    // Whoever names a key would otherwise write settings of a target.
    private static func filled(_ flag: String, with part: String, for base: String) throws(StepError) -> String {
        guard flag.contains(placeholder) else { return flag }
        guard let name = PlanName(part), !part.contains("/"), !part.contains("..") else {
            throw StepError(
                .usage, "the key \(base) cannot stand for \(placeholder) in a target",
                hint: "narrow the pattern, and write that rotation by hand")
        }
        return flag.split(separator: placeholder, omittingEmptySubsequences: false).joined(separator: "\(name)")
    }

    /// The key's name, as far as a rotation's may have its characters.
    private static func name(_ base: String, besides taken: [String]) throws(StepError) -> PlanName {
        let words = base.split { !($0.isASCII && ($0.isLetter || $0.isNumber || "._-/".contains($0))) }
        let text = words.joined(separator: "-").drop { !($0.isLetter || $0.isNumber) }
        let free = DraftTarget.free(text.isEmpty ? "key" : String(text.prefix(90)), taken)
        guard let name = PlanName(free) else {
            throw StepError(
                .usage, "no rotation can be named after the key \(base)",
                hint: "narrow the pattern, and write that rotation by hand")
        }
        return name
    }
}

extension Plan {
    /// The base names that are the rotation's own, as far as its plan says so.
    fileprivate var baseNames: [String] {
        var names = [successor.name].compactMap { $0 }
        if case .name(let name) = predecessor { names.append(name) }
        return names
    }
}
