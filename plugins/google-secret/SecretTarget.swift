import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import Timestamps

/// One secret of a project, and the time that there is for it.
struct SecretTarget: ServiceTarget {
    let settings: SecretSettings
    let client: ServiceClient
    let cloudRun: ServiceClient
    /// The process's own, for a deploy hook.
    let environment: [String: String]
    let deadline: Date
    /// What no message may repeat.
    let secret: Secret?

    var place: String { "\(client.address) \(settings.place)" }

    var claims: [(field: String, thing: String)] { [("with.name", settings.place)] }

    /// The newest version of the secret.
    struct Version {
        let number: Int
        let value: Secret
        /// When it was read, by Google's clock.
        let read: Date?
    }

    /// A moment of Google's, with all the digits that it gives.
    struct Moment {
        let date: Date
        let text: String

        init?(_ text: String?) {
            guard let text, let date = Date(rfc3339: text) else { return nil }
            (self.date, self.text) = (date, text)
        }

        init(_ date: Date) { (self.date, text) = (date, date.rfc3339) }
    }

    /// `nil` where the secret has no version, or is not there.
    func newest() throws(ServiceError) -> Version? {
        var call = call(.get, secretPath + ["versions", "latest"], statuses: [200, 404], to: "read \(settings.place)")
        call.action = "access"
        let answer = try client.send(call, until: deadline)
        guard answer.status == 200 else {
            guard answer.words != nil else { throw client.refusal(answer, to: call) }
            return nil
        }
        let object = try answer.object()
        let payload = try object.fields("payload")
        guard let bytes = Data(base64Encoded: try payload.optionalString("data") ?? "") else {
            throw answer.surprise("without the value")
        }
        return Version(number: try number(object), value: Secret(Array(bytes)), read: answer.response.date)
    }

    /// Adds a version with the value, and answers when it was made.
    func add(_ secret: Secret) throws(ServiceError) -> (number: Int, made: Moment?) {
        var call = call(
            .post, secretPath, body: ["payload": ["data": .string(Data(secret.copyBytes()).base64EncodedString())]],
            to: "write \(settings.place)")
        call.action = "addVersion"
        let answer = try client.send(call, until: deadline)
        let object = try answer.object()
        return (try number(object), Moment(object["createTime"]?.string) ?? answer.response.date.map(Moment.init))
    }

    /// When a version was made; `nil` where the token may not know.
    func made(_ number: Int) throws(ServiceError) -> Moment? {
        let call = call(
            .get, secretPath + ["versions", String(number)], statuses: [200, 403],
            to: "read when \(settings.place) was made")
        let answer = try client.send(call, until: deadline)
        guard answer.status == 200 else { return nil }
        guard let moment = Moment(try answer.object().string("createTime")) else {
            throw answer.surprise("without its moment")
        }
        return moment
    }

    private func number(_ object: AnswerObject) throws(ServiceError) -> Int {
        guard let number = try object.string("name").split(separator: "/").last.flatMap({ Int($0) }), number > 0 else {
            throw object.error("name", isNot: "the name of a version")
        }
        return number
    }

    private var secretPath: [String] { ["projects", settings.project, "secrets", settings.name] }

    private func call(
        _ method: HTTPRequest.Method, _ path: [String], body: JSONObject? = nil, statuses: Set<Int> = [200],
        to purpose: String
    ) -> ServiceCall {
        var call = ServiceCall(
            method, path, body: body.map(JSONValue.object), statuses: statuses, to: purpose, field: "with.name",
            permission: "roles/secretmanager.secretVersionAdder and roles/secretmanager.secretAccessor on this secret")
        call.secret = secret
        return call
    }
}
