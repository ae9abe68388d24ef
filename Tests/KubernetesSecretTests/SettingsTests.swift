import JSON
import PublisherKit
import TestSupport
import Testing

@testable import ork_publisher_kubernetes_secret

/// What the settings may say.
@Suite(.tags(.values)) struct SettingsTests {
    static let mistakes: [(others: JSONObject, field: String, message: String)] = [
        (["secret": nil], "secret", "'secret' is not a text"),
        (["secret": "App"], "secret", "'secret' is no name of a Secret"),
        (["secret": "../a"], "secret", "'secret' is no name of a Secret"),
        (["secret": "a..b"], "secret", "'secret' is no name of a Secret"),
        (["key": "A B"], "key", "'key' is no key of a Secret"), (["key": ".."], "key", "'key' is no key of a Secret"),
        (["key": .string(String(repeating: "k", count: 254))], "key", "'key' is no key of a Secret"),
        (["namespace": "a.b"], "namespace", "'namespace' is no name of a namespace"),
        (["namespace": "-a"], "namespace", "'namespace' is no name of a namespace"),
        (["create": "yes"], "create", "'create' is neither true nor false"),
        (["restart": "web"], "restart", "'restart' has something that is not KIND/NAME"),
        (["restart": ["deployment/web", "job/web"]], "restart", "'restart' has something that is not KIND/NAME"),
        (["restart": "deployment/"], "restart", "'restart' has something that is not KIND/NAME"),
        (["restart": "deployment/a/b"], "restart", "'restart' has something that is not KIND/NAME"),
        (["restart": [1]], "restart", "'restart' is not a list of texts"),
        (
            ["url": "http://cluster.example"], "url",
            "the address of the cluster cannot be used: plain http is accepted only for "
                + "localhost; use https"
        ),
        (["url": "https://a.example?b"], "url", "the address of the cluster cannot be used: not an https address"),
        (["kubeconfig": "/a"], "kubeconfig", "'url' and 'kubeconfig' exclude each other"),
        (["context": "a"], "context", "'context' is a kubeconfig's"),
        (["certificate_authority": "/none.pem"], "certificate_authority", "the file /none.pem is not there"),
        (["writes": 0], "writes", "'writes' is no whole number from 1 to 32"),
    ]

    @Test("a mistake is told with its field, before anything is sent", arguments: mistakes)
    func told(_ others: JSONObject, _ field: String, _ message: String) {
        let fixture = KubernetesFixture()
        for verb in Verb.basic {
            let answer = fixture.ask(verb, others)
            let error = answer.error
            #expect(answer.outcome.name == "rejected" && error?.code == .configuration)
            #expect(error?.field == "with." + field && error?.message == message)
        }
        #expect(fixture.takeAsked().isEmpty)
    }

    @Test("workloads are named as kubectl names them, and once")
    func workloads() throws {
        let names = "deployment/a,deploy/a,deployments.apps/a,statefulsets/b,sts/b,daemonset.apps/c,ds/c"
        let settings = try SecretSettings(
            Settings(["secret": "app", "key": "KEY", "restart": .string(names)]), namespace: "prod")
        #expect(settings.workloads.map(\.description) == ["deployment/a", "statefulset/b", "daemonset/c"])
    }

    @Test("two targets for one key are refused, two keys of one secret are not")
    func twice() {
        let fixture = KubernetesFixture()
        fixture.hold(nil)
        let publisher = fixture.publisher()
        #expect(fixture.ask(.publish, of: publisher).outcome == .committed)
        #expect(fixture.ask(.publish, ["key": "B"], of: publisher, target: "b").outcome == .committed)
        let error = fixture.ask(.publish, of: publisher, target: "c").error
        #expect(error?.field == "with.key" && error?.message == "target app has the same (prod/app KEY)")
    }
}
