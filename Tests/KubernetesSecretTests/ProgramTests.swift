import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import Sodium
import TestSupport
import Testing

/// The binary against the sandbox over a socket; kubectl and the official client read what it writes.
@Suite(.tags(.servers)) struct ProgramTests {
    private let sandbox: SandboxProcess
    private let environment: [String: String]

    init() async throws {
        sandbox = try await onOwnThread { try SandboxProcess() }
        environment = ["KUBE_TOKEN": sandbox.kubernetes.token.revealed() ?? ""]
        let sandbox = sandbox
        try await onOwnThread {
            _ = try sandbox.control(.post, "kubernetes/namespaces", ["namespace": "prod"])
            _ = try sandbox.control(.post, "kubernetes/settings", ["pace": 1])
            for resource in ["deployments", "statefulsets", "daemonsets"] {
                _ = try sandbox.control(
                    .post, "kubernetes/workloads", ["namespace": "prod", "resource": .string(resource), "name": "web"])
            }
        }
    }

    private func with(_ others: JSONObject, port: Int? = nil) -> JSONObject {
        let url = port.map { "http://127.0.0.1:\($0)/kubernetes" } ?? sandbox.kubernetes.url
        let with: JSONObject = [
            "url": .string(url), "namespace": "prod", "secret": "app", "key": "KEY", "create": true,
        ]
        return with.merging(others)
    }

    private func run(_ verb: Verb, _ targets: [(name: String, with: JSONObject)], seconds: TimeInterval = 600)
        async throws
        -> [String: JSONValue]
    {
        try await PublisherProgram("ork-publisher-kubernetes-secret").run(
            verb.rawValue,
            input: try PublisherProgram.requests(verb, targets, expect: [SampleKeys.predecessor], seconds: seconds),
            environment: environment,
            hiding: [sandbox.kubernetes.token])
    }

    private func kubectl(_ arguments: String...) async throws -> String {
        let server = sandbox.kubernetes.url.replacing("/kubernetes", with: "/sandbox/kubernetes")
        let outcome = try await Kubectl.run(["--server", server, "-n", "prod"] + arguments)
        #expect(outcome.isDone, "\(outcome.text)")
        return outcome.text
    }

    @Test("it says what it can do")
    func info() async throws {
        let information = try #require(
            try await PublisherProgram("ork-publisher-kubernetes-secret").run("info", environment: [:])["info"])
        #expect(
            information["batch"] == true && information["readback"] == "value" && information["rollback"] == "value")
        #expect(information["with"]?["required"] == ["secret", "key"])
        #expect(
            information["environment"] == [
                "required": [], "optional": ["KUBECONFIG", "KUBE_TOKEN"],
                "inherited": ["KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"],
            ])
    }

    @Test("it writes many keys at once, and kubectl and the official client read them")
    func many() async throws {
        let targets = (0..<40).map { number -> (name: String, with: JSONObject) in
            ("\(number)", with(["secret": .string("app-\(number % 8)"), "key": .string("KEY_\(number)")]))
        }
        for (verb, outcome) in [
            (Verb.check, "ready"), (.verify, "absent"), (.publish, "committed"), (.verify, "match"),
            (.publish, "unchanged"),
        ] {
            let answers = try await run(verb, targets)
            #expect(answers.count == 40 && answers.values.allSatisfy { $0["outcome"]?.string == outcome }, "\(answers)")
        }
        let encoded = Data(SampleKeys.successor.copyBytes()).base64EncodedString()
        #expect(try await kubectl("get", "secret", "app-3", "-o", "jsonpath={.data.KEY_11}") == encoded)
        let wish: JSONValue = [
            "url": .string(sandbox.kubernetes.url), "token": .string(sandbox.kubernetes.token.revealed() ?? ""),
            "namespace": "prod",
        ]
        let outcome = try await Python.run("read_secrets.py", input: wish.text())
        #expect(outcome.succeeded, "\(outcome.output)")
        let shown = try JSONValue(parsing: outcome.output.utf8)
        #expect(shown.object?.keys == (0..<8).map { "app-\($0)" })
        #expect(
            shown["app-3"]
                == .object(
                    ["KEY_3", "KEY_11", "KEY_19", "KEY_27", "KEY_35"].sorted().reduce(into: [:]) {
                        $0[$1] = .string(SampleKeys.text(SampleKeys.successor))
                    }))
        let sandbox = sandbox
        #expect(try await onOwnThread { try sandbox.control(.get, "kubernetes/leaks") } == 0)
    }

    @Test("it restarts, and kubectl says that the rollouts are done")
    func restarts() async throws {
        let sandbox = sandbox
        _ = try await onOwnThread { try sandbox.control(.post, "kubernetes/settings", ["pace": 0]) }
        let all = with(["restart": ["deployment/web", "statefulset/web", "daemonset/web"]])
        #expect(try await run(.publish, [("a", all)])["a"]?["outcome"] == "committed")
        for workload in ["deployment/web", "statefulset/web", "daemonset/web"] {
            #expect(try await kubectl("rollout", "status", workload, "--watch=false").contains("roll"))
        }
        #expect(try await run(.verify, [("a", all)])["a"]?["outcome"] == "match")
    }

    @Test(
        "its judgement of each step of a rollout is kubectl's", arguments: ["deployment", "statefulset", "daemonset"])
    func judgement(_ kind: String) async throws {
        let sandbox = sandbox
        let target = with(["restart": .string("\(kind)/web")])
        func hold(_ step: Int, fails: Bool = false) async throws {
            try await onOwnThread {
                _ = try sandbox.control(.post, "kubernetes/settings", ["pace": 0])
                let wish: JSONValue = [
                    "namespace": "prod", "resource": .string(kind + "s"), "name": "web",
                    "step": .number(JSONNumber(step)), "fails": .bool(fails),
                ]
                _ = try sandbox.control(.post, "kubernetes/workloads", wish)
            }
        }
        try await hold(0)
        // What is not done is waited for as long as the deadline lets it.
        #expect(try await run(.publish, [("a", target)], seconds: 20)["a"]?["outcome"] == "committed")
        var ends: [Bool] = []
        for step in 0...5 {
            try await hold(step)
            let text = try await kubectl("rollout", "status", "\(kind)/web", "--watch=false")
            let isDone = text.contains("successfully rolled out") || text.contains("rolling update complete 2 pods at")
            let outcome = try await run(.verify, [("a", target)], seconds: 20)["a"]
            #expect((outcome?["outcome"] == "match") == isDone, "step \(step): \(text) \(outcome ?? nil)")
            ends.append(isDone)
        }
        #expect(ends.first == false && ends.last == true)
    }

    @Test("lost answers, cuts and a limit of the server end in one write and one restart")
    func faults() async throws {
        let sandbox = sandbox
        _ = try await onOwnThread { try sandbox.control(.post, "kubernetes/settings", ["pace": 0]) }
        let upstream = try #require(
            Int(sandbox.url.dropFirst("http://127.0.0.1:".count).prefix { $0 != "/" }))
        let proxy = try FaultProxy(upstreamPort: upstream)
        let target = with(["restart": "deployment/web"], port: proxy.port)
        let effects: [(Fault.Effect, String, String)] = [
            (.dropReply, "POST", "secrets"), (.cutReply(afterBytes: 40), "PATCH", "deployments"),
            (.dropRequest, "GET", "secrets/app"),
            (.answer(status: 429, headers: [("Retry-After", "1")]), "GET", "secrets"),
            (.dropReply, "PATCH", "deployments"),
        ]
        proxy.faults = effects.map { effect, method, path in
            Fault(effect) { $0 == method && $1.contains("/\(path)") }
        }
        let answer = try await run(.publish, [("a", target)])["a"]
        #expect(answer?["outcome"] == "committed", "\(answer ?? nil)")
        #expect(proxy.faults.isEmpty)
        #expect(try await run(.publish, [("a", target)])["a"]?["outcome"] == "unchanged")
        #expect(try await run(.verify, [("a", target)])["a"]?["outcome"] == "match")
        let workloads = try await onOwnThread { try sandbox.control(.get, "kubernetes/workloads").array ?? [] }
        #expect(workloads.filter { $0["resource"] == "deployments" }.map { $0["restarts"] } == [1])
    }
}
