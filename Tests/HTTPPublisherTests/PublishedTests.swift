import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import TestSupport
import Testing

@testable import ork_publisher_http

/// Where the descriptions are.
private let folder = ProcessInfo.processInfo.environment["ORK_PUBLISHED"]

/// Requests and answers are what the services publish of their APIs. The descriptions are theirs and not in this
/// repository: `ORK_PUBLISHED` names a folder that has them, as `Python/published.py` says.
@Suite(.tags(.processes), .enabled(if: folder != nil, "ORK_PUBLISHED names no folder"))
struct PublishedTests {
    private struct Judgement {
        let problems: [String]
        let seen: Set<String>
        let states: Set<String>
    }

    @Test(
        "every request of a preset, and every answer of its stand-in, is as it is published; what is not is seen",
        arguments: [Kind.netlify, .heroku, .convex, .supabase])
    func published(kind: Kind) async throws {
        let exchanges = try Self.exchanges(kind)
        let broken = try Self.deviations.filter { $0.kind == kind }.map { deviation in
            let parts = exchanges.split(separator: deviation.right, omittingEmptySubsequences: false)
            try #require(parts.count > 1, "\(deviation.right) in \(exchanges)")
            return parts.joined(separator: deviation.wrong)
        }
        let judgements = try await Self.judge(kind, [exchanges] + broken)
        #expect(judgements[0].problems == [])
        let description = try #require(Preset.all.first { $0.name == kind.rawValue }?.description)
        let requests = ["write", "read", "redeploy", "latest", "wait", "serves"].filter { description[$0] != nil }
        #expect(judgements[0].seen.count == requests.count, "\(judgements[0].seen)")
        let wait = description["wait"]
        let words = (wait?["until"]?.strings ?? []) + (wait?["failed"]?.strings ?? [])
        #expect(judgements[0].states.isSuperset(of: words), "\(Set(words).subtracting(judgements[0].states))")
        for (deviation, judgement) in zip(Self.deviations.filter { $0.kind == kind }, judgements.dropFirst()) {
            let isSeen = judgement.problems.contains { $0.contains(deviation.problem) }
            #expect(isSeen, "\(deviation) \(judgement.problems)")
        }
    }

    /// What a preset or a stand-in might do, and what is said of it.
    private static let deviations: [(kind: Kind, right: String, wrong: String, problem: String)] = [
        (.netlify, #""context":"production","value""#, #""kontext":"production","value""#, "request $"),
        (.netlify, #""context":"production","value""#, #""context":"prod","value""#, "'prod' is not one of"),
        (.netlify, #""authorization":"Bearer""#, #""authorization":"Token""#, "the credential is no Bearer"),
        (.netlify, #""status":201"#, #""status":200"#, "the status 200 is not published"),
        (.netlify, #""deploy_id":"#, #""deploy":"#, "answer $"),
        (.netlify, "per_page=1", "limit=1", "query: limit is not published"),
        (.netlify, "per_page=1", "per_page=one", "query per_page"),
        (.netlify, "/api/v1/", "/api/v2/", "the operation is not published"),
        (.heroku, #""status":"pending""#, #""status":"waiting""#, "'waiting' is not one of"),
        (.heroku, #""method":"PATCH""#, #""method":"PUT""#, "the operation is not published"),
        (.heroku, #""request":{"OPENROUTER_API_KEY":"#, #""request":{"OPENROUTER-API-KEY":"#, "request $"),
        (.convex, #""authorization":"Convex""#, #""authorization":"Bearer""#, "the credential is no Convex"),
        (.convex, #""changes":[{"name""#, #""changes":[{"key""#, "'name' is a required property"),
        (.convex, #""environmentVariables":{"#, #""variables":{"#, "answer $"),
        (.supabase, #""request":[{"name""#, #""request":[{"key""#, "'name' is a required property"),
        (.supabase, #""status":201"#, #""status":200"#, "the status 200 is not published"),
        (.supabase, #""updated_at":"#, #""changed_at":"#, "answer $"),
        (.supabase, "abcdefghijklmnopqrst", "shop", "path ref"),
    ]

    private static func judge(_ kind: Kind, _ variants: [String]) async throws -> [Judgement] {
        let input = variants.joined(separator: "\n")
        let outcome = try await Python.run("published.py", [folder ?? "", kind.rawValue], input: input)
        try #require(outcome.succeeded, "\(outcome.output)")
        let judgements = try outcome.output.split(separator: "\n").map { line in
            let told = try JSONValue(parsing: line.utf8)
            return Judgement(
                problems: told["problems"]?.strings ?? ["nothing was told"], seen: Set(told["seen"]?.strings ?? []),
                states: Set(told["states"]?.strings ?? []))
        }
        try #require(judgements.count == variants.count)
        return judgements
    }

    /// What is asked and answered: made, updated, waited for, served, verified, and refused.
    private static func exchanges(_ kind: Kind) throws -> String {
        let fixtures = [PlatformFixture(kind, holding: nil), PlatformFixture(kind)]
        for fixture in fixtures {
            _ = fixture.ask(.check)
            let answer = fixture.ask(.publish)
            try #require(answer.outcome == .committed, "\(answer)")
            _ = fixture.ask(.verify, receipt: answer.receipt)
            fixture.goLive()
            let seen = fixture.ask(.verify, receipt: answer.receipt)
            try #require(seen.outcome == .match, "\(seen)")
            _ = fixture.ask(.check, token: "wrong")
            _ = fixture.ask(.verify, [kind.traits.project.setting: kind.traits.project.other])
        }
        let lost = PlatformFixture(kind)
        if let part = kind.traits.deployPart { lost.fail(.post, at: part, .lostReply) }
        _ = lost.ask(.publish)
        return JSONValue.array(try (fixtures + [lost]).flatMap(\.exchanges).map(exchange)).text()
    }

    private static func exchange(_ request: HTTPRequest, _ response: HTTPResponse) throws -> JSONValue {
        let scheme: JSONValue =
            switch request.authorization {
            case .bearer: "Bearer"
            case .scheme(let scheme, _): .string(scheme)
            case .field, .awsSignature, nil: .null
            }
        let type = request.headers.first { $0.name.lowercased() == "content-type" }?.value ?? ""
        return [
            "method": .string(request.method.rawValue), "url": .string(request.url.description),
            "authorization": scheme, "type": .string(type), "status": .number(JSONNumber(response.status)),
            "request": try request.body.map { try JSONValue(parsing: $0) } ?? .null,
            "response": response.body.isEmpty ? .null : try JSONValue(parsing: response.body),
        ]
    }
}
