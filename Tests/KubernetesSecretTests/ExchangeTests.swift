import FoundationEssentials
import HTTP
import JSON
import KubernetesSandbox
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_kubernetes_secret

/// How often the cluster is asked, and what.
@Suite(.tags(.processes)) struct ExchangeTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let verb: Verb
        var held: Secret? = SampleKeys.predecessor
        var others: JSONObject = [:]
        let asked: [String]
    }

    static let cases = [
        Case(
            testDescription: "publish, a predecessor there", verb: .publish,
            asked: ["GET secrets/app", "PATCH secrets/app?fieldManager=ork"]),
        Case(
            testDescription: "publish, the successor there", verb: .publish, held: SampleKeys.successor,
            asked: ["GET secrets/app"]),
        Case(
            testDescription: "publish, another value there", verb: .publish, held: SampleKeys.foreign,
            asked: ["GET secrets/app"]),
        Case(testDescription: "verify", verb: .verify, held: SampleKeys.successor, asked: ["GET secrets/app"]),
        Case(
            testDescription: "check", verb: .check,
            asked: ["GET secrets/app", "PATCH secrets/app?fieldManager=ork&dryRun=All"]),
        Case(
            testDescription: "publish, with a restart that takes a second", verb: .publish,
            others: ["restart": "deployment/web"],
            asked: [
                "GET deployments/web", "GET secrets/app", "PATCH secrets/app?fieldManager=ork",
                "PATCH deployments/web?fieldManager=ork", "GET deployments/web", "GET deployments/web",
            ]),
    ]

    @Test("no more is asked than it takes", arguments: cases)
    func asked(_ example: Case) {
        let fixture = KubernetesFixture()
        fixture.hold(example.held)
        _ = fixture.takeAsked()
        _ = fixture.ask(example.verb, example.others)
        #expect(fixture.takeAsked() == example.asked)
    }

    @Test("every request is one that the OpenAPI allows")
    func openAPI() async throws {
        let fixture = KubernetesFixture()
        let all: JSONObject = ["create": true, "restart": ["deploy/web", "sts/web", "ds/web"]]
        for verb in [Verb.check, .publish, .verify, .publish] { _ = fixture.ask(verb, all) }
        for verb in [Verb.check, .publish] {
            fixture.hold(SampleKeys.predecessor)
            _ = fixture.ask(verb, all)
            _ = fixture.ask(verb, ["namespace": "none"])
        }
        let exchanges = fixture.exchanges.map { exchange -> JSONValue in
            let path = exchange.request.url.description.dropFirst(KubernetesFixture.root.count)
            return [
                "method": .string(exchange.request.method.rawValue), "path": .string(String(path)),
                "content_type": exchange.request.headers.first { $0.name.lowercased() == "content-type" }
                    .map { .string($0.value) } ?? .null,
                "request": exchange.request.body.flatMap { try? JSONValue(parsing: $0) } ?? .null,
                "status": .number(JSONNumber(exchange.response.status)),
                "response": (try? JSONValue(parsing: exchange.response.body)) ?? .null,
            ]
        }
        let outcome = try await Python.run(
            "validate.py", input: JSONValue.array(exchanges).text(),
            beside: BuiltProduct.repository + "/Tests/KubernetesSandboxTests/Transcript.swift")
        #expect(outcome.succeeded, "\(outcome.output)")
        let answer = try JSONValue(parsing: outcome.output.utf8)
        #expect(answer["problems"] == [])
        #expect(
            answer["seen"] == [
                "create_namespaced_secret", "patch_namespaced_daemon_set", "patch_namespaced_deployment",
                "patch_namespaced_secret", "patch_namespaced_stateful_set", "read_namespace",
                "read_namespaced_daemon_set", "read_namespaced_deployment", "read_namespaced_secret",
                "read_namespaced_stateful_set",
            ])
    }
}
