import HTTP
import JSON
import PublisherPlugin
import ServiceClient

extension KVTarget {
    /// Reads and compares, and asks Vault what the token may do there.
    func check(_ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        let held = try read()
        _ = try judge(held, request)
        let isEmpty = held.content(of: settings.field) == .nothing
        let rights = try rights()
        let notes = [
            "would \(isEmpty ? "make" : "write") \(settings.name)", standingNote(held), try objection(rights, held),
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
