import FoundationEssentials
import HTTP
import JSON
import OpenRouter
import Rotation
import Secrets
import StepCLI
import Steps
import Timestamps
import Wording

/// The keys of the workspace, where a management key is in its variable. They are read and nothing else.
struct WorkspaceKeys {
    /// Those that applications may use, the oldest first.
    let live: [Key]
    private let now: Date

    /// `nil` without a management key.
    init?(_ environment: StepEnvironment, over transport: any HTTPTransport, _ console: Console) throws(StepError) {
        guard environment["OPENROUTER_MANAGEMENT_KEY"] != nil else { return nil }
        let url = try HTTPURL(openRouter: nil, nil, environment)
        let access = ManagementAccess(environment, over: transport, tell: console.show)
        let listed = try access.account(at: url, Plan.Service()).keys(in: nil as String?)
        let now = listed.date ?? StepClock().now
        self.now = now
        live = listed.value.filter { !$0.disabled && !$0.isExpired(at: now) }.sorted { $0.createdAt < $1.createdAt }
    }

    /// The base names, each once.
    var names: [String] {
        live.map(\.keyName.base).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    /// A table for people: nothing in it opens anything.
    var table: String {
        var rows = [["KEY", "AGE", "LIMIT", "LAST USED"]]
        for key in live {
            rows.append([DisplayText.line(key.name, limit: 60), key.age(at: now), key.limitInWords, lastUse(key)])
        }
        return AlignedTable(rows).text
    }

    /// What is known of the keys of a base name, in a line.
    func remark(on base: String) -> String {
        let keys = live.filter { $0.keyName.base == base }
        guard let key = keys.first else { return "no live key" }
        let several = keys.count > 1 ? "\(keys.count) live keys of this name, the oldest: " : ""
        let use = lastUse(key) == "never" ? "never used" : "last used \(lastUse(key))"
        let age = key.age(at: now)
        return "\(several)limit \(key.limitInWords), \(age == "today" ? "made today" : "\(age) old"), \(use)"
    }

    private func lastUse(_ key: Key) -> String {
        switch key.lastUsedAt {
        case .at(let date): Key.days(from: date, to: now) == "today" ? "today" : "\(Key.days(from: date, to: now)) ago"
        case .never: "never"
        case .unreported: "unknown"
        }
    }
}
