import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

import VercelSandbox
@testable import ork_publisher_vercel

/// Of one name there may be several records: the target says which, and what becomes of which is told.
@Suite(.tags(.values)) struct RecordTests {
    private static let three = [["production"], ["preview"], ["development"]]

    @Test("several records are named before any is written", arguments: Verb.basic)
    func several(verb: Verb) {
        let fixture = VercelFixture(records: Self.three)
        let error = fixture.ask(verb).error
        #expect(error?.code == .configuration && error?.message.contains("has 3 records") == true, "\(error as Any)")
        #expect(error?.message.contains("development (var3)") == true && error?.hint?.contains("environments:") == true)
        #expect(fixture.held == ["predecessor", "predecessor", "predecessor"])
    }

    @Test("only the named ones are written, and check lists those that it would leave behind")
    func chosen() {
        let fixture = VercelFixture(records: Self.three)
        let shapes = fixture.shapes
        for with in [["environments": ["production", "preview"]], ["records": "var1,var2"]] as [JSONObject] {
            let check = fixture.ask(.check, with)
            #expect(check.message?.contains("left as they are: development (var3)") == true, "\(check)")
        }
        let answer = fixture.ask(.publish, ["environments": ["production", "preview"]])
        #expect(answer.outcome == .committed && fixture.held == ["successor", "successor", "predecessor"], "\(answer)")
        #expect(answer.message?.contains("for production, preview") == true && fixture.shapes == shapes)
        #expect(fixture.ask(.verify, ["records": ["var3"]]).outcome == .mismatch)
        #expect(fixture.ask(.verify, ["records": ["var2"]]).outcome == .match)
    }

    @Test("a record that is more environments' than the target names stays whole, and is not written by half")
    func shape() {
        let fixture = VercelFixture(records: [["production", "preview"]])
        let error = fixture.ask(.publish, ["environments": "production"]).error
        #expect(
            error?.field == "with.environments" && error?.message.contains("that of preview, too") == true,
            "\(error as Any)")
        let answer = fixture.ask(.publish, ["environments": "preview,production"])
        #expect(answer.outcome == .committed && fixture.held == ["successor"], "\(answer)")
        #expect(fixture.ask(.verify).outcome == .match)
    }

    @Test("branches and environments of the project's own are told apart")
    func branches() {
        let fixture = VercelFixture(holding: nil)
        fixture.vercel { vercel, now in
            let key = SampleKeys.text(SampleKeys.predecessor)
            vercel.add(VercelFixture.name, key, target: ["preview"], at: now)
            vercel.add(VercelFixture.name, key, target: ["preview"], branch: "feature/one", at: now)
            vercel.add(VercelFixture.name, key, target: [], custom: ["env_staging"], at: now)
        }
        _ = fixture.ask(.publish, ["environments": "preview/feature/one"])
        #expect(fixture.held == ["predecessor", "successor", "predecessor"])
        _ = fixture.ask(.publish, ["environments": "staging"])
        #expect(fixture.held == ["predecessor", "successor", "successor"])
        let check = fixture.ask(.check, ["environments": "staging"])
        #expect(check.message?.contains("preview/feature/one (") == true, "\(check)")
        let unknown = fixture.ask(.check, ["environments": "stagging"]).error
        #expect(unknown?.code == .notFound && unknown?.hint?.contains("staging") == true)
    }

    @Test("a part that is missing is made only where somebody says so, and as little as verify passes without it")
    func missing() {
        let fixture = VercelFixture(records: [["production"]])
        let with: JSONObject = ["environments": "production,preview"]
        let refused = fixture.ask(.publish, with)
        #expect(
            refused.error?.code == .notFound && refused.error?.message.contains("for preview") == true, "\(refused)")
        #expect(fixture.held == ["predecessor"])
        #expect(fixture.ask(.publish, with, create: true).outcome == .committed)
        #expect(fixture.held == ["successor", "successor"])
        fixture.vercel { vercel, _ in vercel.records.removeLast() }
        #expect(fixture.ask(.verify, with).outcome == .mismatch)
        let gone = fixture.ask(.check, ["records": "var9"]).error
        #expect(gone?.code == .notFound && gone?.hint?.contains("production (var1)") == true)
    }

    @Test("one that is refused leaves the others written, which is told; a second run writes only what is missing")
    func partial() {
        let fixture = VercelFixture(records: Self.three)
        let with: JSONObject = ["environments": "production,preview,development"]
        fixture.fail(.patch, at: "/env/var2", .answer(403, #"{"error": {"code": "forbidden", "message": "no"}}"#))
        let first = fixture.ask(.publish, with)
        guard case .unknown(let error) = first.outcome else {
            Issue.record("\(first)")
            return
        }
        #expect(error.code == .denied && error.message.hasPrefix("updated"), "\(error)")
        #expect(
            error.message.contains("for production, development, but") && error.message.contains("for preview (403"))
        #expect(fixture.held == ["successor", "predecessor", "successor"])
        _ = fixture.takeRequests()
        let second = fixture.ask(.publish, with)
        #expect(
            second.outcome == .committed
                && second.message?.hasPrefix("updated OPENROUTER_API_KEY of project shop for preview") == true,
            "\(second)")
        #expect(second.held == .predecessor && fixture.takeRequests().count { $0.method == .patch } == 1)
    }

    @Test("where one of them holds a value that the rotation does not know, none is written")
    func conflict() {
        let fixture = VercelFixture(records: Self.three)
        fixture.vercel { vercel, now in vercel.set("var3", SampleKeys.text(SampleKeys.foreign), at: now) }
        let answer = fixture.ask(.publish, ["environments": "production,preview,development"])
        #expect(
            answer.error?.code == .conflict && answer.error?.message.contains("development (var3)") == true, "\(answer)"
        )
        #expect(fixture.held == ["predecessor", "predecessor", "foreign"])
    }

    @Test("a variable that the team shares is told and left alone, and so is that it cannot be seen")
    func shared() {
        let fixture = VercelFixture()
        #expect(fixture.ask(.check).message?.contains("shares") == false)
        fixture.vercel { vercel, _ in vercel.shared = [(VercelFixture.name, ["production"]), ("OTHER", ["preview"])] }
        #expect(
            fixture.ask(.check).message?.contains(
                "the team shares a variable OPENROUTER_API_KEY with this project (production)") == true)
        // Others that have the name in theirs may fill the first page.
        fixture.vercel { vercel, _ in
            vercel.shared += Array(repeating: (VercelFixture.name + "_OF_OTHERS", ["preview"]), count: 60)
        }
        #expect(fixture.ask(.check).message?.contains("the team shares a variable") == true)
        let none = VercelFixture(holding: nil)
        none.vercel { vercel, _ in vercel.shared = [(VercelFixture.name, ["production"])] }
        #expect(none.ask(.check).error?.message.contains("the team shares") == true)
        fixture.vercel { vercel, _ in vercel.maySeeShared = false }
        #expect(fixture.ask(.check).message?.contains("cannot be seen with this token") == true)
    }

    @Test("two targets of one run may not be about the same records")
    func claims() {
        let fixture = VercelFixture(records: Self.three)
        let publisher = fixture.publisher()
        func check(_ target: String, _ environments: String) -> PublisherAnswer {
            var with = VercelFixture.with
            with["environments"] = .string(environments)
            return publisher.ask(.check, PublisherRequest(.check, with, target: target, deadline: fixture.now + 60))
        }
        #expect(check("web", "production").outcome == .ready)
        #expect(check("lab", "preview").outcome == .ready)
        #expect(check("all", "production,development").error?.message.contains("target web has the same") == true)
    }
}
