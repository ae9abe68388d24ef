import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import Sodium
import TestSupport
import Testing

/// The binary as the host runs it, against the sandbox over a socket; python-gitlab makes and reads what it writes.
@Suite(.tags(.servers)) struct ProgramTests {
    let sandbox: SandboxProcess

    init() async throws {
        sandbox = try await onOwnThread { try SandboxProcess() }
        let sandbox = sandbox
        try await onOwnThread {
            for (what, path) in [("projects", "acme/web"), ("projects", "acme/tools/bot")] {
                _ = try sandbox.control(.post, "gitlab/" + what, ["path": .string(path)])
            }
        }
    }

    private static let places: [(name: String, with: JSONObject, python: JSONObject)] = [
        ("web", ["project": "acme/web"], ["project": "acme/web", "scope": "*"]),
        (
            "production", ["project": "acme/web", "environment_scope": "production"],
            ["project": "acme/web", "scope": "production"]
        ),
        (
            "review", ["project": "acme/web", "environment_scope": "review/*"],
            ["project": "acme/web", "scope": "review/*"]
        ),
        ("bot", ["project": "acme/tools/bot"], ["project": "acme/tools/bot"]),
        ("group", ["group": "acme"], ["group": "acme"]),
        (
            "tools", ["group": "acme/tools", "environment_scope": "production"],
            ["group": "acme/tools", "scope": "production"]
        ),
        ("instance", ["instance": true], [:]),
    ]

    private func run(_ word: String, input: String = "", token: Secret? = nil) async throws -> [String: JSONValue] {
        try await PublisherProgram("ork-publisher-gitlab-variable").run(
            word, input: input,
            environment: [
                "GITLAB_TOKEN": (token ?? sandbox.gitlab.token).revealed() ?? "", "CI_API_V4_URL": sandbox.gitlab.url,
            ], hiding: [sandbox.gitlab.token])
    }

    /// One request for each place.
    private func lines(_ verb: Verb, _ secret: Secret, expect: [Secret] = []) throws -> String {
        let targets = Self.places.map { place in
            var with = place.with
            with["key"] = "OPENROUTER_API_KEY"
            return (name: place.name, with: with)
        }
        return try PublisherProgram.requests(verb, targets, secret: secret, expect: expect)
    }

    /// What python-gitlab shows of each place; `make` are fields with which it makes the variable first.
    private func python(make: JSONObject? = nil, show: [String]) async throws -> [JSONValue] {
        let variables = Self.places.map { place -> JSONValue in
            var wish = place.python
            wish["key"] = "OPENROUTER_API_KEY"
            wish["show"] = .array(show.map(JSONValue.string))
            if let make { wish["make"] = .object(make) }
            return .object(wish)
        }
        let wish: JSONValue = [
            "token": .string(sandbox.gitlab.token.revealed() ?? ""), "variables": .array(variables),
        ]
        let root = String(sandbox.gitlab.url.dropLast("/api/v4".count))
        let outcome = try await Python.run("variables.py", [root], input: wish.text() + "\n")
        #expect(outcome.succeeded, "\(outcome.output)")
        return try outcome.output.split(separator: "\n").map { try JSONValue(parsing: $0.utf8) }
    }

    @Test("it says what it can do")
    func info() async throws {
        let information = try #require(try await run("info")["info"])
        #expect(
            information["batch"] == true && information["readback"] == "value" && information["rollback"] == "value")
        #expect(information["with"]?["required"] == ["key"])
        #expect(
            information["environment"] == [
                "required": ["GITLAB_TOKEN"], "optional": [], "inherited": ["CI_API_V4_URL"],
            ])
    }

    @Test("it makes variables, and python-gitlab reads them")
    func makes() async throws {
        let outcomes = try await [
            run("check", input: try lines(.check, SampleKeys.successor)),
            run("verify", input: try lines(.verify, SampleKeys.successor)),
            run("publish", input: try lines(.publish, SampleKeys.successor)),
            run("verify", input: try lines(.verify, SampleKeys.successor)),
            run("publish", input: try lines(.publish, SampleKeys.successor)),
        ]
        for (answers, outcome) in zip(outcomes, ["ready", "absent", "committed", "match", "unchanged"]) {
            for place in Self.places { #expect(answers[place.name]?["outcome"] == .string(outcome), "\(answers)") }
        }
        let shown = try await python(show: ["value", "masked", "raw", "protected", "variable_type"])
        #expect(
            shown
                == Array(
                    repeating: [
                        "value": .string(SampleKeys.text(SampleKeys.successor)), "masked": true, "raw": true,
                        "protected": false,
                        "variable_type": "env_var",
                    ], count: Self.places.count))
    }

    @Test("it updates variables that python-gitlab made, and changes nothing else")
    func updates() async throws {
        let names = ["masked", "raw", "protected", "variable_type", "description", "hidden", "environment_scope"]
        let made = try await python(
            make: [
                "value": .string(SampleKeys.text(SampleKeys.predecessor)), "protected": true, "variable_type": "file",
                "description": "d",
            ], show: names)
        let answers = try await run(
            "publish", input: try lines(.publish, SampleKeys.successor, expect: [SampleKeys.predecessor]))
        for place in Self.places { #expect(answers[place.name]?["outcome"] == "committed", "\(answers)") }
        #expect(try await python(show: names) == made)
        #expect(
            try await python(show: ["value"])
                == Array(repeating: ["value": .string(SampleKeys.text(SampleKeys.successor))], count: Self.places.count)
        )
        let sandbox = sandbox
        #expect(try await onOwnThread { try sandbox.control(.get, "gitlab/leaks") } == ["values": 0, "tokens": 0])
    }

    @Test("it compares, refuses a wrong token and a job's, and gives its reasons on standard output")
    func refuses() async throws {
        _ = try await run("publish", input: try lines(.publish, SampleKeys.foreign))
        let conflicts = try await run(
            "publish", input: try lines(.publish, SampleKeys.successor, expect: [SampleKeys.predecessor]))
        let unknown = try await run(
            "check", input: try lines(.check, SampleKeys.successor), token: Secret("glpat-no"))
        let jobs = try await run(
            "publish", input: try lines(.publish, SampleKeys.successor), token: Secret("glcbt-64_x"))
        for place in Self.places {
            #expect(conflicts[place.name]?["error"]?["code"] == "conflict")
            #expect(unknown[place.name]?["error"]?["code"] == "denied")
            #expect(jobs[place.name]?["error"]?["field"] == "env.GITLAB_TOKEN")
        }
        #expect(
            try await python(show: ["value"])
                == Array(repeating: ["value": .string(SampleKeys.text(SampleKeys.foreign))], count: Self.places.count))
    }
}
