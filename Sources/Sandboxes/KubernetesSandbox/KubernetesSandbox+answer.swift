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

    /// The same for somebody who may do everything and need not say who they are: an administrator past the API. kubectl
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

/// What clients ask before they ask for anything (apiserver/pkg/endpoints/discovery).
extension KubernetesSandbox {
    /// The answer at one of the addresses that tell what there is; `nil` elsewhere.
    static func discovery(_ path: [String]) -> JSONValue? {
        switch path {
        case ["version"]:
            [
                "major": "1", "minor": "37", "gitVersion": "v1.37.1", "gitCommit": "", "gitTreeState": "clean",
                "buildDate": "2026-10-01T00:00:00Z", "goVersion": "go1.26", "compiler": "gc", "platform": "linux/amd64",
            ]
        case ["api"]:
            [
                "kind": "APIVersions", "versions": ["v1"],
                "serverAddressByClientCIDRs": [["clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1"]],
            ]
        case ["apis"]: ["kind": "APIGroupList", "apiVersion": "v1", "groups": [apps]]
        case ["apis", "apps"]:
            .object((["kind": "APIGroup", "apiVersion": "v1"] as JSONObject).merging(apps.object ?? [:]))
        case ["api", "v1"]: resources("v1", group: "")
        case ["apis", "apps", "v1"]: resources("apps/v1", group: "apps")
        default: nil
        }
    }

    private static let apps: JSONValue = [
        "name": "apps", "versions": [["groupVersion": "apps/v1", "version": "v1"]],
        "preferredVersion": ["groupVersion": "apps/v1", "version": "v1"],
    ]

    private static func resources(_ groupVersion: String, group: String) -> JSONValue {
        let resources = Resource.allCases.filter { $0.group == group }.map { resource -> JSONValue in
            var entry: JSONObject = [
                "name": .string(resource.rawValue), "singularName": .string(resource.kind.lowercased()),
                "namespaced": .bool(resource.isNamespaced), "kind": .string(resource.kind),
                "verbs": ["create", "delete", "get", "list", "patch", "update", "watch"],
            ]
            if let short = resource.shortName { entry["shortNames"] = [.string(short)] }
            return .object(entry)
        }
        var list: JSONObject = ["kind": "APIResourceList"]
        if !group.isEmpty { list["apiVersion"] = "v1" }
        list["groupVersion"] = .string(groupVersion)
        list["resources"] = .array(resources)
        return .object(list)
    }
}

extension KubernetesSandbox {
    /// What has happened until now, and then the end, as of a watch whose time is up: the client asks again from the
    /// version that it has.
    func watch(_ question: Question, _ key: ObjectKey) throws(StatusError) -> HTTPResponse {
        try question.identity.check("watch", key)
        let known = question.target.value("resourceVersion").flatMap { Int($0) } ?? 0
        let wantsAll = question.target.value("sendInitialEvents") == "true" || known == 0
        var events: [JSONValue] = []
        for (_, object) in try selected(question, key) {
            let version = object.at("metadata", "resourceVersion")?.string.flatMap { Int($0) } ?? 0
            guard wantsAll || version > known else { continue }
            events.append(["type": wantsAll ? "ADDED" : "MODIFIED", "object": .object(object)])
        }
        if !wantsAll {
            for gone in removed
            where gone.version > known && gone.key.resource == key.resource && gone.key.namespace == key.namespace {
                events.append(["type": "DELETED", "object": .object(gone.object)])
            }
        }
        if question.target.value("allowWatchBookmarks") == "true" {
            var metadata: JSONObject = ["resourceVersion": .string(String(version))]
            if wantsAll { metadata["annotations"] = ["k8s.io/initial-events-end": "true"] }
            var bookmark: JSONObject = [
                "kind": .string(key.resource.kind), "apiVersion": .string(key.resource.apiVersion),
                "metadata": .object(metadata),
            ]
            if key.resource.isWorkload { bookmark["spec"] = ["selector": .null, "template": [:]] }
            events.append(["type": "BOOKMARK", "object": .object(bookmark)])
        }
        var response = HTTPResponse(200, nil, at: question.now)
        response.headers.append(("content-type", "application/json"))
        response.body = events.flatMap { $0.bytes() + [0x0A] }
        return response
    }
}
