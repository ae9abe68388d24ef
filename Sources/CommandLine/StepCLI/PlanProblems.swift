package import Configuration
package import PublisherHosting
package import Rotation
package import Steps

extension Session {
    /// Refuses a plan that cannot work before anything is minted for it, as far as this stage can see, and tells what it
    /// cannot. `wanted` is the plan of a rotation that has not begun; a handoff without a successor has its own.
    package func check(_ wanted: Plan, publishers: any PublisherHost) throws(StepError) {
        let begun = try state()
        guard begun?.created == nil else { return }
        try refuseProblems(of: begun?.plan ?? wanted, publishers: publishers)
    }

    /// The same for a plan that is about to be recorded.
    func refuseProblems(of plan: Plan, publishers: any PublisherHost) throws(StepError) {
        let check = PlanCheck(plan, publishers: publishers)
        for line in check.unchecked { console.show(.done(line)) }
        if !check.unset.isEmpty {
            let names = check.unset.map(\.description).joined(separator: ", ")
            console.show(.done("not set on this stage, and needed to publish: \(names)"))
        }
        let errors = check.problems.map { $0.error(in: configuration) }
        guard let first = errors.first else { return }
        let texts = check.problems.map { $0.text(in: configuration) }
        throw StepError(
            .unacceptable, texts.joined(separator: "; "),
            hint: (first.hint.map { "\($0); " } ?? "") + "nothing was minted",
            isRetryable: false, place: first.place)
    }
}

extension PlanCheck.Problem {
    /// With the line where the file has it, or with the keys alone where flags have said it.
    func text(in configuration: RotationConfiguration?) -> String {
        configuration.map { "\($0.error(at: path, message))" } ?? "\(PlanError(path, message))"
    }

    /// For people and for the CI system.
    package func error(in configuration: RotationConfiguration?) -> StepError {
        configuration.map { StepError($0.error(at: path, message), hint: hint) }
            ?? StepError(.unacceptable, text(in: nil), hint: hint)
    }
}
