import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets

/// One field of one secret, and the time that there is for it.
struct KVTarget: ServiceTarget {
    let settings: KVSettings
    let client: ServiceClient
    let mounts: MountReader
    let deadline: Date
    /// What no message may repeat: an answer to reading may have it, too.
    var secret: Secret?

    /// Two fields of one secret are in one map, so their targets wait for each other.
    var place: String { "\(settings.mountName)/\(settings.pathName)" }

    var claims: [(field: String, thing: String)] { [("with.field", "\(place) \(settings.field)")] }

    /// Reads the secret.
    func read() throws(ServiceError) -> KVSecret {
        switch try version() {
        case .one: try readFirst()
        case .two: try readSecond()
        }
    }

    private func readFirst() throws(ServiceError) -> KVSecret {
        let call = call(.get, firstPath, statuses: [200, 404], to: "read")
        let answer = try client.send(call, until: deadline)
        if answer.status == 200 {
            guard let fields = try answer.object()["data"]?.object else { throw answer.surprise("without data") }
            return KVSecret(fields: fields, metadata: [:])
        }
        guard Self.isAbsent(answer) else { throw refusal(answer, call) }
        return .absent
    }

    private func readSecond() throws(ServiceError) -> KVSecret {
        let call = call(.get, secondPath, statuses: [200, 404], to: "read")
        let answer = try client.send(call, until: deadline)
        if Self.isAbsent(answer) { return .absent }
        guard let metadata = Self.metadata(answer) else {
            guard answer.status == 404 else { throw answer.surprise("without metadata") }
            throw refusal(answer, call)
        }
        guard metadata["version"]?.integer != nil else { throw answer.surprise("without a version") }
        guard answer.status == 200 else { return KVSecret(fields: nil, metadata: metadata) }
        guard let fields = try answer.object()["data"]?["data"]?.object else { throw answer.surprise("without data") }
        return KVSecret(fields: fields, metadata: metadata)
    }

    var firstPath: [String] { settings.mount + settings.path }
    var secondPath: [String] { settings.mount + ["data"] + settings.path }
    var metadataPath: [String] { settings.mount + ["metadata"] + settings.path }

    /// An answer that does not fit the mount's version is told as such.
    func refusal(_ answer: ServiceAnswer, _ call: ServiceCall) -> ServiceError {
        guard Self.isOfOtherVersion(answer) else { return client.refusal(answer, to: call) }
        return ServiceError(
            Settings.error(
                "mount", "\(settings.mountName) is of KV version 2, and was taken for version 1",
                hint: "it was changed meanwhile; run the step again"))
    }

    func call(
        _ method: HTTPRequest.Method, _ path: [String], body: JSONObject? = nil, statuses: Set<Int>, to verb: String
    ) -> ServiceCall {
        var call = ServiceCall(
            method, ["v1"] + path, body: body.map(JSONValue.object), statuses: statuses, to: "\(verb) \(settings.name)",
            field: "with.path", permission: permission(path))
        call.secret = secret
        return call
    }

    /// What a policy has to say, in its own language ("Policies").
    private func permission(_ path: [String]) -> String {
        let isFirst = path == firstPath
        let rights = isFirst ? #""create", "read", "update""# : #""create", "read", "update", "patch""#
        return #"path "\#(path.joined(separator: "/"))" { capabilities = [\#(rights)] }"#
    }
}

extension KVTarget {
    /// Reads and compares, and asks Vault what the token may do there.
    func check(_ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        let held = try read()
        _ = try judge(held, request)
        let isEmpty = held.content(of: settings.field) == .nothing
        let news = isEmpty ? request.noteOfMaking("no value at \(settings.name)") : nil
        let rights = try rights()
        let notes = [
            "would \(isEmpty ? "make" : "write") \(settings.name)", news, standingNote(held),
            try objection(rights, held),
        ]
        return PublisherAnswer(.ready, message: joined(notes))
    }

    /// What the token may do, by path; `nil` if it may not know that (the policy `default` allows it).
    private func rights() throws(ServiceError) -> JSONObject? {
        let paths = try paths().map { JSONValue.string($0.joined(separator: "/")) }
        var call = call(
            .post, ["sys", "capabilities-self"], body: ["paths": .array(paths)], statuses: [200, 403, 404],
            to: "ask for the rights to")
        call.isWrite = false
        call.isIdempotent = true
        let answer = try client.send(call, until: deadline)
        return answer.status == 200 ? try answer.object()["data"]?.object : nil
    }

    private func paths() throws(ServiceError) -> [[String]] {
        try version() == .one ? [firstPath] : [secondPath, metadataPath]
    }

    /// Refuses what will certainly fail; the answer says what will be done without.
    private func objection(_ rights: JSONObject?, _ held: KVSecret) throws(ServiceError) -> String? {
        guard let rights else {
            return "the token may not ask for its own rights, so it was not seen whether it may write"
        }
        func may(_ capability: String, _ path: [String]) -> Bool {
            let held = rights[path.joined(separator: "/")]?.array?.compactMap(\.string) ?? []
            return held.contains("root") || held.contains(capability)
        }
        let data = try paths()[0]
        let isNew = held.standing == .absent
        let canPatch = try version() == .two && held.standing == .held && may("patch", data)
        guard may(isNew ? "create" : "update", data) || canPatch else {
            let call = call(.get, data, statuses: [], to: "write")
            throw ServiceError(
                PublisherError(
                    .denied, "the token can read \(settings.name) and not write it",
                    hint: "its policy needs \(call.permission ?? "")", field: call.field))
        }
        guard try version() == .two else { return nil }
        let notes = [
            isNew || may("patch", data)
                ? nil : "without the capability patch on it, so that the whole secret is written back",
            may("patch", metadataPath)
                ? nil
                : "it will not be marked with its rotation: that needs patch on \(metadataPath.joined(separator: "/"))",
        ]
        let text = joined(notes)
        return text.isEmpty ? nil : text
    }
}
