import FoundationEssentials
import HTTP
import JSON
import Synchronization
import TestSupport
import Testing

/// `ork-due` and a fleet of 300 rotations, against an OpenRouter that is slow and asks for fewer requests.
@Suite(.tags(.servers)) struct DueFleetTests {
    private static let count = 300
    private static let names = (0..<count).map { "app-\($0)" }

    private static func configuration(_ names: [String]) -> String {
        let rotations = names.map { "  \($0): {predecessor: {name: \($0)-key}}\n" }
        return "version: 1\nrotations:\n" + rotations.joined()
    }

    /// What a run printed, and how often it was turned away.
    private struct Seen: Sendable {
        var outputs: [String: String] = [:]
        var refusals = 0
        var requests = 0
    }

    private static let runs = [
        "all": "exec ork-due --older-than 1s --json",
        "limit": "exec ork-due --older-than 1s --json --limit 50",
        "github": "exec ork-due --older-than 1s --github",
        "gitlab": "exec ork-due --older-than 1s --gitlab",
        "none": "exec ork-due --older-than 90d --gitlab",
    ]

    private static func look() async throws -> Seen {
        try await onOwnThread {
            let run = try ScriptRun(Script(files: [Script.File(name: "ork.yaml", text: configuration(names))]))
            for name in names {
                let answer = try run.sandbox.send(
                    .post, "/keys", as: run.sandbox.managementKey, ["name": .string("\(name)-key")])
                try #require(answer.status == 201)
            }
            let port = run.sandbox.url.dropFirst("http://127.0.0.1:".count).prefix { $0 != "/" }
            let proxy = try FaultProxy(upstreamPort: Int(port) ?? 0)
            run.variables["OPENROUTER_BASE_URL"] = "http://127.0.0.1:\(proxy.port)/api/v1"
            try run.perform(["wait", "1.1"])
            var seen = Seen()
            for (name, line) in runs {
                proxy.faults = [
                    Fault(.delay(.milliseconds(20)), times: .max) { _, _ in true },
                    Fault(.answer(status: 429, headers: [("Retry-After", "0")]), times: 2) { $1.contains("offset=0") },
                    Fault(.answer(status: 429, headers: [("Retry-After", "1")])) { $1.contains("offset=180") },
                ]
                try run.perform(try ScriptWords.split(line, run.variables))
                seen.outputs[name] = run.output
            }
            seen.refusals = proxy.exchanges.count { $0.status == 429 }
            seen.requests = proxy.exchanges.count
            return seen
        }
    }

    @Test("of 300 rotations none is lost and none doubled, through latency and 429s, in every format")
    func fleet() async throws {
        let seen = try await Self.look()
        // 301 keys in pages of 100 of which 10 repeat, and three times each run is turned away.
        #expect(seen.refusals == 3 * Self.runs.count)
        #expect(seen.requests == (4 + 3) * Self.runs.count)

        let all = try Self.json(seen.outputs["all"])
        #expect(Self.rotations(all, "due").sorted() == Self.names.sorted())
        #expect(["waiting", "soaking", "current", "busy", "disabled", "problems"].allSatisfy { all[$0] == [] })

        let limited = try Self.json(seen.outputs["limit"])
        #expect(Self.rotations(limited, "due").count == 50)
        let both = Self.rotations(limited, "due") + Self.rotations(limited, "waiting")
        #expect(both.sorted() == Self.names.sorted())

        let matrix = try Self.json(seen.outputs["github"])
        let rows = Self.rotations(matrix, "include")
        #expect(rows.count == 256, "a matrix of GitHub's has no more jobs")
        #expect(Set(rows).count == 256)

        let pipelines = seen.outputs.filter { ["gitlab", "none"].contains($0.key) }
        #expect(try await JSONSchema.gitLabPipeline.complaints(of: pipelines) == [:])
        let jobs = pipelines["gitlab"]?.matches(of: #/inputs: \{rotation: "([^"]*)", later_waves: false\}/#)
            .map { String($0.output.1) }
        #expect(jobs?.sorted() == Self.names.sorted())
        #expect(pipelines["none"]?.contains("nothing is due") == true)
    }

    private static func json(_ text: String?) throws -> JSONValue {
        try JSONValue(parsing: Array(try #require(text).utf8))
    }

    private static func rotations(_ json: JSONValue, _ list: String) -> [String] {
        (json[list]?.array ?? []).compactMap { $0["rotation"]?.string }
    }
}
