import FoundationEssentials
import HTTP
import JSON
import KubernetesSandbox
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_kubernetes_secret

/// What is refused, and what is said of it. Nothing is written in any of these.
@Suite(.tags(.values)) struct RefusalTests {
    /// What is in the way of whom, and what they hear. `PURPOSE` in a message is what the verb wants.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var verbs: [Verb] = Verb.basic
        var others: JSONObject = [:]
        /// Answers the token to come with; `nil` for the one that may do everything.
        let obstacle: @Sendable (KubernetesFixture) -> Secret?
        let code: PublisherError.Code
        let message: String
        let hint: String?
        var field: String?
        var retryAfter: Int?
        var create = true
    }

    private static let secret = "secret app in namespace prod"
    private static let entry = "KEY of \(secret)"

    private static func token(_ rules: [Identity.Rule]?) -> @Sendable (KubernetesFixture) -> Secret? {
        { fixture in fixture.cluster { $0.addToken(of: Identity(user: "ork", rules: rules)) } }
    }

    private static func forbidden(_ verb: String) -> String {
        "(403: secrets \"app\" is forbidden: User \"ork\" cannot \(verb) resource \"secrets\" in API group \"\" in the"
            + " namespace \"prod\")"
    }

    private static let whoAsks = [
        Case(
            testDescription: "a token that nobody knows", obstacle: { _ in Secret("none") }, code: .denied,
            message: "Kubernetes does not accept the token in KUBE_TOKEN (401: Unauthorized)",
            hint: "check whether it has expired (kubectl create token makes one for an hour) and whether it is of this"
                + " cluster"),
        Case(
            testDescription: "a token that has expired",
            obstacle: { fixture in
                let end = fixture.now
                return fixture.cluster { $0.addToken(of: Identity(user: "ork", expiresAt: end)) }
            }, code: .denied, message: "Kubernetes does not accept the token in KUBE_TOKEN (401: Unauthorized)",
            hint: "check whether it has expired (kubectl create token makes one for an hour) and whether it is of this"
                + " cluster"),
        Case(
            testDescription: "somebody who may not read", obstacle: token([.init(["patch"], .secrets)]), code: .denied,
            message: "the token in KUBE_TOKEN may not read \(secret) " + forbidden("get"),
            hint: "give it a Role with the verb get on secrets and resourceNames [app] in namespace prod, and a"
                + " RoleBinding", field: "with.secret"),
        Case(
            testDescription: "somebody who may not write", verbs: [.check, .publish],
            obstacle: token([.init(["get"], .secrets)]), code: .denied,
            message: "the token in KUBE_TOKEN may not write \(entry) " + forbidden("patch"),
            hint: "give it a Role with the verb patch on secrets and resourceNames [app] in namespace prod, and a"
                + " RoleBinding", field: "with.secret"),
        Case(
            testDescription: "somebody whom the cluster takes for anonymous",
            obstacle: { fixture in
                fixture.fail(
                    .get,
                    .answer(
                        403,
                        #"{"kind":"Status","reason":"Forbidden","message":"secrets is forbidden: User \"system:anonymous\" cannot"}"#
                    ))
                return nil
            }, code: .denied,
            message: "the token in KUBE_TOKEN may not read \(secret) (403: secrets is forbidden: User"
                + " \"system:anonymous\" cannot)",
            hint: "the cluster does not know who asks: check whether the token or the certificate is of this cluster",
            field: "with.secret"),
    ]

    private static func missing(_ change: @escaping @Sendable (inout KubernetesSandbox) -> Void)
        -> @Sendable (KubernetesFixture) -> Secret?
    {
        { fixture in
            fixture.cluster { $0.remove(.secrets, "app", in: "prod") }
            fixture.cluster(change)
            return nil
        }
    }

    private static let places = [
        Case(
            testDescription: "no such secret", verbs: [.check, .publish], obstacle: missing { _ in }, code: .notFound,
            message: "no \(secret): nothing held the predecessor",
            hint:
                "check the spelling of secret and namespace; if it is mistyped, correct it; if it is meant to be made: "
                + "create=true in its --to (`create: true` in its `with`), or `ork-publish --create-target app`",
            field: "with.secret", create: false),
        Case(
            testDescription: "no such namespace", verbs: [.check, .publish], others: ["namespace": "none"],
            obstacle: { _ in nil }, code: .notFound,
            message: "there is no such namespace (404: namespaces \"none\" not found)",
            hint: "check its spelling, or make it", field: "with.namespace"),
        Case(
            testDescription: "a namespace that goes", verbs: [.check, .publish], others: ["create": true],
            obstacle: missing { $0.terminate(namespace: "prod") }, code: .notFound,
            message: "cannot use \(secret): its namespace is being deleted",
            hint: "wait until it is gone and make it anew, or name another one", field: "with.namespace"),
        Case(
            testDescription: "a namespace that goes, which only the write tells", verbs: [.check, .publish],
            others: ["create": true],
            obstacle: { fixture in
                fixture.cluster {
                    $0.remove(.secrets, "app", in: "prod")
                    $0.terminate(namespace: "prod")
                }
                let rules: [Identity.Rule] = [.init(["get", "create"], .secrets)]
                return fixture.cluster { $0.addToken(of: Identity(user: "ork", rules: rules)) }
            }, code: .notFound, message: "cannot make \(secret): its namespace is being deleted",
            hint: "wait until it is gone and make it anew, or name another one", field: "with.namespace"),
        Case(
            testDescription: "a secret that is immutable", verbs: [.check, .publish],
            obstacle: { fixture in
                fixture.hold(SampleKeys.predecessor, isImmutable: true)
                return nil
            }, code: .configuration, message: "\(secret) is immutable: nobody can change what it holds",
            hint: "make it anew without immutable, or write to another secret and point the workloads to that one",
            field: "with.secret"),
        Case(
            testDescription: "no Kubernetes at this address",
            obstacle: { fixture in
                fixture.fail(.get, .answer(404, "404 page not found", type: "text/plain"))
                return nil
            }, code: .configuration, message: "there is no Kubernetes API at this address (404)",
            hint: "look at the cluster's address, and whether a proxy answers in its place", field: "with.kubeconfig"),
        Case(
            testDescription: "a redirect",
            obstacle: { fixture in
                fixture.fail(.get, .answer(302, "", type: "text/html"))
                return nil
            }, code: .configuration, message: "there is no Kubernetes API at this address (302)",
            hint: "look at the cluster's address, and whether a proxy answers in its place", field: "with.kubeconfig"),
    ]

    private static func answers(
        _ method: HTTPRequest.Method, _ status: Int, _ reason: String, _ message: String, times: Int = 1,
        headers: [String: String] = [:]
    ) -> @Sendable (KubernetesFixture) -> Secret? {
        { fixture in
            let body =
                #"{"kind":"Status","apiVersion":"v1","reason":"\#(reason)","message":"\#(message)","code":\#(status)}"#
            fixture.fail(method, times: times, .answer(status, body, headers: headers))
            return nil
        }
    }

    private static let moments = [
        Case(
            testDescription: "what is gone", obstacle: answers(.get, 410, "Expired", "too old resource version"),
            code: .unavailable,
            message: "Kubernetes has no longer what it takes to read \(secret) (410: too old resource version)",
            hint: "run the step again"),
        Case(
            testDescription: "a server that is down",
            obstacle: answers(
                .get, 503, "ServiceUnavailable", "apiserver is shutting down", times: 5, headers: ["retry-after": "30"]),
            code: .unavailable,
            message: "Kubernetes cannot read \(secret) now (503: apiserver is shutting down)",
            hint: "look at the cluster's health, and run the step again", retryAfter: 30),
        Case(
            testDescription: "too many requests for longer than there is time",
            obstacle: answers(
                .get, 429, "TooManyRequests", "please try again later", headers: ["retry-after": "600"]),
            code: .rateLimited, message: "Kubernetes allows no more requests for 600 s",
            hint: "run the step again after that; it goes on with what is missing", retryAfter: 600),
        Case(
            testDescription: "a webhook that says no", verbs: [.check, .publish],
            obstacle: { fixture in
                fixture.cluster { $0.admission = { _, _ in "not on a Friday" } }
                return nil
            }, code: .denied,
            message:
                "a policy of the cluster refuses to write \(entry) (403: admission webhook \"policy.example\" denied"
                + " the request: not on a Friday)",
            hint: "look at the admission webhook that it names", field: "with.secret"),
        Case(
            testDescription: "a quota that is used up", verbs: [.check, .publish],
            obstacle: answers(.patch, 403, "Forbidden", "secrets app is forbidden: exceeded quota: small"),
            code: .configuration,
            message: "Kubernetes refuses to write \(entry) (403: secrets app is forbidden: exceeded quota: small)",
            hint: "raise the namespace's quota, or remove what it does not need", field: "with.namespace"),
        Case(
            testDescription: "a write that is invalid", verbs: [.check, .publish],
            obstacle: answers(.patch, 422, "Invalid", "data: Too long"), code: .configuration,
            message: "Kubernetes refuses to write \(entry) (422: data: Too long)",
            hint: "look at the target's settings", field: "with.secret"),
        Case(
            testDescription: "a secret that is made immutable meanwhile, as the server tells it", verbs: [.publish],
            obstacle: answers(.patch, 422, "Invalid", "data: Forbidden: field is immutable when `immutable` is set"),
            code: .configuration,
            message: "Kubernetes refuses to write \(entry): the secret was made immutable meanwhile",
            hint: "make it anew without immutable, or write to another secret and point the workloads to that one",
            field: "with.secret"),
    ]

    @Test("what is in the way is told, with what to do", arguments: whoAsks + places + moments)
    func told(_ example: Case) {
        for verb in example.verbs {
            let fixture = KubernetesFixture()
            fixture.hold(SampleKeys.predecessor)
            let token = example.obstacle(fixture)
            let before = fixture.cluster { $0.object(.secrets, "app", in: "prod") }
            #expect(
                fixture.ask(verb, example.others, token: token, create: example.create)
                    == PublisherAnswer(
                        .rejected(
                            PublisherError(
                                example.code, example.message, hint: example.hint, field: example.field,
                                retryAfter: example.retryAfter))), "\(verb)")
            #expect(fixture.cluster { $0.object(.secrets, "app", in: "prod") } == before)
        }
    }

    @Test("too many requests are waited for, as long as the cluster asks, else a little longer each time")
    func waits() {
        for (headers, seconds) in [(["retry-after": "7"], 14.0), ([:], 3.0)] {
            let fixture = KubernetesFixture()
            fixture.hold(SampleKeys.predecessor)
            fixture.fail(.get, times: 2, .answer(429, #"{"kind":"Status","code":429}"#, headers: headers))
            #expect(fixture.ask(.publish).outcome == .committed)
            #expect(abs(fixture.slept - seconds) < 0.5)
        }
    }

    @Test("a webhook that cannot try leaves the check ready, and that is said")
    func noTrial() {
        let fixture = KubernetesFixture()
        fixture.hold(SampleKeys.predecessor)
        _ = Self.answers(.patch, 400, "BadRequest", "admission webhook x does not support dry run")(fixture)
        #expect(
            fixture.ask(.check)
                == PublisherAnswer(
                    .ready, message: "would write \(Self.entry); whether it may write cannot be tried here"))
    }

    @Test("a check that fails has done nothing, whatever got lost")
    func check() {
        let fixture = KubernetesFixture()
        fixture.hold(SampleKeys.predecessor)
        fixture.fail(.patch, times: 5, .lostReply)
        #expect(fixture.ask(.check).outcome.name == "rejected")
    }
}
