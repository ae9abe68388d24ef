import FoundationEssentials
import JSON
import PublisherKit
import Secrets
import Timestamps

/// A machine of the app, as the list and its own address show it.
struct Machine {
    let id: ServiceID
    /// Another with each update.
    let version: ServiceID
    let state: String
    let createdAt: Date?
    let region: String?
    /// What it is made from. `nil` while its host cannot be reached: then Fly knows it in parts only.
    let config: JSONObject?
    /// Whether its services are switched off.
    let isCordoned: Bool
    private let checks: [(name: String, status: String)]

    /// Throws where it is none by Fly's published types.
    init(_ object: AnswerObject) throws(ServiceError) {
        guard let id = ServiceID(try object.string("id")) else { throw object.error("id", isNot: "an id") }
        self.id = id
        guard let version = ServiceID(object["version"]?.string ?? object["instance_id"]?.string) else {
            throw object.error("version", isNot: "an id")
        }
        self.version = version
        state = DisplayText.line(try object.string("state"), limit: 20)
        createdAt = object["created_at"]?.string.flatMap { Date(rfc3339: $0) }
        region = object["region"]?.string
        let isWhole = object["host_status"].map { $0 == "ok" } ?? true
        config = isWhole ? object["config"]?.object : nil
        isCordoned = object["cordoned"] == true
        checks = (object["checks"]?.objects ?? []).map {
            (DisplayText.line($0["name"]?.string ?? "of no name", limit: 40), $0["status"]?.string ?? "")
        }.filter { !$0.name.hasPrefix("bg_deployments_compat") }
    }

    /// `fly_process_group`, by which Fly deploys; the app's own one where nothing says so.
    var group: String { config?["metadata"]?["fly_process_group"]?.string ?? "app" }

    /// Whether it is there, and for the application itself: not for a release command, a console or a test of Fly's.
    var serves: Bool {
        let isForADeployment =
            ["fly_app_release_command", "fly_app_console", "fly_app_test_machine_command"].contains(group)
            || config?["metadata"]?["process_group"] == "release_command"
        return !isForADeployment && !["destroyed", "destroying"].contains(state)
    }

    var isStarted: Bool { state == "started" }

    /// Whether it runs, or is about to.
    var isRunning: Bool { ["started", "starting", "replacing", "restarting"].contains(state) }

    var isFailed: Bool { state == "failed" || state == "launch_failed" }

    /// Whether it does one piece of work and goes then: nobody wants that begun anew.
    var isEphemeral: Bool { config?["auto_destroy"] == true }

    /// Whether Fly stops it where nobody needs it.
    var stopsByItself: Bool {
        (config?["services"]?.objects ?? []).contains { service in
            switch service["autostop"] {
            case true, "stop", "suspend": true
            default: false
            }
        }
    }

    /// Whether it is asked how it is.
    private var hasChecks: Bool {
        config?["checks"]?.object?.members.isEmpty == false
            || (config?["services"]?.objects ?? []).contains { $0["checks"]?.array?.isEmpty == false }
    }

    /// Whether its checks are all fine; `nil` where it has none.
    var isHealthy: Bool? { hasChecks ? !checks.isEmpty && checks.allSatisfy { $0.status == "passing" } : nil }

    /// A check that fails.
    var failedCheck: String? { checks.first { $0.status == "critical" }?.name }

    /// Those that may be away at once: of each group a third, as Fly's own deployments do it, and one at least.
    static func waves(_ machines: [Machine]) -> [[Machine]] {
        var waves: [[Machine]] = []
        for group in groups(machines) {
            let size = max(1, group.count / 3)
            for (number, start) in stride(from: 0, to: group.count, by: size).enumerated() {
                if number == waves.count { waves.append([]) }
                waves[number] += group[start..<min(start + size, group.count)]
            }
        }
        return waves
    }

    /// By what Fly deploys them by, each in the order of its ids.
    static func groups(_ machines: [Machine]) -> [[Machine]] {
        Dictionary(grouping: machines, by: \.group).sorted { $0.key < $1.key }.map { _, group in
            group.sorted { $0.id.description < $1.id.description }
        }
    }
}
