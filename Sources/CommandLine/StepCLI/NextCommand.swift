import FoundationEssentials
import Rotation
import Timestamps

/// The command that goes on with a rotation, as it is typed, and the moment before which it has nothing to do.
struct NextCommand: CustomStringConvertible {
    let description: String
    /// The same without the files that were named.
    let command: String
    /// By the records alone; OpenRouter may show later that it is not enough.
    let notBefore: Date?

    /// `invocation` is what this run was told, `isGated` whether later waves and retirement wait for an approval beyond what the
    /// rotation itself says. `nil` for a rotation that is finished.
    init?(_ state: State, at now: Date, _ invocation: Invocation, isGated: Bool = false) {
        guard let program = state.next(at: now) else { return nil }
        let waitsForApproval = isGated || state.header.gates.contains(.approve)
        command =
            switch state.turn(at: now) {
            case .approvePublish where waitsForApproval: "ork-approve --for publish"
            case .approveRetire where waitsForApproval: "ork-approve --for retire"
            default: program
            }
        description = invocation.whole(command)
        notBefore = program.hasPrefix("ork-retire") ? state.retirableFrom.flatMap { $0 > now ? $0 : nil } : nil
    }
}

extension State {
    /// The first moment at which `ork-retire` can do more, as far as the records tell: by the overlap, by the quiet time since
    /// the meters were first read, or by the soak.
    fileprivate var retirableFrom: Date? {
        let rules = plan.retire
        let open = header.predecessors.map(\.hash).filter { !deleted.contains($0) }
        let soaks = open.filter(disabled.contains).compactMap {
            disabledAt[$0]?.addingTimeInterval(Double(rules.soak.seconds))
        }
        guard open.allSatisfy(disabled.contains) else {
            let overlap = lastWrite?.addingTimeInterval(Double(rules.overlap.seconds))
            let quiet = open.compactMap { hash in
                readings.filter { $0.meters[hash] != nil }.map(\.at).max()?.addingTimeInterval(
                    Double(rules.quietFor.seconds))
            }.min()
            let live = [overlap, quiet].compactMap(\.self).max()
            return (soaks + (live.map { [$0] } ?? [])).min()
        }
        return soaks.min()
    }
}
