import Fleet
import FoundationEssentials
import HTTP
import Rotation
import StepCLI
import Steps
import Wording

/// What `ork-due --notify` tells the webhooks of `ork.yaml`: one message to all that have the same, whatever was found.
struct DueNotices {
    /// What is told, and to whom.
    let groups: [(rules: NotifyRules, concerns: [DueConcern])]

    /// `notify` has whom each rotation tells. What began before `date` was told by an earlier run.
    init(_ concerns: [DueConcern], _ notify: [PlanName: NotifyRules], since date: Date) {
        var groups: [(rules: NotifyRules, concerns: [DueConcern])] = []
        for concern in concerns where concern.isNews(since: date) {
            guard let rules = notify[concern.rotation], !rules.webhooks.isEmpty else { continue }
            if let index = groups.firstIndex(where: { $0.rules == rules }) {
                groups[index].concerns.append(concern)
            } else {
                groups.append((rules, [concern]))
            }
        }
        self.groups = groups
    }

    /// Tells them. What cannot be delivered is said, and changes nothing.
    func tell(
        hiding held: HeldSecrets, _ environment: StepEnvironment, _ console: Console, over transport: any HTTPTransport
    ) {
        for (rules, concerns) in groups {
            var rotations: [PlanName] = []
            for concern in concerns where !rotations.contains(concern.rotation) { rotations.append(concern.rotation) }
            rules.tell(
                from: "ork-due", "ork-due found \(Counted(concerns.count, "thing")) to look at", of: rotations,
                concerns.map { "\($0.rotation): \($0.message)" }.joined(separator: "; "),
                hint: "`ork-due --report keys.html` shows every key", hiding: held, environment, console,
                over: transport)
        }
    }
}
