import Fleet
import FleetCLI
import Rotation
import StepCLI
import Steps

// What only OpenRouter tells: whether a rotation is due. The management key that it takes to ask is not for every job.
extension PipelineJob {
    /// In a fleet, what `ork-due` said holds only as far as it is still true.
    mutating func obeyFleet() throws(StepError) {
        // A person who says so knows better.
        guard let action = settings.action, !settings.supersedes, !settings.goesBack, !leavesNextToPeople else {
            return
        }
        let isMissing = loaded == nil || isFinished
        switch action {
        case .rotate: break
        case .resume: settings.begin = .never
        case .supersede where wasWhole && isMissing: settings.supersedes = true
        case .supersede: settings.begin = .never
        }
        if settings.begin != .never {
            // Another run may have rotated it since, and create is the first job that can ask OpenRouter.
            guard mine.mints, isMissing || standing == .turn(.create), try !isDueKeyInUse() else { return }
            console.show(
                .warning("\(settings.rotation) has had its key changed since it was found due, so no key is minted"))
            settings.begin = .never
            settings.supersedes = false
        } else if mine == .check || mine.isAlone, isMissing {
            hold(
                StepError(
                    .notYet, "\(settings.rotation) is under way, but its handoff is not here",
                    hint: "if it has not finished since, start a new rotation: ORK_SUPERSEDE=true, or the workflow "
                        + "with supersede", isRetryable: false))
        }
    }

    /// Whether nobody but a person begins the next rotation, however due the key is: the last one was taken back, for a reason that
    /// no schedule knows.
    var leavesNextToPeople: Bool {
        (settings.begin == .due || settings.action == .rotate) && !settings.supersedes && found?.isRolledBack == true
    }

    /// What that person has to know; `nil` while nothing is due.
    func nextForPeople() throws(StepError) -> StepError? {
        guard let found, let finding = try findings(knowing: found).first else { return nil }
        switch finding.verdict {
        case .current, .disabled: return nil
        case .due, .soaking, .busy, .problem: break
        }
        // The rotation that was taken back need not be the last one: the handoff of a later one may be kept from this job.
        if let key = finding.unexplained {
            return StepError(
                .notYet,
                "\(key) is a live key of \(settings.rotation) that no handoff here explains: the last rotation that is known here, "
                    + "\(found.header.id), was taken back",
                hint:
                    "find the handoff of the rotation that made it, and go on with that; if none did, look at the key at "
                    + "openrouter.ai: `ork-due --audit` lists what no rotation owns", isRetryable: false)
        }
        guard finding.due != nil || finding.isLeftToPeople else { return nil }
        return StepError(
            .notYet,
            "\(settings.rotation) is due, but its last rotation, \(found.header.id), was taken back, so no schedule begins another",
            hint: "start one by hand once the cause is fixed, or write enabled: false into ork.yaml until then",
            isRetryable: false)
    }

    func isDue() throws(StepError) -> Bool { try findings().contains { $0.due != nil } }

    private func isDueKeyInUse() throws(StepError) -> Bool {
        try findings().contains { $0.hash == settings.dueKey }
    }

    private func findings(knowing state: State? = nil) throws(StepError) -> [DueFinding] {
        var fleet = try ConfiguredFleet(configuration ?? "ork.yaml", openRouterURL: nil, environment)
        try fleet.narrow(to: settings.rotation.description)
        if let state { fleet.take(state) }
        return try fleet.findings(transport)
    }
}
