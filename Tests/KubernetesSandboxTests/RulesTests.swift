import FoundationEssentials
import HTTP
import JSON
import KubernetesSandbox
import TestSupport
import Testing

/// What the cluster refuses, and what it keeps.
@Suite(.tags(.values)) struct RulesTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var before: @Sendable (inout KubernetesSandboxFixture) throws -> Void = { _ in }
        var method = HTTPRequest.Method.patch
        var path = KubernetesSandboxFixture.app
        let body: JSONValue
        let status: Int
        let reason: String
        let message: String
    }

    static let cases = [
        Case(
            testDescription: "a patch for another version", body: ["metadata": ["resourceVersion": "1"], "data": [:]],
            status: 409, reason: "Conflict",
            message: "Operation cannot be fulfilled on secrets \"app\": the object has been modified"),
        Case(
            testDescription: "a value that is not base64", body: ["data": ["KEY": "one!"]], status: 400,
            reason: "BadRequest", message: "illegal base64 data"),
        Case(
            testDescription: "a key that is none", body: ["stringData": ["a b": "c"]], status: 422, reason: "Invalid",
            message: "a valid config key must consist of"),
        Case(
            testDescription: "another type", body: ["type": "kubernetes.io/tls"], status: 422, reason: "Invalid",
            message: "type: Invalid value: \"kubernetes.io/tls\": field is immutable"),
        Case(
            testDescription: "too much", body: ["stringData": ["A": .string(String(repeating: "a", count: 1 << 20))]],
            status: 422, reason: "Invalid", message: "may not be more than 1048576 bytes"),
        Case(
            testDescription: "the data of what is immutable",
            before: { try $0.ask(.patch, KubernetesSandboxFixture.app, ["immutable": true]) },
            body: ["stringData": ["KEY": "new"]],
            status: 422, reason: "Invalid", message: "data: Forbidden: field is immutable when `immutable` is set"),
        Case(
            testDescription: "to be mutable again",
            before: { try $0.ask(.patch, KubernetesSandboxFixture.app, ["immutable": true]) },
            body: ["immutable": nil], status: 422, reason: "Invalid",
            message: "immutable: Forbidden: field is immutable when `immutable` is set"),
        Case(
            testDescription: "an annotation that is none", body: ["metadata": ["annotations": ["a/b/c": "d"]]],
            status: 422, reason: "Invalid", message: "name part must consist of"),
        Case(
            testDescription: "a secret that is there", method: .post, path: KubernetesSandboxFixture.secrets,
            body: KubernetesSandboxFixture.secret("app"),
            status: 409, reason: "AlreadyExists", message: "secrets \"app\" already exists"),
        Case(
            testDescription: "a secret in no namespace", method: .post, path: "/api/v1/namespaces/none/secrets",
            body: KubernetesSandboxFixture.secret("new"), status: 404, reason: "NotFound",
            message: "namespaces \"none\" not found"),
        Case(
            testDescription: "a secret in a namespace that goes",
            before: { $0.cluster.terminate(namespace: "default") }, method: .post,
            path: KubernetesSandboxFixture.secrets,
            body: KubernetesSandboxFixture.secret("new"), status: 403, reason: "Forbidden",
            message: "unable to create new content in namespace default because it is being terminated"),
        Case(
            testDescription: "what a webhook does not like", before: { $0.cluster.admission = { _, _ in "no" } },
            body: ["stringData": ["KEY": "new"]], status: 403, reason: "Forbidden",
            message: "admission webhook \"policy.example\" denied the request: no"),
    ]

    @Test("it is refused, and nothing changes", arguments: cases)
    func refused(_ example: Case) throws {
        var fixture = KubernetesSandboxFixture()
        try example.before(&fixture)
        let before = fixture.cluster.object(.secrets, "app")
        for query in ["", "?dryRun=All"] {
            let answer = try fixture.ask(example.method, example.path + query, example.body)
            #expect(answer.status == example.status && answer.reason == example.reason)
            #expect(answer.message?.contains(example.message) == true, "\(answer.message ?? "")")
        }
        #expect(fixture.cluster.object(.secrets, "app") == before)
        #expect(fixture.cluster.object(.secrets, "new") == nil)
    }

    @Test("a patch changes what it names and nothing else")
    func patch() throws {
        var fixture = KubernetesSandboxFixture()
        let before = try #require(fixture.cluster.object(.secrets, "app"))
        let answer = try fixture.ask(.patch, KubernetesSandboxFixture.app, ["stringData": ["KEY": "three"]])
        var expected = before
        expected["data"] = ["KEY": "dGhyZWU=", "OTHER": "dHdv"]
        var metadata = try #require(before["metadata"]?.object)
        metadata["resourceVersion"] = answer.json?["metadata"]?["resourceVersion"]
        expected["metadata"] = .object(metadata)
        #expect(answer.json == .object(expected) && fixture.cluster.object(.secrets, "app") == expected)
        #expect(metadata["resourceVersion"] != before["metadata"]?["resourceVersion"])
    }

    @Test("null takes away what it names")
    func removal() throws {
        var fixture = KubernetesSandboxFixture()
        #expect(
            try fixture.ask(.patch, KubernetesSandboxFixture.app, ["data": ["KEY": nil], "metadata": ["labels": nil]])
                .status == 200)
        let object = try #require(fixture.cluster.object(.secrets, "app"))
        #expect(object["data"]?.object?.keys == ["OTHER"])
        #expect(object["metadata"]?.object?.keys.contains("labels") == false)
    }

    @Test("what changes nothing has no new version, and a trial leaves nothing")
    func nothing() throws {
        var fixture = KubernetesSandboxFixture()
        let before = fixture.cluster.object(.secrets, "app")
        #expect(try fixture.ask(.patch, KubernetesSandboxFixture.app, ["stringData": ["KEY": "one"]]).status == 200)
        #expect(
            try fixture.ask(.patch, KubernetesSandboxFixture.app + "?dryRun=All", ["stringData": ["KEY": "x"]]).status
                == 200)
        #expect(
            try fixture.ask(
                .post, KubernetesSandboxFixture.secrets + "?dryRun=All", KubernetesSandboxFixture.secret("new")
            ).status == 201)
        #expect(fixture.cluster.object(.secrets, "app") == before && fixture.cluster.object(.secrets, "new") == nil)
    }

    @Test("bodies in other forms are told", arguments: ["application/json-patch+json", "application/apply-patch+yaml"])
    func media(_ type: String) throws {
        var fixture = KubernetesSandboxFixture()
        let answer = try fixture.ask(.patch, KubernetesSandboxFixture.app, [:], type: type)
        #expect(answer.status == 415 && answer.reason == "UnsupportedMediaType")
    }

    @Test("a watch tells what there is, and later what has changed since")
    func watch() throws {
        var fixture = KubernetesSandboxFixture()
        func events(_ version: String?) throws -> [JSONValue] {
            let since = version.map { "&resourceVersion=" + $0 } ?? ""
            let answer = try fixture.ask(
                .get, KubernetesSandboxFixture.secrets + "?watch=true&fieldSelector=metadata.name%3Dapp" + since)
            return try answer.response.body.split(separator: 0x0A).map { try JSONValue(parsing: $0) }
        }
        let first = try events(nil)
        #expect(first.map { $0["type"] } == ["ADDED"])
        let version = first[0]["object"]?["metadata"]?["resourceVersion"]?.string
        #expect(try events(version).isEmpty)
        fixture.cluster.setValue("new", of: "KEY", in: "app")
        #expect(try events(version).map { $0["type"] } == ["MODIFIED"])
        fixture.cluster.remove(.secrets, "app")
        #expect(try events(version).map { $0["type"] } == ["DELETED"])
    }
}
