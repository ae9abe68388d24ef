import JSON
package import PublisherHosting
import PublisherKit
package import Rotation
import Secrets
import Wording

/// What can be said of a plan's targets before anything is minted: by what their publishers say of themselves, without a
/// secret and without asking a service. A stage need not have the publishers, nor the variables of the targets.
package struct PlanCheck: Sendable {
    /// Something that cannot work on any stage.
    package struct Problem: Hashable, Sendable {
        /// The keys that lead to it from the plan's root.
        package let path: [String]
        /// Lower case, no full stop.
        package let message: String
        package let hint: String?
    }

    package private(set) var problems: [Problem] = []
    /// What this stage cannot tell, in one line for each publisher.
    package private(set) var unchecked: [String] = []
    /// The variables of targets that this stage does not have.
    package private(set) var unset: [EnvironmentName] = []

    /// Asks each publisher once for its `info`.
    package init(_ plan: Plan, publishers: any PublisherHost) {
        var reasons: [String: [PlanName]] = [:]
        publishers.prepare(plan.targets.map { PublisherAddress($0, in: nil) })
        for target in plan.targets {
            do throws(PublisherError) {
                guard let information = try publishers.description(of: target.publisher, pin: target.pin?.hex) else {
                    try Self.refuseMistyped(target.publisher)
                    reasons["the publisher \(target.publisher) is not installed on this stage", default: []]
                        .append(target.name)
                    continue
                }
                for problem in information.problems(of: target) { add(problem, of: target) }
                note(target, publishers)
            } catch  where error.field == "sha256" {
                // The stage that publishes has the program that counts.
                reasons["the publisher \(target.publisher) is another program here than the pinned one", default: []]
                    .append(target.name)
            } catch {
                add(error, of: target)
            }
        }
        unchecked = reasons.sorted { $0.key < $1.key }.map { reason, names in
            let more = names.count > 3 ? " and \(names.count - 3) more" : ""
            return "not checked here: \(names.prefix(3).map(\.description).joined(separator: ", "))\(more): \(reason)"
        }
    }

    /// A name close to one of ork's own is that one mistyped, whether it is installed or not.
    private static func refuseMistyped(_ publisher: PublisherName) throws(PublisherError) {
        let shipped = PublisherName.shipped.map(\.description)
        guard !shipped.contains(publisher.description),
            NearNames(to: publisher.description, among: shipped).question != nil
        else { return }
        throw PublisherError(noPublisher: publisher, among: shipped)
    }

    private mutating func add(_ problem: PublisherError, of target: Plan.Target) {
        let field = problem.field.map { $0.split(separator: ".", maxSplits: 1).map(String.init) } ?? []
        problems.append(
            Problem(
                path: ["targets", target.name.description] + field, message: problem.message, hint: problem.hint))
    }

    private mutating func note(_ target: Plan.Target, _ publishers: any PublisherHost) {
        for name in target.environment.values.sorted() where !unset.contains(name) && !publishers.hasVariable(name) {
            unset.append(name)
        }
    }
}

extension PublisherInformation {
    /// All that is wrong with a target whatever the stage.
    fileprivate func problems(of target: Plan.Target) -> [PublisherError] {
        var problems = problems(in: target.with)
        let given = Set(target.environment.keys.map(\.description))
        let here = PublisherEnvironment.generalNames + environment.inherited
        for name in environment.required where !given.contains(name) && !here.contains(name) {
            problems.append(
                PublisherError(
                    .configuration, "the publisher needs the environment variable \(name)",
                    hint:
                        "\(PublisherEnvironment.handingOn(name)); \(PublisherError.flag(handing: name, to: target.name))",
                    field: "env"))
        }
        return problems
    }
}
