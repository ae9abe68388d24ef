package import FoundationEssentials
package import HTTP
import JSON
import SandboxWire
import Secrets
import Sodium

extension KubernetesSandbox {
    /// What Kubernetes answers at this time to a request for a path under `/kubernetes`.
    package mutating func answer(_ request: HTTPRequest, at now: Date) -> HTTPResponse {
        let target = RequestTarget(request, dropping: 1)
        do throws(StatusError) {
            try count(at: now)
            let identity = try identity(of: request, at: now)
            return try answer(request, target, as: identity, at: now)
        } catch {
            return refusal(error, at: now)
        }
    }

    /// The same for somebody who may do everything and need not say who they are: another administrator's hand. kubectl
    /// sends credentials over TLS only.
    mutating func answer(trusting request: HTTPRequest, _ target: RequestTarget, at now: Date) -> HTTPResponse {
        do throws(StatusError) {
            return try answer(request, target, as: Identity(user: "kubernetes-admin"), at: now)
        } catch {
            return refusal(error, at: now)
        }
    }

    /// One request on its way, with the one who asks.
    struct Question {
        let request: HTTPRequest
        let target: RequestTarget
        let identity: Identity
        let now: Date

        /// Whether nothing of it is to stay.
        var isDryRun: Bool { target.value("dryRun") == "All" }
    }

    private mutating func answer(
        _ request: HTTPRequest, _ target: RequestTarget, as identity: Identity, at now: Date
    ) throws(StatusError) -> HTTPResponse {
        note(request)
        advance(to: now)
        let path = target.segments
        if let body = Self.discovery(path) {
            guard request.method == .get else { throw .noMethod }
            return HTTPResponse(200, body, type: "application/json", at: now)
        }
        let question = Question(request: request, target: target, identity: identity, now: now)
        let prefix = path.starts(with: ["api", "v1"]) ? 2 : path.starts(with: ["apis", "apps", "v1"]) ? 3 : 0
        guard prefix > 0 else { throw .noRoute }
        let group = prefix == 2 ? "" : "apps"
        let rest = Array(path.dropFirst(prefix))
        switch (rest.first, rest.count) {
        case ("namespaces", 3...4):
            guard let resource = Resource(group: group, rest[2]), resource.isNamespaced else { throw .noRoute }
            let key = ObjectKey(resource: resource, namespace: rest[1], name: rest.count == 4 ? rest[3] : "")
            return try perform(question, key)
        case ("namespaces", 1...2) where group.isEmpty:
            return try perform(
                question, ObjectKey(resource: .namespaces, namespace: "", name: rest.count == 2 ? rest[1] : ""))
        default: throw .noRoute
        }
    }

    private mutating func perform(_ question: Question, _ key: ObjectKey) throws(StatusError) -> HTTPResponse {
        let isList = key.name.isEmpty
        let result: (status: Int, object: JSONValue)
        switch (question.request.method, isList) {
        case (.get, true) where question.target.value("watch") == "true": return try watch(question, key)
        case (.get, true): result = (200, try list(question, key))
        case (.get, false): result = (200, .object(try get(question, key)))
        case (.post, true): result = (201, .object(try create(question, key)))
        case (.put, false): result = (200, .object(try replace(question, key)))
        case (.patch, false): result = (200, .object(try patch(question, key)))
        case (.delete, false): result = (200, try delete(question, key))
        default: throw .noMethod
        }
        return HTTPResponse(result.status, result.object, type: "application/json", at: question.now)
    }

    private func refusal(_ error: StatusError, at now: Date) -> HTTPResponse {
        let wait = error.retryAfter.map { [(name: "retry-after", value: String($0))] } ?? []
        return HTTPResponse(error.code, error.json, headers: wait, type: "application/json", at: now)
    }

    private mutating func count(at now: Date) throws(StatusError) {
        let second = Int(now.timeIntervalSince1970.rounded(.down))
        window = window.second == second ? (second, window.count + 1) : (second, 1)
        if let requestLimit, window.count > requestLimit { throw .tooMany }
    }

    private func identity(of request: HTTPRequest, at now: Date) throws(StatusError) -> Identity {
        if let name = request.header("x-remote-user"), let identity = users[name] { return identity }
        guard let bearer = request.bearer, let identity = identities[Digest(of: bearer)] else { throw .unauthorized }
        guard identity.expiresAt.map({ $0 > now }) ?? true else { throw .unauthorized }
        return identity
    }

    /// Looks for a value, as it is or in base64, and for the token in an address.
    private mutating func note(_ request: HTTPRequest) {
        let address = request.url.description
        // A path alone, as all of ours are but for a few words, is quick to look through.
        guard address.contains("?") || address.utf8.count > 200 else { return }
        var texts = [token.revealed() ?? ""]
        for case (let key, let object) in objects where key.resource == .secrets {
            for encoded in object[object: "data"].members.compactMap({ $0.value.string }) where encoded.utf8.count > 8 {
                texts.append(encoded)
                texts += Data(base64Encoded: encoded).map { [String(decoding: $0, as: UTF8.self)] } ?? []
            }
        }
        let parts = URLComponents(string: address)
        let decoded = (parts?.path ?? address) + "?" + (parts?.query ?? "")
        if texts.contains(where: { !$0.isEmpty && decoded.contains($0) }) { leaks += 1 }
    }
}

extension HTTPRequest {
    func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }

    /// The media type of the body, without its parameters.
    var mediaType: String {
        (header("content-type") ?? "").prefix { $0 != ";" }.lowercased()
    }
}
