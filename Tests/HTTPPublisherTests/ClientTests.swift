import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import SystemPackage
import TestSupport
import Testing

@testable import ork_publisher_http

/// The binary as the host runs it, over a socket, and clients that are not ours.
@Suite(.tags(.servers)) struct ClientTests {
    private static let name = "OPENROUTER_API_KEY"

    @Test("it says what it can do, and takes the settings of every preset")
    func info() async throws {
        let program = PublisherProgram("ork-publisher-http")
        let information = try #require(try await program.run("info", environment: [:])["info"])
        #expect(
            information["readback"] == "value" && information["rollback"] == "value" && information["batch"] == true)
        #expect(information["readback_varies"] == true)
        let keys = information["with"]?["optional"]?.strings ?? []
        #expect(Preset.all.allSatisfy { $0.settings.allSatisfy { keys.contains($0.key) } })
        #expect(Set(keys).count == keys.count && Set(["preset", "write", "create"]).isSubset(of: keys))
    }

    @Test(
        "one run writes to all services, and clients that are not ours read it and send the same: all but those of Convex and Fly.io"
    )
    func clients() async throws {
        let server = try await onOwnThread { try PlatformServer(holding: SampleKeys.predecessor) }
        let targets = Kind.allCases.map { (name: $0.rawValue, with: server.with($0)) }
        let program = PublisherProgram("ork-publisher-http")
        func run(_ verb: Verb) async throws -> [String: JSONValue] {
            try await program.run(
                verb.rawValue,
                input: try PublisherProgram.requests(verb, targets, expect: [SampleKeys.predecessor]),
                environment: server.environment, hiding: [Secret(server.token)])
        }
        let checked = try await run(.check)
        let published = try await run(.publish)
        for kind in Kind.allCases {
            #expect(checked[kind.rawValue]?["outcome"] == "ready", "\(checked)")
            #expect(published[kind.rawValue]?["outcome"] == "committed", "\(published)")
            let held = server.platform(kind) { $0.variables }
            #expect(SampleKeys.name(held?[Self.name]?.value) == "successor" && held?["NEIGHBOUR"]?.value == "stays")
        }
        let successor = JSONValue.string(SampleKeys.text(SampleKeys.successor))
        let read = try await Python.run("clients.py", [server.root, server.token, Self.name])
        try #require(read.succeeded, "\(read.output)")
        #expect(
            try JSONValue(parsing: read.output.utf8) == [
                "google": [successor, "other"], "render": successor,
                "render_names": ["NEIGHBOUR", "OPENROUTER_API_KEY"], "render_deploy": "created",
                "workers": ["NEIGHBOUR", "OPENROUTER_API_KEY", "OTHER"],
                "pages": [
                    ["NEIGHBOUR", "secret_text"], ["OPENROUTER_API_KEY", "secret_text"], ["OTHER", "secret_text"],
                ], "pages_deploy": ["dep-1", "build", "active"], "railway": successor,
                "netlify": [["dev", "local"], ["production", successor]], "netlify_deploy": ["dep-1", "s1", "dep-2"],
                "supabase": ["NEIGHBOUR", "OPENROUTER_API_KEY", "OTHER"],
                "heroku": successor, "huggingface": ["NEIGHBOUR", "OPENROUTER_API_KEY"],
            ])
        let writes: [(Kind, String)] = [
            (.cloudflareWorkers, "PUT"), (.cloudflarePages, "PATCH"), (.railway, "POST"), (.netlify, "PATCH"),
            (.supabase, "POST"),
        ]
        for (kind, method) in writes {
            let shapes = server.bodies(kind, method).map { Self.shape($0, of: [Self.name, "OTHER"]) }
            #expect(Set(shapes.map(\.description)).count == 1 && shapes.count == 2, "\(kind) \(shapes)")
        }
        let home = try TemporaryDirectory()
        let doppler = try await CommandRun(
            [
                FilePath(try Python.interpreter()).removingLastComponent().appending("doppler").string, "secrets",
                "get",
                Self.name, "--plain", "-p", "shop", "-c", "prd", "--api-host", "\(server.root)/doppler",
                "--no-check-version",
            ], environment: ["HOME": home.path, "PATH": "/usr/bin:/bin", "DOPPLER_TOKEN": server.token])
        #expect(doppler.output.hasPrefix(SampleKeys.text(SampleKeys.successor)), "\(doppler.errors)")
    }

    /// The names in a body, with one word for both variables. What GraphQL calls its operation is nobody's business.
    private static func shape(_ body: JSONValue, of names: [String]) -> [String] {
        guard let object = body.object else { return (body.array ?? []).flatMap { shape($0, of: names) } }
        return object.members.filter { $0.key != "query" }.flatMap { key, value in
            let key = names.contains(key) ? "VARIABLE" : key
            return [key] + shape(value, of: names).map { "\(key).\($0)" }
        }.sorted()
    }

    @Test("the states that deployments are waited for are words of the published types")
    func states() async throws {
        let read = try await Python.run("states.py")
        try #require(read.succeeded, "\(read.output)")
        let words = try JSONValue(parsing: read.output.utf8)
        for name in ["railway", "cloudflare-pages"] {
            let wait = try #require(Preset.all.first { $0.name == name }?.description["wait"])
            let ours = (wait["until"]?.strings ?? []) + (wait["failed"]?.strings ?? [])
            let theirs = Set(words[name]?.strings ?? [])
            #expect(!ours.isEmpty && theirs.isSuperset(of: ours), "\(name) \(Set(ours).subtracting(theirs))")
        }
    }

    @Test("what goes to Fly.io and what its stand-in answers has the names of the published types")
    func fly() async throws {
        let read = try await Python.run("fly.py")
        try #require(read.succeeded, "\(read.output)")
        let names = try JSONValue(parsing: read.output.utf8)
        let fixture = PlatformFixture(.fly)
        #expect(fixture.ask(.publish).outcome == .committed)
        func isKnown(_ object: JSONValue?, _ type: String) -> Bool {
            guard let keys = object?.object?.keys, !keys.isEmpty else { return false }
            return Set(keys).isSubset(of: names[type]?.strings ?? [])
        }
        for (request, response) in fixture.exchanges {
            let answer = try JSONValue(parsing: response.body)
            if let body = request.body {
                #expect(isKnown(try JSONValue(parsing: body), "request") && isKnown(answer, "written"), "\(answer)")
            } else {
                #expect(isKnown(answer, "list"), "\(answer)")
                #expect(answer["secrets"]?.objects?.allSatisfy { isKnown(.object($0), "listed") } == true, "\(answer)")
            }
        }
        #expect(Set(fixture.exchanges.map(\.request.method)) == [.get, .post])
    }

    @Test("it keeps the contract where a service shows no value: that is seen of the target, not of info")
    func unseen() async throws {
        let server = try await onOwnThread { try PlatformServer(holding: nil) }
        let with = server.with(.cloudflareWorkers)
        let words =
            [BuiltProduct.path("ork-conform"), BuiltProduct.path("ork-publisher-http")]
            + with.members.flatMap { ["--with", "\($0.key)=\($0.value.string ?? "")"] } + [
                "--env", "CLOUDFLARE_API_TOKEN",
            ]
        let run = try await CommandRun(
            words, environment: ["CLOUDFLARE_API_TOKEN": server.token, "PATH": "/usr/bin:/bin"])
        let lines = run.output.split(separator: "\n")
        #expect(lines.last?.contains(" 0 failed, ") == true, "\(run.output)")
        #expect(lines.contains { $0.hasPrefix("skipped - a value that expect does not have") })
    }

    @Test(
        "it keeps the contract, by a preset and by a description",
        arguments: [
            ["preset=doppler", "project=shop", "config=prd", "name=KEY"],
            [
                "token=HEROKU_API_KEY", #"write:={"patch": "/apps/shop/config-vars", "json": {"KEY": "{secret}"}}"#,
                #"read:={"get": "/apps/shop/config-vars", "at": "/KEY", "absent": []}"#,
            ],
        ])
    func conform(settings: [String]) async throws {
        let server = try await onOwnThread { try PlatformServer(holding: nil) }
        let kind: Kind = settings[0] == "preset=doppler" ? .doppler : .heroku
        let url = server.with(kind)["url"]?.string ?? ""
        let reader =
            kind == .doppler
            ? "curl -fsS -H \"Authorization: Bearer $DOPPLER_TOKEN\" '\(url)/configs/config/secrets?project=shop&config=prd'"
            : "curl -fsS -H \"Authorization: Bearer $HEROKU_API_KEY\" '\(url)/apps/shop/config-vars'"
        let words =
            [BuiltProduct.path("ork-conform"), BuiltProduct.path("ork-publisher-http")]
            + (settings + ["url=\(url)"]).flatMap { ["--with", $0] }
            + ["--env", kind.traits.variable, "--target-command", reader]
        let run = try await CommandRun(
            words, environment: [kind.traits.variable: server.token, "PATH": "/usr/bin:/bin"])
        let lines = run.output.split(separator: "\n")
        #expect(lines.last == "23 passed, 0 failed, 1 skipped", "\(run.output)")
    }
}
