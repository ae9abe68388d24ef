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
        let world = World()
        world.hold(Keys.predecessor)
        let before = try #require(world.cluster { $0.object(.secrets, "app", in: "prod") })
        let answer = world.ask(.publish)
        #expect(
            answer
                == PublisherAnswer(
                    .committed, receipt: ["namespace": "prod", "secret": "app", "change": "updated"],
                    message: "updated KEY of secret app in namespace prod"))
        var after = try #require(world.cluster { $0.object(.secrets, "app", in: "prod") })
        #expect(after["data"]?["KEY"]?.string == Data(Keys.successor.copyBytes()).base64EncodedString())
        let marker = after["metadata"]?["annotations"]?["ork/written.KEY"]?.string
        #expect(marker == "01JDB00000AAAAAAAAAAAAAAAA/cdfa1b226b6448e6/2026-11-24T06:00:00Z")
        // Apart from these four it is what it was.
        var metadata = try #require(after["metadata"]?.object)
        var annotations = try #require(metadata["annotations"]?.object)
        annotations["ork/written.KEY"] = nil
        metadata["annotations"] = .object(annotations)
        metadata["resourceVersion"] = before["metadata"]?["resourceVersion"]
        after["metadata"] = .object(metadata)
        after["data"] = before["data"]
        #expect(after == before)
        #expect(world.ask(.verify).outcome == .match)
    }

    @Test("a key is added to a secret that has none of it, or nothing at all", arguments: [true, false])
    func added(_ hasData: Bool) {
        let world = World()
        world.hold(nil)
        if !hasData { world.cluster { $0.change(.secrets, "prod", "app") { $0["data"] = nil } } }
        #expect(world.ask(.publish).receipt?["change"] == "updated")
        #expect(world.held == "successor")
    }

    @Test("a secret is made where it may be, of type Opaque")
    func created() throws {
        let world = World()
        #expect(world.ask(.verify).outcome == .absent)
        #expect(world.ask(.publish).error?.code == .notFound)
        let answer = world.ask(.publish, ["create": true])
        #expect(answer.outcome == .committed && answer.receipt?["change"] == "created")
        let object = try #require(world.cluster { $0.object(.secrets, "app", in: "prod") })
        #expect(object["type"] == "Opaque" && object["data"]?.object?.keys == ["KEY"])
        #expect(world.ask(.publish, ["create": true]).outcome == .unchanged)
        #expect(world.ask(.verify).outcome == .match)
    }

    @Test("the successor is not written again", arguments: [nil, [Keys.predecessor]])
    func unchanged(_ expect: [Secret]?) {
        let world = World()
        world.hold(Keys.successor)
        _ = world.takeAsked()
        let answer = world.ask(.publish, expect: expect)
        #expect(answer.outcome == .unchanged)
        #expect(answer.message == "KEY of secret app in namespace prod holds the key already")
        #expect(world.takeAsked() == ["GET secrets/app"])
    }

    @Test("a value that the rotation does not know stays, unless it may be replaced")
    func conflict() {
        let world = World()
        world.hold(Keys.foreign)
        for verb in [Verb.check, .publish] {
            #expect(
                world.ask(verb).outcome
                    == .rejected(
                        PublisherError(
                            .conflict,
                            "KEY of secret app in namespace prod holds a value that this rotation does not know",
                            hint: "look whether cluster, namespace, secret and key are right and whether another"
                                + " rotation writes there", field: "with.key")))
        }
        #expect(world.held == "foreign")
        #expect(world.ask(.verify).outcome == .mismatch)
        #expect(world.ask(.publish, expect: nil).outcome == .committed)
        #expect(world.held == "successor")
    }

    @Test("an older rotation is refused, whatever it expects; one of the same time is not")
    func older() {
        let world = World()
        let later = "01JDB00001AAAAAAAAAAAAAAAA"
        world.hold(nil, annotations: ["ork/written.KEY": .string(later + "/0123456789abcdef/2026-11-24T06:00:00Z")])
        for expect in [nil, [Keys.predecessor]] {
            #expect(
                world.ask(.publish, expect: expect).outcome
                    == .rejected(
                        PublisherError(
                            .conflict,
                            "KEY of secret app in namespace prod was written by a later rotation (\(later))",
                            hint: "finish that one; to write all the same, remove the annotation ork/written.KEY",
                            field: "with.key")))
        }
        #expect(world.held == nil)
        #expect(world.ask(.publish, rotation: later).outcome == .committed)
        #expect(world.ask(.publish, rotation: "01JDB00002AAAAAAAAAAAAAAAA").outcome == .unchanged)
    }

    @Test("two keys of one secret do not get in each other's way")
    func twoKeys() {
        let world = World()
        world.hold(Keys.predecessor)
        #expect(world.ask(.publish, rotation: "01JDB00001AAAAAAAAAAAAAAAA").outcome == .committed)
        #expect(world.ask(.publish, ["key": "SECOND"]).outcome == .committed)
        #expect(world.cluster { $0.value("SECOND", of: "app", in: "prod") } == Keys.text(Keys.successor))
        #expect(world.held == "successor")
    }

    @Test("what belongs to an operator is written, and that is said")
    func controlled() {
        let world = World()
        world.cluster {
            $0.addSecret(
                "app", in: "prod", [],
                owner: [
                    "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "name": "app", "uid": "1",
                    "controller": true,
                ])
        }
        let note = "; it belongs to ExternalSecret app, which may write another value back"
        #expect(world.ask(.check).message == "would write KEY of secret app in namespace prod" + note)
        #expect(world.ask(.publish).message == "updated KEY of secret app in namespace prod" + note)
    }

    @Test("bytes that are no text are written and compared as they are")
    func bytes() {
        let world = World()
        world.hold(Keys.predecessor)
        let secret = Secret([0xFF, 0x00, 0xFE])
        #expect(world.ask(.publish, secret: secret).outcome == .committed)
        #expect(world.ask(.verify, secret: secret).outcome == .match)
    }

    @Test(
        "a name of an annotation is always one",
        arguments: ["KEY", "a.b", String(repeating: "k", count: 253), "a_", "-"])
    func annotations(_ key: String) {
        for name in [Marker.written(key), Marker.restarted("app.of.prod", key)] {
            #expect(name.hasPrefix("ork/") && KubernetesName.isAnnotation(String(name.dropFirst(4))), "\(name)")
        }
        let world = World()
        world.hold(Keys.predecessor)
        #expect(world.ask(.publish, ["key": .string(key), "restart": "deploy/web"]).outcome == .committed)
        #expect(world.ask(.verify, ["key": .string(key), "restart": "deploy/web"]).outcome == .match)
    }

    @Test("check asks the cluster whether it would, and leaves nothing")
    func check() {
        let world = World()
        let restart: JSONObject = ["restart": ["deploy/web"]]
        #expect(
            world.ask(.check, ["create": true]).message == "would make secret app in namespace prod")
        #expect(world.cluster { $0.object(.secrets, "app", in: "prod") } == nil)
        world.hold(Keys.predecessor)
        let before = world.cluster { $0.object(.secrets, "app", in: "prod") }
        _ = world.takeAsked()
        #expect(world.ask(.check, restart).message == "would write KEY of secret app in namespace prod")
        #expect(
            world.takeAsked() == [
                "GET secrets/app", "GET deployments/web", "PATCH secrets/app?fieldManager=ork&dryRun=All",
                "PATCH deployments/web?fieldManager=ork&dryRun=All",
            ])
        #expect(world.cluster { $0.object(.secrets, "app", in: "prod") } == before)
        #expect(world.restarts == [0, 0, 0])
    }
}
