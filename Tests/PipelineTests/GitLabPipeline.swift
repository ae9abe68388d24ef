import FoundationEssentials
import JSON
import Secrets
import TestSupport

/// The jobs of one pipeline of the GitLab component, run by `Python/gitlab.py` as a runner would.
struct GitLabPipeline {
    let place: Place
    var component = Self.template("ork-rotate")
    var inputs: JSONValue = ["rotation": "checkout", "image": .string(Self.image), "later_waves": true]
    var number = 1
    var variables: [String: String] = [:]
    /// The gates that somebody opens.
    var play: [String] = ["approve-publish", "approve-retire"]
    var retry = false
    /// The branch that it runs for.
    var ref = "main"
    var kill: [String] = []
    var only: [String] = []
    /// Whether somebody has stored ORK_HANDOFF_TOKEN.
    var hasToken = true

    /// What became of a job.
    struct Job {
        let name: String
        /// With the rotation before it.
        let fullName: String
        let id: Int
        let status: String
        let code: Int
        let log: String
    }

    /// An image as a component takes it. No runner fetches it here.
    static let image = "registry.example/platform/ork@sha256:\(String(repeating: "0a", count: 32))"

    static func template(_ name: String) -> String {
        BuiltProduct.repository + "/ci-templates/gitlab/templates/\(name).yml"
    }

    init(_ place: Place) { self.place = place }

    /// What is in the user's repository: ork.yaml, and the pipeline.
    static func prepare(_ place: Place, soak: String = "0s", overlap: String = "0s", waves: Int = 2) throws {
        try place.configure(
            "gitlab-variable", "project", "key", soak: soak, overlap: overlap, waves: waves, more: place.trust)
        try copy(place)
    }

    /// Copies the templates into the user's repository, as `ci-templates/gitlab/README.md` says.
    static func copy(_ place: Place) throws {
        let files = FileManager.default
        try files.createDirectory(
            atPath: place.folder.file("repository/.gitlab"), withIntermediateDirectories: true)
        for (source, copy) in [
            ("gitlab/templates", "templates"), ("gitlab/ork-rotation.yml", ".gitlab/ork-rotation.yml"),
        ] {
            try files.copyItem(
                atPath: BuiltProduct.repository + "/ci-templates/\(source)",
                toPath: place.folder.file("repository/\(copy)"))
        }
        let rotation = "repository/.gitlab/ork-rotation.yml"
        try place.folder.write(
            place.folder.read(rotation).replacing("registry.example/platform/ork@sha256:DIGEST", with: image),
            to: rotation)
    }

    /// Holds configurations against the schema that GitLab publishes.
    static func check(_ files: [String]) async throws -> (succeeded: Bool, output: String) {
        try await Place.run(
            Place.tool("check-jsonschema"),
            ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"] + files)
    }

    func run() async throws -> [Job] {
        func strings(_ values: [String: String]) -> JSONValue {
            var object: JSONObject = [:]
            for (name, value) in values { object[name] = .string(value) }
            return .object(object)
        }
        var all = [
            "CI_API_V4_URL": place.address + "/gitlab/api/v4", "OPENROUTER_BASE_URL": place.sandbox.url,
        ]
        if hasToken { all["ORK_HANDOFF_TOKEN"] = "artifact-reader" }
        all.merge(variables) { $1 }
        // Each job has the secrets of its environment, and no other.
        let managementKey = ("OPENROUTER_MANAGEMENT_KEY", place.sandbox.managementKey)
        func environment(_ secrets: (String, Secret)...) -> JSONValue {
            strings(Dictionary(uniqueKeysWithValues: secrets.map { ($0, $1.revealed() ?? "") }))
        }
        let secrets: JSONValue = [
            "ork-due": environment(managementKey),
            "ork/manage": environment(("ORK_IDENTITY", place.manager), managementKey),
            "ork/publish": environment(
                ("ORK_IDENTITY", place.publisher), ("TARGET_TOKEN", place.sandbox.gitlab.token)),
            "ork/approve-publish": environment(("ORK_IDENTITY", place.approver)),
            "ork/approve-retire": environment(("ORK_IDENTITY", place.approver)),
            "ork/rollback": environment(
                ("ORK_IDENTITY", place.returner), ("TARGET_TOKEN", place.sandbox.gitlab.token), managementKey),
            "ork/rotate": environment(
                ("ORK_IDENTITY", place.manager), ("TARGET_TOKEN", place.sandbox.gitlab.token), managementKey),
        ]
        let order: JSONValue = [
            "component": .string(component), "inputs": inputs,
            "repository": .string(place.folder.file("repository")),
            "store": .string(place.artifacts.gitlab), "pipeline": .number(JSONNumber(number)),
            "ref": .string(ref), "variables": strings(all), "secrets": secrets,
            "play": .array(play.map { .string($0) }),
            "retry": .bool(retry), "kill": .array(kill.map { .string($0) }), "only": .array(only.map { .string($0) }),
        ]
        let outcome = try await Place.run(
            Python.interpreter(), ["-B", Python.file("Python/gitlab.py")],
            environment: ["HOME": place.folder.file("home")], input: order.text())
        guard let jobs = try JSONValue(parsing: Array(outcome.output.utf8)).array else { return [] }
        return jobs.map { job in
            Job(
                name: job["job"]?.string ?? "", fullName: job["name"]?.string ?? "",
                id: job["id"]?.number?.integer ?? 0, status: job["status"]?.string ?? "",
                code: job["code"]?.number?.integer ?? -1, log: job["log"]?.string ?? "")
        }
    }
}

extension [GitLabPipeline.Job] {
    /// The last run of a job.
    subscript(name: String) -> GitLabPipeline.Job? { last { $0.name == name || $0.fullName == name } }

    var log: String { map { "== \($0.fullName) \($0.status) \($0.code)\n\($0.log)" }.joined(separator: "\n") }
}
