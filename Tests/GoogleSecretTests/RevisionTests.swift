import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_google_secret

/// What was written is in effect once all requests go to revisions that were made after the write.
@Suite(.tags(.values)) struct RevisionTests {
    @Test("a new revision is made from the template that is there, and verify waits until it serves")
    func waits() throws {
        let fixture = CloudFixture()
        let before = fixture.google { google, _ in google.services[0].template }
        let answer = fixture.ask(.publish)
        let revision = try #require(answer.receipt?["services"]?["europe-west1/web"]?["revision"]?.string)
        #expect(answer.message?.contains("europe-west1/web makes revision \(revision)") == true, "\(answer)")
        #expect(fixture.google { google, _ in google.services[0].template } == before)
        let early = fixture.ask(.verify, receipt: answer.receipt).error
        #expect(
            early?.code == .unavailable && early?.hint?.contains("ork-verify --wait") == true
                && fixture.served() == ["predecessor"],
            "\(early as Any)")
        fixture.finish()
        let seen = fixture.ask(.verify, receipt: answer.receipt)
        #expect(
            seen.outcome == .match && seen.message?.contains("europe-west1/web serves \(revision)") == true
                && fixture.served() == ["successor"], "\(seen)")
        // Whoever has lost the receipt sees the same by the times.
        #expect(fixture.ask(.verify).outcome == .match)
        fixture.google { google, _ in google.maySeeVersions = false }
        #expect(fixture.ask(.verify).error?.hint?.contains("roles/secretmanager.viewer") == true)
        #expect(fixture.ask(.verify, receipt: answer.receipt).outcome == .match)
    }

    @Test("when the key was written Google says, and not whoever signs the receipt")
    func forgedMoment() {
        let fixture = CloudFixture()
        let written = fixture.ask(.publish, ["redeploy": false])
        var receipt = written.receipt
        receipt?["written"] = "2000-01-01T00:00:00Z"
        let error = fixture.ask(.verify, receipt: receipt).error
        #expect(error?.message.contains("which was made before") == true, "\(error as Any)")
        #expect(fixture.served() == ["predecessor"])
    }

    @Test(
        "a service that takes the secret of another project is refused, and one that says the project's number is not")
    func otherProjects() {
        for (project, isOurs) in [("acme", true), ("1234", true), ("staging", false)] {
            let fixture = CloudFixture()
            fixture.google { google, _ in
                google.services[0].template["containers"] = [
                    [
                        "env": [
                            [
                                "name": "KEY",
                                "valueSource": [
                                    "secretKeyRef": [
                                        "secret": .string("projects/\(project)/secrets/\(CloudFixture.name)"),
                                        "version": "latest",
                                    ]
                                ],
                            ]
                        ]
                    ]
                ]
            }
            let answer = fixture.ask(.publish)
            #expect((answer.outcome == .committed) == isOurs, "\(project): \(answer)")
            #expect(fixture.held.count == (isOurs ? 2 : 1))
        }
    }

    @Test("of services that differ by their projects alone, each has its place in the receipt")
    func twins() throws {
        let settings = try SecretSettings(
            Settings(["project": "acme", "name": "KEY", "services": ["europe-west1/web", "shop/europe-west1/web"]]))
        #expect(settings.services.map(\.description) == ["europe-west1/web", "shop/europe-west1/web"])
    }

    @Test("a revision that has a name of its own gets another")
    func named() {
        let fixture = CloudFixture()
        fixture.google { google, _ in google.services[0].template["revision"] = "web-1" }
        #expect(fixture.ask(.publish).outcome == .committed && fixture.count() == 2)
    }

    @Test("a revision that failed is told, and the step makes another")
    func failed() {
        let fixture = CloudFixture()
        let first = fixture.ask(.publish)
        fixture.finish(well: false)
        let error = fixture.ask(.verify, receipt: first.receipt).error
        #expect(
            error?.message.contains("of service europe-west1/web failed: The container failed to start") == true,
            "\(error as Any)")
        #expect(error?.hint?.contains("ork-publish --accept-target web") == true)
        let again = fixture.ask(.publish)
        #expect(again.outcome == .unchanged && fixture.count() == 3, "\(again)")
        fixture.finish()
        #expect(fixture.ask(.verify, receipt: again.receipt).outcome == .match && fixture.served() == ["successor"])
    }

    @Test("what was written and not deployed is not in effect: whoever died between is made up for, once")
    func crashed() {
        let fixture = CloudFixture()
        fixture.google { google, now in google.add(CloudFixture.name, SampleKeys.text(SampleKeys.successor), at: now) }
        let error = fixture.ask(.verify).error
        #expect(error?.code == .conflict && error?.message.contains("which was made before") == true, "\(error as Any)")
        for _ in 0..<2 {
            let answer = fixture.ask(.publish)
            #expect(answer.outcome == .unchanged && fixture.count() == 2, "\(answer)")
        }
        fixture.finish()
        #expect(fixture.ask(.verify).outcome == .match)
        let blind = CloudFixture()
        blind.google { google, now in
            google.add(CloudFixture.name, SampleKeys.text(SampleKeys.successor), at: now)
            google.maySeeVersions = false
        }
        let answer = blind.ask(.publish)
        blind.finish()
        #expect(
            answer.outcome == .unchanged && blind.ask(.verify, receipt: answer.receipt).outcome == .match, "\(answer)")
    }

    @Test(
        "a revision whose answer was lost is found, and not made twice",
        arguments: [CloudFixture.Fault.lostReply, .garbled(200, "x"), .garbled(502, "")])
    func lost(fault: CloudFixture.Fault) {
        let fixture = CloudFixture()
        fixture.fail(.patch, fault)
        let answer = fixture.ask(.publish)
        #expect(answer.outcome == .committed && fixture.count() == 2, "\(answer)")
        fixture.finish()
        #expect(fixture.ask(.verify, receipt: answer.receipt).outcome == .match)
    }

    @Test("a service that somebody changes meanwhile is read again, and keeps the change")
    func changed() {
        let fixture = CloudFixture()
        fixture.fail(
            .patch,
            .before { google in
                google.services[0].template["timeout"] = "60s"
                google.services[0].edition += 1
            })
        #expect(fixture.ask(.publish).outcome == .committed && fixture.count() == 2)
        #expect(fixture.google { google, _ in google.services[0].template["timeout"] } == "60s")
        let busy = CloudFixture()
        busy.fail(.patch, times: 9, .before { $0.services[0].edition += 1 })
        let error = busy.ask(.publish).error
        #expect(error?.code == .conflict && error?.message.contains("changes faster") == true, "\(error as Any)")
    }

    @Test("requests that go to an earlier revision are noticed, with the way out, and told before")
    func ledBack() {
        let fixture = CloudFixture()
        let before = fixture.google { google, _ in google.services[0].ready ?? "" }
        let answer = fixture.ask(.publish)
        fixture.finish()
        fixture.google { google, _ in
            google.services[0].traffic = [(google.services[0].ready ?? "", 90), (before, 10)]
        }
        for receipt in [answer.receipt, nil] {
            let error = fixture.ask(.verify, receipt: receipt).error
            #expect(
                error?.code == .conflict
                    && error?.message.contains("sends 10 % of the requests to revision \(before)") == true,
                "\(error as Any)")
            #expect(error?.hint?.contains("update-traffic web --region europe-west1 --to-latest") == true)
        }
        #expect(fixture.ask(.check).message?.contains("sends requests to revisions by name") == true)
        fixture.google { google, _ in google.services[0].traffic = nil }
        #expect(fixture.ask(.verify, receipt: answer.receipt).outcome == .match)
    }

    @Test(
        "a service that names a version, and one that does not have the secret, is refused before anything is written")
    func references() {
        let fixture = CloudFixture(services: [])
        fixture.google { google, now in google.serve("web", CloudFixture.name, version: "1", at: now) }
        for verb in [Verb.check, .publish] {
            let pinned = fixture.ask(verb).error
            #expect(
                pinned?.field == "with.services" && pinned?.message.contains("names version 1") == true,
                "\(pinned as Any)")
        }
        fixture.google { google, now in
            google.services = []
            google.serve("web", "neighbour", at: now)
        }
        #expect(fixture.ask(.publish).error?.message.contains("does not use") == true)
        #expect(fixture.held == ["predecessor"])
    }

    @Test("a secret is found as a file, and by its whole name")
    func shapes() {
        for volume in [
            ["name": "v", "secret": ["secret": "projects/1/secrets/openrouter-api-key"]],
            [
                "name": "v",
                "secret": ["secret": "openrouter-api-key", "items": [["path": "key", "version": "latest"]]],
            ],
        ] as [JSONValue] {
            let fixture = CloudFixture()
            fixture.google { google, _ in
                google.services[0].template = ["containers": [["image": "x"]], "volumes": [volume]]
            }
            #expect(fixture.ask(.publish).outcome == .committed)
        }
    }

    @Test("without services, and with redeploy: false, nothing is deployed, and that is said")
    func off() {
        for changed in [["services": nil], ["redeploy": false]] as [JSONObject] {
            let fixture = CloudFixture()
            let answer = fixture.ask(.publish, changed)
            #expect(
                answer.outcome == .committed && answer.message?.contains("keep what they began with") == true,
                "\(answer)")
            #expect(fixture.count() == 1 && fixture.ask(.verify, changed, receipt: answer.receipt).outcome == .match)
        }
        #expect(CloudFixture().ask(.check, ["services": nil, "redeploy": true]).error?.field == "with.redeploy")
    }

    @Test("a deploy hook is called, its address told to nobody, and the services waited for")
    func hook() {
        let fixture = CloudFixture()
        let hook = ["DEPLOY_HOOK": "https://ci.example/deploy/hooksecret0123"]
        let with: JSONObject = ["redeploy": "hook"]
        #expect(fixture.ask(.publish, with).error?.field == "env.DEPLOY_HOOK" && fixture.held == ["predecessor"])
        fixture.fail(.post, at: "ci.example", .answer(200, "{}"))
        let answer = fixture.ask(.publish, with, variables: hook)
        #expect(
            answer.outcome == .committed && answer.receipt?["redeployed"] == "hook" && fixture.count() == 1, "\(answer)"
        )
        #expect(fixture.ask(.verify, with, receipt: answer.receipt, variables: hook).error?.code == .conflict)
        fixture.google { google, now in google.revise(0, at: now) }
        fixture.finish()
        #expect(fixture.ask(.verify, with, receipt: answer.receipt, variables: hook).outcome == .match)
        let blind = fixture.ask(.verify, ["redeploy": "hook", "services": nil], variables: hook)
        #expect(blind.outcome == .unverifiable)
    }
}
