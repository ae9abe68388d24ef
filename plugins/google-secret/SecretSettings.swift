import PublisherKit
import Secrets

/// A target's `with`, checked.
struct SecretSettings {
    /// By id or number.
    let project: String
    let name: String
    /// The Cloud Run services that are to make a new revision.
    let services: [RunService]
    let redeploy: Redeploy

    static let names = PublisherInformation.Names(
        required: ["project", "name"],
        optional: ["services", "provider", "account"] + Redeploy.settings + [
            Settings.create, "url", "run_url", "writes",
        ])

    /// Errors are of code `configuration` and name the field.
    init(_ settings: Settings) throws(PublisherError) {
        guard let project = try settings.nameOrNumber("project") else {
            throw Settings.error("project", "'project' is missing", hint: "the project's id or number")
        }
        guard Self.isName(project, more: "-.:") else {
            throw Settings.error("project", "'project' is neither the id nor the number of a project")
        }
        self.project = project
        name = try settings.required("name", hint: "the secret's id, such as openrouter-api-key")
        guard Self.isName(name, more: "-_") else {
            throw Settings.error(
                "name", "'name' is no id of a secret", hint: "take letters, digits, hyphens and underscores")
        }
        services = try Self.services(settings, project)
        redeploy = try Redeploy(settings) ?? (services.isEmpty ? .no : .yes)
        guard redeploy != .yes || !services.isEmpty else {
            throw Settings.error(
                "redeploy", "'redeploy' makes new revisions of services, and 'services' is missing",
                hint: "name them as REGION/SERVICE: services: [europe-west1/web]")
        }
    }

    private static func services(_ settings: Settings, _ project: String) throws(PublisherError) -> [RunService] {
        let texts = try settings.texts("services") ?? []
        var services: [RunService] = []
        for text in texts {
            let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            guard (2...3).contains(parts.count), parts.allSatisfy({ isName($0, more: "-.:") }) else {
                throw Settings.error(
                    "services", "'services' is no list of Cloud Run services",
                    hint: "write each as REGION/SERVICE, or PROJECT/REGION/SERVICE where it is in another project")
            }
            let place = parts.count == 3 ? parts[0] : project
            let service = RunService(
                project: place, region: parts[parts.count - 2], name: parts[parts.count - 1],
                isElsewhere: place != project)
            if !services.contains(service) { services.append(service) }
        }
        return services
    }

    /// Google's names: none leads out of its segment of an address.
    private static func isName(_ text: String, more: String) -> Bool {
        (1...255).contains(text.utf8.count) && text.utf8.first.map { $0.isASCIIAlphanumeric } ?? false
            && text.utf8.allSatisfy { $0.isASCIIAlphanumeric || more.utf8.contains($0) }
    }

    /// For people: `openrouter-api-key in acme`.
    var place: String { "\(name) in \(project)" }
}

/// A service of Cloud Run's, by its name there.
struct RunService: Hashable, CustomStringConvertible {
    let project: String
    let region: String
    let name: String
    /// Whether the secret is in another project.
    let isElsewhere: Bool

    var path: [String] { ["projects", project, "locations", region, "services", name] }

    /// `europe-west1/web`, with its project where that is not the secret's.
    var description: String { "\(isElsewhere ? "\(project)/" : "")\(region)/\(name)" }
}
