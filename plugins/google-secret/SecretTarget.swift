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
        /// The one that `latest` leads to.
        var latest: Int
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

    /// How many versions behind the one that `latest` leads to are looked for.
    private static let mostBehind = 20

    /// `nil` where the secret has no version, or is not there.
    ///
    /// `latest` may lead to an earlier version for minutes, while one is there by its number at once ("Resource
    /// consistency"): so the next numbers are asked for, which have no gaps.
    func newest() throws(ServiceError) -> Version? {
        guard var newest = try read("latest") else { return nil }
        let latest = newest.number
        for number in (latest + 1)...(latest + Self.mostBehind) {
            guard let next = try read(String(number)) else { break }
            newest = next
            newest.latest = latest
        }
        return newest
    }

    /// Asks for a while whether `latest` leads to this version, or a later one, and refuses if it does not: what starts
    /// meanwhile would keep the predecessor.
    func awaitLatest(_ number: Int, hint: String) throws(ServiceError) {
        let answer = try client.send(access("latest"), until: deadline) { answer throws(ServiceError) in
            try self.number(answer.object()) >= number
        }
        let latest = try self.number(answer.object())
        if latest < number { throw notLatest(latest, hint: hint) }
    }

    func notLatest(_ latest: Int, hint: String) -> ServiceError {
        ServiceError(
            PublisherError(
                .unavailable,
                "the newest version of \(settings.place) has the key, but 'latest' still leads to version \(latest)",
                hint: "Google takes minutes for that at times; \(hint)", field: "with.name"))
    }

    /// `nil` where there is no such version.
    private func read(_ version: String) throws(ServiceError) -> Version? {
        let isLatest = version == "latest"
        var call = access(version)
        // Who may read `latest` alone hears no more of the others than that.
        call.statuses = isLatest ? [200, 404] : [200, 403, 404]
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
        let number = try number(object)
        return Version(number: number, value: Secret(Array(bytes)), read: answer.response.date, latest: number)
    }

    private func access(_ version: String) -> ServiceCall {
        var call = call(.get, secretPath + ["versions", version], to: "read \(settings.place)")
        call.action = "access"
        return call
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
        guard let number = try object.string("name").split(separator: "/").last.flatMap({ Int($0) }),
            (1..<1 << 40).contains(number)
        else {
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
