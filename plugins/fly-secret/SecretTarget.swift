import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import Timestamps

/// One secret of an app, and the time that there is for it.
struct SecretTarget: ServiceTarget {
    let settings: SecretSettings
    let client: ServiceClient
    let clock: any WallClock
    /// The process's own, for a deploy hook.
    let environment: [String: String]
    let deadline: Date
    /// What no message may repeat.
    let secret: Secret?

    /// The app: its machines are updated for one secret at a time.
    var place: String { "\(client.address) \(settings.app)" }

    var claims: [(field: String, thing: String)] { [("with.name", settings.place)] }

    /// What Fly shows of the secret: never its value.
    struct Shown {
        let digest: ShownDigest?
    }

    /// What the answer to a write says.
    struct Written {
        let digest: ShownDigest?
        /// What a machine has to have at least to have the secret.
        let version: Int?
        /// When, by Fly's clock.
        let moment: Date?
        /// `nil` where an earlier try may have been the one that did it.
        let change: Change?
    }

    enum Change: String {
        case created, updated
    }

    /// `nil` where the app has no secret of the name. `version` is what the list has to have at least.
    func shown(atLeast version: Int? = nil) throws(ServiceError) -> Shown? {
        var call = call(.get, secrets, to: "list the secrets of app \(settings.app)")
        if let version { call.query.append(("min_version", String(version))) }
        // Those of others are not kept.
        let list = try client.send(call, until: deadline).object().list("secrets")
        guard let entry = list.first(where: { $0["name"]?.string == settings.name }) else { return nil }
        return Shown(digest: entry["digest"]?.string.flatMap { ShownDigest($0) })
    }

    /// Writes the value, beside whatever else the app has. Twice is once.
    func write(_ secret: Secret, over before: Shown?) throws(ServiceError) -> Written {
        guard let text = secret.revealed() else {
            throw ServiceError(PublisherError(.configuration, "the key is not UTF-8, which a secret has to be"))
        }
        var call = call(
            .post, secrets + [settings.name], body: ["value": .string(text)], statuses: [200, 201],
            to: "write \(settings.place)")
        call.isIdempotent = true
        let answer = try client.send(call, until: deadline)
        let object = try answer.object()
        guard object["name"]?.string == settings.name else { throw answer.surprise("about another secret") }
        let version = (object["version"] ?? object["Version"])?.integer
        return Written(
            digest: object["digest"]?.string.flatMap { ShownDigest($0) },
            version: version.flatMap { $0 > 0 ? $0 : nil },
            moment: object["updated_at"]?.string.flatMap { Date(rfc3339: $0) } ?? answer.response.date,
            change: answer.isRepetition ? nil : before == nil ? .created : .updated)
    }

    /// The machines of the application itself. Without a limit Fly gives all of them in one answer.
    func machines() throws(ServiceError) -> [Machine] {
        let call = call(.get, ["apps", settings.app, "machines"], to: "list the machines of app \(settings.app)")
        let list = try client.send(call, until: deadline).objects()
        return try list.map { object throws(ServiceError) in try Machine(object) }.filter(\.serves)
    }

    /// `nil` if it is not there any more.
    func machine(_ id: ServiceID) throws(ServiceError) -> Machine? {
        let call = call(.get, path(of: id), statuses: [200, 404], to: "read machine \(id)")
        let answer = try client.send(call, until: deadline)
        guard answer.status == 200 else {
            guard answer.words != nil else { throw client.refusal(answer, to: call) }
            return nil
        }
        let object = try answer.object()
        let machine = try Machine(object)
        guard machine.id == id else { throw answer.surprise("about another machine") }
        return machine.serves ? machine : nil
    }

    private var secrets: [String] { ["apps", settings.app, "secrets"] }

    func path(of machine: ServiceID) -> [String] { ["apps", settings.app, "machines", machine.description] }

    func call(
        _ method: HTTPRequest.Method, _ path: [String], body: JSONObject? = nil, statuses: Set<Int> = [200],
        to purpose: String
    ) -> ServiceCall {
        var call = ServiceCall(
            method, path, body: body.map(JSONValue.object), statuses: statuses, to: purpose, field: "with.app",
            permission: "access to this app: `fly tokens create deploy -a \(settings.app)` makes one that has no more")
        call.secret = secret
        return call
    }
}
