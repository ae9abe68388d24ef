import JSON
import PublisherKit

/// How what was written comes into effect, where a write alone does not bring it there.
struct DeploymentDescription: Sendable {
    /// How a deployment is asked for.
    enum Trigger: Sendable {
        /// A request, and where its answer has the deployment's id.
        case request(RequestDescription, id: Pointer?)
        /// A variable with an address that deploys whenever somebody posts to it.
        case hook(String)
    }

    /// A deployment among others, and where the answer has its id and when it was made.
    struct Latest: Sendable {
        let request: RequestDescription
        let id: Pointer
        let created: Pointer
    }

    /// Where the state of a deployment is, and what its words mean.
    struct Wait: Sendable {
        let request: RequestDescription
        /// In one word or, where more than one place tells it, as many.
        let state: [Pointer]
        let good: [String]
        let failed: [String]
        /// When what the answer is about was made: where nobody triggers it, only a later one counts.
        let created: Pointer?
        /// Its id, for people, where it is not asked for by that.
        let id: Pointer?
    }

    /// `nil` where the service deploys by itself.
    let trigger: Trigger?
    let latest: Latest?
    let wait: Wait?
    /// The deployment that people are served by, which a good one need not be.
    let serves: Latest?

    /// `nil` where a write is in effect at once, or nobody has said how it comes to be.
    init?(_ description: JSONObject, hook: String?) throws(PublisherError) {
        if let hook {
            trigger = .hook(hook)
        } else if let redeploy = description["redeploy"], redeploy.object != nil {
            let fields = try DescriptionFields(redeploy, "redeploy", knowing: RequestDescription.members + ["id"])
            trigger = .request(try RequestDescription(fields), id: try fields.pointer("id"))
        } else {
            trigger = nil
        }
        latest = try description["latest"].map { value throws(PublisherError) in try Self.latest(value, "latest") }
        serves = try description["serves"].map { value throws(PublisherError) in try Self.latest(value, "serves") }
        wait = try description["wait"].map { value throws(PublisherError) in try Self.wait(value) }
        if trigger == nil, wait == nil, serves == nil { return nil }
        if case .request(_, nil) = trigger, let wait, wait.request.names.contains("id") {
            throw Settings.error(
                "redeploy.id", "'wait' asks for a deployment by its {id}, and 'redeploy' does not say where that is",
                hint: "add the JSON pointer to the id in its answer, as id: /id")
        }
    }

    private static func latest(_ value: JSONValue, _ name: String) throws(PublisherError) -> Latest {
        let fields = try DescriptionFields(value, name, knowing: RequestDescription.members + ["id", "created"])
        guard let id = try fields.pointer("id"), let created = try fields.pointer("created") else {
            throw Settings.error(
                name, "'\(name)' does not say where the deployment's id and its time are",
                hint: "add JSON pointers, as id: /0/id, created: /0/created_at")
        }
        return Latest(request: try RequestDescription(fields), id: id, created: created)
    }

    private static func wait(_ value: JSONValue) throws(PublisherError) -> Wait {
        let fields = try DescriptionFields(
            value, "wait", knowing: RequestDescription.members + ["at", "until", "failed", "created", "id"])
        let good = try fields.words("until")
        let state = try fields.pointers("at")
        guard !state.isEmpty, !good.isEmpty else {
            throw Settings.error(
                "wait", "'wait' does not say where the state is and which one is awaited",
                hint: "add at: /status, until: live, and failed: [build_failed, canceled]")
        }
        return Wait(
            request: try RequestDescription(fields), state: state, good: good, failed: try fields.words("failed"),
            created: try fields.pointer("created"), id: try fields.pointer("id"))
    }
}
