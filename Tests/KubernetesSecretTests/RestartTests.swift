import FoundationEssentials
import HTTP
import JSON
import KubernetesSandbox
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_kubernetes_secret

/// What is restarted, when, and what is said of it.
@Suite(.tags(.values)) struct RestartTests {
    private static let all: JSONObject = ["restart": ["deployment/web", "statefulset/web", "daemonset/web"]]
    private static let one: JSONObject = ["restart": "deploy/web"]
    private static let entry = "KEY of secret app in namespace prod"

    private static func annotation(_ fixture: KubernetesFixture, _ name: String) -> String? {
        fixture.cluster {
            $0.object(.deployments, "web", in: "prod")?["spec"]?["template"]?["metadata"]?["annotations"]?[name]?.string
        }
    }

    @Test("all that is named is restarted after the write, once, and waited for")
    func restarts() {
        let fixture = KubernetesFixture()
        fixture.hold(SampleKeys.predecessor)
        let answer = fixture.ask(.publish, Self.all)
        #expect(answer.outcome == .committed)
        #expect(
            answer.message
                == "updated \(Self.entry); restarted deployment/web, statefulset/web, daemonset/web; deployment/web is"
                + " rolled out; statefulset/web is rolled out; daemonset/web is rolled out")
        #expect(answer.receipt?["restarted"] == ["deployment/web", "statefulset/web", "daemonset/web"])
        #expect(fixture.restarts == [1, 1, 1])
        #expect(Self.annotation(fixture, "kubectl.kubernetes.io/restartedAt")?.hasPrefix("2026-11-24T06:0") == true)
        #expect(
            Self.annotation(fixture, "ork/restarted.app.KEY")
                == fixture.cluster {
                    $0.object(.secrets, "app", in: "prod")?["metadata"]?["annotations"]?["ork/written.KEY"]?.string
                })
        #expect(
            fixture.ask(.verify, Self.all)
                == PublisherAnswer(
                    .match,
                    message: "holds the successor; deployment/web, statefulset/web, daemonset/web rolled out with it"))
        #expect(fixture.ask(.publish, Self.all).outcome == .unchanged)
        #expect(fixture.restarts == [1, 1, 1])
    }

    @Test("nothing else of the template changes")
    func template() throws {
        let fixture = KubernetesFixture()
        fixture.hold(SampleKeys.predecessor)
        let before = try #require(fixture.cluster { $0.object(.deployments, "web", in: "prod")?["spec"] })
        _ = fixture.ask(.publish, Self.one)
        var spec = try #require(fixture.cluster { $0.object(.deployments, "web", in: "prod")?["spec"]?.object })
        var template = try #require(spec["template"]?.object)
        var metadata = try #require(template["metadata"]?.object)
        #expect(
            metadata["annotations"]?.object?.keys == ["kubectl.kubernetes.io/restartedAt", "ork/restarted.app.KEY"])
        metadata["annotations"] = nil
        template["metadata"] = .object(metadata)
        spec["template"] = .object(template)
        #expect(.object(spec) == before)
    }

    @Test("a rollout that takes too long leaves the key committed, and verify withholds its evidence until it is done")
    func slow() {
        let fixture = KubernetesFixture()
        fixture.hold(SampleKeys.predecessor)
        fixture.cluster { $0.hold(.deployments, "web", in: "prod", at: 1) }
        let answer = fixture.ask(.publish, Self.one, within: 30)
        #expect(answer.outcome == .committed)
        let what = "deployment/web is not rolled out yet: 1 of 2 pods are new"
        #expect(answer.message == "updated \(Self.entry); restarted deployment/web; \(what)")
        #expect((20...29).contains(fixture.slept))
        #expect(
            fixture.ask(.verify, Self.one).outcome
                == .rejected(
                    PublisherError(
                        .unavailable, "\(Self.entry) holds the key, but \(what)",
                        hint: "`ork-verify --wait 10m` waits for it", field: "with.restart")))
        fixture.cluster { $0.hold(.deployments, "web", in: "prod", at: nil) }
        #expect(fixture.ask(.verify, Self.one).outcome == .match)
        #expect(fixture.restarts == [1, 0, 0])
    }

    @Test("a rollout that fails is told at once, and verify withholds its evidence")
    func stuck() {
        let fixture = KubernetesFixture()
        fixture.hold(SampleKeys.predecessor)
        fixture.cluster { $0.fail("web", in: "prod") }
        let answer = fixture.ask(.publish, Self.one)
        let what = "deployment/web makes no progress: its rollout exceeded its progress deadline"
        #expect(answer.outcome == .committed)
        #expect(answer.message == "updated \(Self.entry); restarted deployment/web; \(what)")
        #expect(fixture.slept < 5)
        let verified = fixture.ask(.verify, Self.one)
        #expect(verified.outcome.name == "rejected")
        #expect(verified.error?.message == "\(Self.entry) holds the key, but \(what)")
    }

    @Test("a key that was there is no reason not to restart; one restart belongs to one write")
    func unrestarted() {
        let fixture = KubernetesFixture()
        fixture.hold(SampleKeys.successor)
        #expect(
            fixture.ask(.verify, Self.one).outcome
                == .rejected(
                    PublisherError(
                        .conflict, "\(Self.entry) holds the key, but deployment/web was not restarted for it",
                        hint: "`ork-publish --accept-target app` restarts it, and writes nothing twice",
                        field: "with.restart")))
        #expect(fixture.ask(.publish, Self.one).outcome == .committed)
        #expect(fixture.ask(.publish, Self.one).outcome == .unchanged)
        #expect(fixture.restarts == [1, 0, 0])
        // Somebody takes the key away; the same operation brings it back, and the pods need to hear of it again.
        fixture.cluster { $0.setValue(nil, of: "KEY", in: "app", "prod") }
        #expect(fixture.ask(.publish, Self.one).outcome == .committed)
        #expect(fixture.restarts == [2, 0, 0])
        #expect(fixture.ask(.verify, Self.one).outcome == .match)
    }

    @Test("a restart whose answer got lost is not made again")
    func lost() {
        let fixture = KubernetesFixture()
        fixture.hold(SampleKeys.predecessor)
        fixture.fail(.patch, at: "deployments", .lostReply)
        #expect(fixture.ask(.publish, Self.one).outcome == .committed)
        #expect(fixture.restarts == [1, 0, 0])
    }

    @Test("a restart that another change comes before is made on what is there then")
    func overtaken() {
        let fixture = KubernetesFixture()
        fixture.hold(SampleKeys.predecessor)
        fixture.fail(
            .patch, at: "deployments",
            .before { $0.change(.deployments, "prod", "web") { $0[object: "spec"]["replicas"] = 3 } })
        #expect(fixture.ask(.publish, Self.one).outcome == .committed)
        #expect(fixture.restarts == [1, 0, 0])
        #expect(fixture.cluster { $0.object(.deployments, "web", in: "prod")?["spec"]?["replicas"] } == 3)
    }

    @Test("a restart that is refused after the write leaves the doubt, and the next run goes on with it")
    func refused() {
        let fixture = KubernetesFixture()
        fixture.hold(SampleKeys.predecessor)
        let rules: [Identity.Rule] = [.init(["get", "patch"], .secrets), .init(["get"], .deployments)]
        let token = fixture.cluster { $0.addToken(of: Identity(user: "ork", rules: rules)) }
        let answer = fixture.ask(.publish, Self.one, token: token)
        #expect(
            answer.outcome
                == .unknown(
                    PublisherError(
                        .denied,
                        "updated \(Self.entry), but the token in KUBE_TOKEN may not restart deployment/web in namespace"
                            + " prod (403: deployments.apps \"web\" is forbidden: User \"ork\" cannot patch resource"
                            + " \"deployments\" in API group \"apps\" in the namespace \"prod\")",
                        hint:
                            "give it a Role with the verb patch on deployments of the API group apps, with resourceNames"
                            + " [web], in namespace prod, and a RoleBinding", field: "with.restart")))
        #expect(fixture.held == "successor" && fixture.restarts == [0, 0, 0])
        #expect(fixture.ask(.check, Self.one, token: token).outcome.name == "rejected")
        #expect(fixture.ask(.publish, Self.one).outcome == .committed)
        #expect(fixture.restarts == [1, 0, 0])
    }

    @Test("a rollout that cannot be seen any more is told, and the key stays committed")
    func unseen() {
        let fixture = KubernetesFixture()
        fixture.hold(SampleKeys.predecessor)
        fixture.fail(.get, at: "deployments", .after { _ in })
        fixture.fail(.get, at: "deployments", times: 400, .answer(403, #"{"kind":"Status","reason":"Forbidden"}"#))
        let answer = fixture.ask(.publish, Self.one, within: 20)
        #expect(answer.outcome == .committed)
        #expect(answer.message?.contains("deployment/web is not rolled out yet: how far it is cannot be seen") == true)
        #expect(fixture.restarts == [1, 0, 0])
    }

    private static let obstacles: [(change: JSONObject, workload: String, message: String)] = [
        (["paused": true], "deployment/web", "deployment/web is paused: its rollouts do not go on"),
        (
            ["updateStrategy": ["type": "OnDelete"]], "statefulset/web",
            "statefulset/web is of strategy OnDelete: only deleting its pods replaces them"
        ),
        (
            ["updateStrategy": ["type": "OnDelete"]], "daemonset/web",
            "daemonset/web is of strategy OnDelete: only deleting its pods replaces them"
        ),
        (
            ["updateStrategy": ["type": "RollingUpdate", "rollingUpdate": ["partition": 1]]], "statefulset/web",
            "statefulset/web has a partition of 1: pods below it would keep the predecessor"
        ),
    ]

    @Test("what a restart would not reach is refused before anything is written", arguments: obstacles)
    func unreachable(_ change: JSONObject, _ workload: String, _ message: String) throws {
        let fixture = KubernetesFixture()
        fixture.hold(SampleKeys.predecessor)
        let resource = try Workload(workload).kind.resource
        fixture.cluster { cluster in
            guard let resource = Resource(rawValue: resource) else { return }
            cluster.change(resource, "prod", "web") { object in
                for (name, value) in change.members { object[object: "spec"][name] = value }
            }
        }
        for verb in [Verb.check, .publish] {
            let error = fixture.ask(verb, ["restart": .array([.string(workload)])]).error
            #expect(error?.message == message && error?.code == .configuration && error?.field == "with.restart")
        }
        #expect(fixture.held == "predecessor")
    }

    @Test("a workload that is not there, or may not be read, is refused before anything is written")
    func missing() {
        let fixture = KubernetesFixture()
        fixture.hold(SampleKeys.predecessor)
        let error = fixture.ask(.publish, ["restart": "sts/none"]).error
        #expect(error?.code == .notFound && error?.field == "with.restart")
        #expect(
            error?.message
                == "there is nothing to read statefulset/none in namespace prod (404: statefulsets.apps \"none\" not found)"
        )
        let token = fixture.cluster {
            $0.addToken(of: Identity(user: "ork", rules: [.init(["get", "patch"], .secrets)]))
        }
        #expect(fixture.ask(.publish, Self.one, token: token).error?.code == .denied)
        #expect(fixture.held == "predecessor")
    }

    @Test("check says that a Deployment of strategy Recreate has no pod while it restarts")
    func recreate() {
        let fixture = KubernetesFixture()
        fixture.hold(SampleKeys.predecessor)
        fixture.cluster {
            $0.change(.deployments, "prod", "web") { $0[object: "spec"]["strategy"] = ["type": "Recreate"] }
        }
        #expect(
            fixture.ask(.check, Self.one).message
                == "would write \(Self.entry); deployment/web is of strategy Recreate: it has no pod while it restarts")
    }

    @Test("another key with the same workload restarts it for itself")
    func twoKeys() {
        let fixture = KubernetesFixture()
        fixture.hold(SampleKeys.predecessor)
        _ = fixture.ask(.publish, Self.one)
        _ = fixture.ask(.publish, Self.one.merging(["key": "SECOND"]))
        #expect(fixture.restarts == [2, 0, 0])
        #expect(fixture.ask(.publish, Self.one).outcome == .unchanged)
        #expect(fixture.ask(.verify, Self.one).outcome == .match)
    }
}
