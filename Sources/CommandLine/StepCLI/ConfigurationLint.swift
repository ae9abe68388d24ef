import Configuration
import JSON
package import PublisherHosting
import Rotation
import Secrets
package import Steps
import Wording

/// What `ork-lint` finds in an `ork.yaml`: all that is wrong with the file, and with its targets by what their publishers
/// say of themselves.
package struct ConfigurationLint {
    private let file: String
    private var problems: [StepError]
    private var warnings: [String] = []
    private var rotations = 0
    private var targets = 0

    /// Reads the file; what is wrong with one part of it does not hide what is wrong with another.
    package init(_ path: String, publishers: any PublisherHost) throws(StepError) {
        file = path
        let (configuration, errors) = try ConfigurationFile.loadWhatCanBeRead(path)
        problems = errors.map { StepError($0) }
        for rotation in configuration?.rotations ?? [] {
            rotations += 1
            targets += rotation.plan.targets.count
            let check = PlanCheck(rotation.plan, publishers: publishers)
            problems += check.problems.map { $0.error(in: rotation) }
            warnings += check.unchecked.map { "\(rotation.name): \($0)" }
        }
        warnings += Self.sharedPlaces(of: configuration?.rotations ?? [])
        // Targets that `for_each` makes have their mistakes in one line.
        var seen: Set<String> = []
        problems = problems.filter { seen.insert($0.message).inserted }
        problems.sort { ($0.place?.line ?? 0, $0.message) < ($1.place?.line ?? 0, $1.message) }
    }

    /// A place has room for one key. In two rotations it may be meant for a while, where one takes over from the other.
    private static func sharedPlaces(of rotations: [RotationConfiguration]) -> [String] {
        var owners: [Digest: (rotation: PlanName, target: PlanName)] = [:]
        var warnings: [String] = []
        for rotation in rotations where rotation.isEnabled {
            for target in rotation.plan.targets {
                guard let owner = owners[target.place] else {
                    owners[target.place] = (rotation.name, target.name)
                    continue
                }
                warnings.append(
                    "\(rotation.name): target \(target.name) has the same settings as target \(owner.target) of "
                        + "\(owner.rotation): at one place, each would write its key over the other's; leave it to one of them"
                )
            }
        }
        return warnings
    }

    /// Shows each problem at its line, and throws if there is any.
    package func report(to console: Console, asJSON: Bool) throws(StepError) {
        for line in warnings { console.warn(line) }
        for problem in problems { console.list(problem) }
        if asJSON { console.print(json) }
        guard problems.isEmpty else {
            throw StepError(
                .unacceptable, "\(file): \(Counted(problems.count, "problem"))")
        }
        console.show(.done("\(file): nothing is wrong with \(scope)"))
    }

    private var scope: String {
        "\(Counted(rotations, "rotation")) and \(Counted(targets, "target"))"
    }

    private var json: JSONValue {
        [
            "status": .number(JSONNumber(problems.isEmpty ? 0 : Int(StepError.Code.unacceptable.rawValue))),
            "rotations": .number(JSONNumber(rotations)), "targets": .number(JSONNumber(targets)),
            "problems": .array(
                problems.map { problem in
                    [
                        "file": .string(problem.place?.file ?? file),
                        "line": problem.place.map { .number(JSONNumber($0.line)) } ?? .null,
                        "message": .string(problem.message), "hint": problem.hint.map { .string($0) } ?? .null,
                    ]
                }),
            "warnings": .array(warnings.map { .string($0) }),
        ]
    }
}
