import FoundationEssentials
import JSON
import KubernetesSandbox
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_kubernetes_secret

/// What is written, and what is left as it is.
@Suite(.tags(.values)) struct PublishTests {
    @Test("a key is written beside others, which stay byte for byte, as do labels and annotations of others")
    func siblings() throws {
        let fixture = KubernetesFixture()
        fixture.hold(SampleKeys.predecessor)
        let before = try #require(fixture.cluster { $0.object(.secrets, "app", in: "prod") })
        let answer = fixture.ask(.publish)
        #expect(
            answer
                == PublisherAnswer(
                    .committed, receipt: ["namespace": "prod", "secret": "app", "change": "updated"],
                    message: "updated KEY of secret app in namespace prod"))
        var after = try #require(fixture.cluster { $0.object(.secrets, "app", in: "prod") })
        #expect(after["data"]?["KEY"]?.string == Data(SampleKeys.successor.copyBytes()).base64EncodedString())
        let marker = after["metadata"]?["annotations"]?["ork/written.KEY"]?.string
        #expect(marker == "01JDB00000AAAAAAAAAAAAAAAA/37543831a5424200/2026-11-24T06:00:00Z")
        // Apart from these four it is what it was.
        var metadata = try #require(after["metadata"]?.object)
        var annotations = try #require(metadata["annotations"]?.object)
        annotations["ork/written.KEY"] = nil
        metadata["annotations"] = .object(annotations)
        metadata["resourceVersion"] = before["metadata"]?["resourceVersion"]
        after["metadata"] = .object(metadata)
        after["data"] = before["data"]
        #expect(after == before)
        #expect(fixture.ask(.verify).outcome == .match)
    }

    @Test("a key is added to a secret that has none of it, or nothing at all", arguments: [true, false])
    func added(_ hasData: Bool) {
        let fixture = KubernetesFixture()
        fixture.hold(nil)
        if !hasData { fixture.cluster { $0.change(.secrets, "prod", "app") { $0["data"] = nil } } }
        #expect(fixture.ask(.publish).receipt?["change"] == "updated")
        #expect(fixture.held == "successor")
    }

    @Test("a key that is missing in a secret is made only if somebody says so")
    func addedUnasked() {
        let fixture = KubernetesFixture()
        fixture.hold(nil)
        let refusal = PublisherError.notMade(
            "no value at KEY of secret app in namespace prod", hint: "check the spelling of key", field: "with.key",
            target: "app")
        for verb in [Verb.check, .publish] {
            #expect(fixture.ask(verb, create: false).outcome == .rejected(refusal))
        }
    }

    @Test("a secret is made where it may be, of type Opaque")
    func created() throws {
        let fixture = KubernetesFixture()
        #expect(fixture.ask(.verify).outcome == .absent)
        #expect(fixture.ask(.publish, create: false).error?.code == .notFound)
        let answer = fixture.ask(.publish, ["create": true], create: false)
        #expect(answer.outcome == .committed && answer.receipt?["change"] == "created")
        let object = try #require(fixture.cluster { $0.object(.secrets, "app", in: "prod") })
        #expect(object["type"] == "Opaque" && object["data"]?.object?.keys == ["KEY"])
        #expect(fixture.ask(.publish, ["create": true]).outcome == .unchanged)
        #expect(fixture.ask(.verify).outcome == .match)
    }

    @Test("the successor is not written again", arguments: [nil, [SampleKeys.predecessor]])
    func unchanged(_ expect: [Secret]?) {
        let fixture = KubernetesFixture()
        fixture.hold(SampleKeys.successor)
        _ = fixture.takeAsked()
        let answer = fixture.ask(.publish, expect: expect)
        #expect(answer.outcome == .unchanged)
        #expect(answer.message == "KEY of secret app in namespace prod holds the key already")
        #expect(fixture.takeAsked() == ["GET secrets/app"])
    }

    @Test("a value that the rotation does not know stays, unless it may be replaced")
    func conflict() {
        let fixture = KubernetesFixture()
        fixture.hold(SampleKeys.foreign)
        for verb in [Verb.check, .publish] {
            #expect(
                fixture.ask(verb).outcome
                    == .rejected(
                        PublisherError(
                            .conflict,
                            "KEY of secret app in namespace prod holds a value that this rotation does not know",
                            hint:
                                "check that cluster, namespace, secret and key are right", field: "with.key")))
        }
        #expect(fixture.held == "foreign")
        #expect(fixture.ask(.verify).outcome == .mismatch)
        #expect(fixture.ask(.publish, expect: nil).outcome == .committed)
        #expect(fixture.held == "successor")
    }

    @Test("an older rotation is refused, whatever it expects; one of the same time is not")
    func older() {
        let fixture = KubernetesFixture()
        let later = "01JDB00001AAAAAAAAAAAAAAAA"
        fixture.hold(nil, annotations: ["ork/written.KEY": .string(later + "/0123456789abcdef/2026-11-24T06:00:00Z")])
        for expect in [nil, [SampleKeys.predecessor]] {
            #expect(
                fixture.ask(.publish, expect: expect).outcome
                    == .rejected(
                        PublisherError(
                            .conflict,
                            "KEY of secret app in namespace prod was written by a later rotation (\(later))",
                            hint: "finish that one; to write all the same, remove the annotation ork/written.KEY",
                            field: "with.key")))
        }
        #expect(fixture.held == nil)
        #expect(fixture.ask(.publish, rotation: later).outcome == .committed)
        #expect(fixture.ask(.publish, rotation: "01JDB00002AAAAAAAAAAAAAAAA").outcome == .unchanged)
    }

    @Test("two keys of one secret do not get in each other's way")
    func twoKeys() {
        let fixture = KubernetesFixture()
        fixture.hold(SampleKeys.predecessor)
        #expect(fixture.ask(.publish, rotation: "01JDB00001AAAAAAAAAAAAAAAA").outcome == .committed)
        #expect(fixture.ask(.publish, ["key": "SECOND"]).outcome == .committed)
        #expect(fixture.cluster { $0.value("SECOND", of: "app", in: "prod") } == SampleKeys.text(SampleKeys.successor))
        #expect(fixture.held == "successor")
    }

    private static let making =
        "would make KEY of secret app in namespace prod; no value at KEY of secret app in namespace prod: "
        + "nothing held the predecessor"

    @Test("what belongs to an operator is written, and that is said")
    func controlled() {
        let fixture = KubernetesFixture()
        fixture.cluster {
            $0.addSecret(
                "app", in: "prod", [],
                owner: [
                    "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "name": "app", "uid": "1",
                    "controller": true,
                ])
        }
        let note = "; it belongs to ExternalSecret app, which may write another value back"
        #expect(fixture.ask(.check).message == Self.making + note)
        #expect(fixture.ask(.publish).message == "updated KEY of secret app in namespace prod" + note)
    }

    @Test("bytes that are no text are written and compared as they are")
    func bytes() {
        let fixture = KubernetesFixture()
        fixture.hold(SampleKeys.predecessor)
        let secret = Secret([0xFF, 0x00, 0xFE])
        #expect(fixture.ask(.publish, secret: secret).outcome == .committed)
        #expect(fixture.ask(.verify, secret: secret).outcome == .match)
    }

    @Test(
        "a name of an annotation is always one",
        arguments: ["KEY", "a.b", String(repeating: "k", count: 253), "a_", "-"])
    func annotations(_ key: String) {
        for name in [Marker.written(key), Marker.restarted("app.of.prod", key)] {
            #expect(name.hasPrefix("ork/") && KubernetesName.isAnnotation(String(name.dropFirst(4))), "\(name)")
        }
        let fixture = KubernetesFixture()
        fixture.hold(SampleKeys.predecessor)
        #expect(fixture.ask(.publish, ["key": .string(key), "restart": "deploy/web"]).outcome == .committed)
        #expect(fixture.ask(.verify, ["key": .string(key), "restart": "deploy/web"]).outcome == .match)
    }

    @Test("check asks the cluster whether it would, and leaves nothing")
    func check() {
        let fixture = KubernetesFixture()
        let restart: JSONObject = ["restart": ["deploy/web"]]
        #expect(
            fixture.ask(.check, ["create": true]).message
                == "would make secret app in namespace prod; no secret app in namespace prod: nothing held the predecessor"
        )
        #expect(fixture.cluster { $0.object(.secrets, "app", in: "prod") } == nil)
        fixture.hold(SampleKeys.predecessor)
        let before = fixture.cluster { $0.object(.secrets, "app", in: "prod") }
        _ = fixture.takeAsked()
        #expect(fixture.ask(.check, restart).message == "would write KEY of secret app in namespace prod")
        #expect(
            fixture.takeAsked() == [
                "GET secrets/app", "GET deployments/web", "PATCH secrets/app?fieldManager=ork&dryRun=All",
                "PATCH deployments/web?fieldManager=ork&dryRun=All",
            ])
        #expect(fixture.cluster { $0.object(.secrets, "app", in: "prod") } == before)
        #expect(fixture.restarts == [0, 0, 0])
    }
}
