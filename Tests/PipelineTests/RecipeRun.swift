import FoundationEssentials
import JSON
import Secrets
import TestSupport

/// A repository with a recipe, whose pipelines `Python/recipes` runs as the recipe's system would.
struct RecipeRun {
    let recipe: Recipe
    let place: Place
    let secrets: Secrets
    /// What the system keeps between jobs and runs.
    var store: String { place.folder.file("store") }

    /// Who signs for what, and what opens which door.
    struct Secrets {
        let manager: Secret
        let publisher: Secret
        let approver: Secret
        let managementKey: Secret
        let token: Secret
    }

    /// The runner did not understand the recipe.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// What became of a job, or of the gate.
    struct Job {
        let name: String
        let status: String
        let code: Int
        /// The names of the secrets that it was given.
        let secrets: [String]
        let log: String
    }

    /// Two targets and an application in one wave, an identity for each stage, and a rotation that is not due.
    init(_ recipe: Recipe) async throws {
        self.recipe = recipe
        place = try Place()
        secrets = Secrets(
            manager: place.manager, publisher: place.publisher, approver: place.approver,
            managementKey: place.sandbox.managementKey, token: place.sandbox.gitlab.token)
        try place.configure(
            "gitlab-variable", "project", "key", soak: "2s", waves: 1,
            more: "    due: {every: 90d}\n\(place.trust)\n")
        try FileManager.default.createDirectory(
            atPath: place.folder.file("store"), withIntermediateDirectories: false)
    }

    /// One run: begun by a person, or by the schedule; with a job that fails after its work, and one whose machine is lost.
    func run(
        begin: Bool = false, approve: Bool = false, fail: String? = nil, kill: String? = nil
    ) async throws -> [Job] {
        let order: JSONValue = [
            "recipe": .string(recipe.file), "repository": .string(place.folder.file("repository")),
            "store": .string(store), "begin": .bool(begin), "approve": .bool(approve),
            "variables": [
                "OPENROUTER_BASE_URL": .string(place.sandbox.url),
                "CI_API_V4_URL": .string(place.address + "/gitlab/api/v4"),
            ],
            "secrets": recipe.secrets(secrets),
            "fail": fail.map { .string($0) } ?? .null, "kill": kill.map { .string($0) } ?? .null,
        ]
        let runner =
            recipe == .jenkins
            ? [
                "java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", "/usr/share/groovy/lib/*",
                "groovy.ui.GroovyMain", Python.file("Python/recipes/Jenkins.groovy"),
            ] : [try Python.interpreter(), "-B", Python.file("Python/recipes/run.py"), recipe.rawValue]
        let outcome = try await Place.run("/usr/bin/env", runner, input: order.text())
        guard outcome.succeeded, let jobs = try JSONValue(parsing: Array(outcome.output.utf8)).array else {
            throw Failure(description: outcome.output)
        }
        return jobs.map { job in
            Job(
                name: job["job"]?.string ?? "", status: job["status"]?.string ?? "",
                code: job["code"]?.number?.integer ?? -1,
                secrets: job["secrets"]?.array?.compactMap(\.string) ?? [], log: job["log"]?.string ?? "")
        }
    }
}

extension [RecipeRun.Job] {
    /// The last run of a job.
    subscript(name: String) -> RecipeRun.Job? { last { $0.name == name } }

    var log: String { map { "== \($0.name) \($0.status) \($0.code)\n\($0.log)" }.joined(separator: "\n") }
}
