import FoundationEssentials
import HTTP
import JSON
import SandboxWire
import Secrets
import TestSupport

/// Google Cloud as far as its discovery documents tell: a project's secrets with their versions, and its Cloud Run services with
/// their revisions.
struct StandIn: ServiceSandbox {
    struct Version {
        let value: String
        let made: Date
        var state = "ENABLED"
    }

    struct Revision {
        let name: String
        let made: Date
        /// What its instances began with.
        let secrets: [String: String]
    }

    struct Service {
        let name: String
        var template: JSONObject
        var revisions: [Revision] = []
        var ready: String?
        /// By revision; `nil` where the newest one gets all.
        var traffic: [(revision: String, percent: Int)]?
        var generation = 1
        var isMoving = false
        var isFailed = false
        var edition = 1
    }

    let token = "ya29.google_token_0123456789abcdef"
    let project = "acme"
    let region = "europe-west1"
    var secrets: [String: [Version]] = [:]
    var services: [Service] = []
    var mayWrite = true
    var mayDeploy = true
    /// Whether the token may know of which moment a version is.
    var maySeeVersions = true
    /// Whether a new revision is ready at once.
    var isFast = false
    /// For how many readings more `latest` leads to the version before the newest ("Resource consistency").
    var lag = 0
    private var count = 0

    mutating func number() -> Int {
        count += 1
        return count
    }

    /// The number of the version that `latest` leads to; 0 where there is none.
    func latest(_ versions: [Version]) -> Int {
        versions.count - (lag > 0 && versions.count > 1 ? 1 : 0)
    }

    mutating func add(_ secret: String, _ value: String, at now: Date) {
        secrets[secret, default: []].append(Version(value: value, made: now))
    }

    /// A service with the secret in a variable, and a revision that was made with it.
    mutating func serve(_ name: String, _ secret: String, version: String = "latest", at now: Date) {
        let variable: JSONValue = [
            "name": "OPENROUTER_API_KEY",
            "valueSource": ["secretKeyRef": ["secret": .string(secret), "version": .string(version)]],
        ]
        services.append(
            Service(
                name: name,
                template: [
                    "containers": [
                        ["image": "gcr.io/acme/web", "env": [variable], "resources": ["limits": ["cpu": "1"]]]
                    ],
                    "scaling": ["maxInstanceCount": 7], "timeout": "300s",
                ]))
        let (before, index) = (isFast, services.count - 1)
        isFast = true
        revise(index, at: now)
        isFast = before
    }

    mutating func revise(_ index: Int, at now: Date) {
        let name = services[index].template["revision"]?.string ?? "\(services[index].name)-\(number())"
        let values = secrets.compactMapValues { versions in
            versions.prefix(latest(versions)).last?.value
        }
        services[index].revisions.append(Revision(name: name, made: now, secrets: values))
        services[index].isMoving = true
        services[index].isFailed = false
        if isFast { finish() }
    }

    /// Ends whatever is under way.
    mutating func finish(well: Bool = true) {
        for index in services.indices where services[index].isMoving {
            services[index].isMoving = false
            services[index].isFailed = !well
            if well { services[index].ready = services[index].revisions.last?.name }
        }
    }

    /// What a service's requests meet under a secret's name, by revision.
    func served(_ name: String, _ secret: String) -> [String] {
        guard let service = services.first(where: { $0.name == name }) else { return [] }
        let names = service.traffic?.map(\.revision) ?? [service.ready ?? ""]
        return names.compactMap { name in service.revisions.first { $0.name == name }?.secrets[secret] }
    }
}
