import HTTP
import JSON
import SandboxWire

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
