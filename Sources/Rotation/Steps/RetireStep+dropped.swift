import Rotation

extension RetireStep {
    /// What an amendment took out of the plan is told; and where it was never written, it may hold the predecessor still, so
    /// that its loss of service has to be accepted by name.
    func requireFarewells(_ state: State) throws(StepError) {
        let accepted = options.abandonedTargets.union(state.abandonedTargets)
        let unwritten = state.dropped.filter { !$0.isWritten && !accepted.contains($0.target.name) }
        guard let first = unwritten.first, !state.header.predecessors.isEmpty else { return }
        let names = unwritten.map(\.target.name.description)
        let flags = names.map { " --abandon-target \($0)" }.joined()
        let compromised = options.isCompromised ? " --compromised" : ""
        throw StepError(
            .notYet,
            names.count == 1 ? first.news : "dropped before they were written: \(names.joined(separator: ", "))",
            hint: "give the successor to whoever reads the predecessor there, or say that nobody does: "
                + "`ork-retire\(compromised)\(flags)`", isRetryable: false)
    }
}
