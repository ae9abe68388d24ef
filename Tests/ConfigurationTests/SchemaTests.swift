import Configuration
import FoundationEssentials
import Rotation
import TestSupport
import Testing
import Timestamps

/// `ci-templates/schema/ork.yaml.schema.json` takes what ork takes and refuses what ork refuses.
@Suite("The schema of ork.yaml", .tags(.processes))
struct SchemaTests {
    /// What ork refuses and a schema cannot see: it looks at values one by one, and not at how they
    /// are written.
    private static let beyondSchema: Set<String> = [
        // How a number is written, and that nothing is written where null would be right.
        "a limit with exponent", "a hexadecimal limit", "a limit that looks octal", "an endless limit",
        "a fraction deep in with", "a file mode in with", "a limit without value", "an entry of with without value",
        // What is wrong with two values that are right.
        "two targets at one place", "a key that stands in with", "the name of another target", "too many targets",
    ]

    private static let publishers = [
        "aws-parameter", "aws-secrets-manager", "azure-key-vault", "command", "file", "fly-secret", "git",
        "github-secret", "gitlab-variable", "google-secret", "http", "kubernetes-secret", "vault-kv", "vercel",
    ]

    @Test("every example of the documents and the stories is valid, and ork reads it")
    func examples() async throws {
        let examples = try Examples.all()
        #expect(examples.count > 18)
        #expect(examples.keys.contains { $0.hasPrefix("Sources/CommandLine/README.md") })
        for publisher in Self.publishers {
            #expect(examples.keys.contains { $0.hasPrefix("plugins/\(publisher)/README.md") }, "\(publisher)")
        }
        for (name, text) in examples { #expect(BrokenFile(name, text, "").complaint == nil, "\(name)") }
        #expect(try await JSONSchema.configuration.complaints(of: examples) == [:])
    }

    @Test("everything that can stand in a file is valid at once")
    func everything() async throws {
        let text = """
            version: 1
            openrouter: {url: http://127.0.0.1:8899/api/v1, management_key: {env: MY_KEY}}
            defaults: {workspace: 0b5f, due: {every: 90d}, publish: {settle: 0s}, retire: {overlap: 1h30m}}
            trust: {approve: [\(Self.identity)]}
            rotations:
              a/b.c_d-1:
                enabled: false
                openrouter: {url: 'https://openrouter.ai/api/v1'}
                predecessor: none
                successor: {name: base, limit: 12.50, limit_reset: null, include_byok_in_limit: true, expires_in: 90d}
                publish: {settle: 30s, publish_by: 7d, inference: openai/gpt-4o}
                targets:
                  web:
                    publisher: file
                    wave: 100
                    env: {CHILD: OURS}
                    with: {list: [1, two, true, null, {deep: -3}]}
                    sha256: \(String(repeating: "0f", count: 32))
                    for_each: {path: [a/b, 7], name: [X]}
                  none: {publisher: file, env: [A, B]}
                verify:
                  valid_for: 24h
                  require_adoption: true
                  probes:
                    - {http: {url: 'http://[::1]:80/health?a=b', expect: [200, 204]}}
                    - {http: {url: 'http://web.shop.svc:8080/health', plain_http: true}}
                    - {command: {run: [./check], env: [TOKEN], timeout: 5s}}
                retire: {overlap: 0s, quiet_for: 0s, soak: 0s, accept_cost_only: true, accept_idle: false}
                trust: {create: [\(Self.identity)]}
                due: {every: 30d, before_expiry: 0s}
                notify:
                  webhooks:
                    - {slack: {env: ORK_SLACK_URL}}
                    - {teams: {env: T, on: [failure]}}
                    - {discord: {env: D, on: [needs_person, finish]}}
                    - {json: {env: J, on: [failure, needs_person, finish]}}
                metrics: {folder: /var/lib/node_exporter/textfile, otlp: 'https://otel.example:4318'}
              inherited:
                predecessor: {env: OPENROUTER_API_KEY}
                successor: {limit: inherit, limit_reset: inherit, include_byok_in_limit: inherit, expires_in: inherit}
              pushed: {predecessor: none, metrics: {otlp: environment}}
              unlimited: {predecessor: {hash: abc-DEF_1}, successor: {limit: null, expires_in: null}}
              quoted: {predecessor: {name: my key}, successor: {limit: '0.25', limit_reset: monthly}}
            """
        #expect(BrokenFile("", text, "").complaint == nil)
        #expect(try await JSONSchema.configuration.complaints(of: ["everything": text]) == [:])
    }

    @Test("every broken file that ork refuses is refused, but for what no schema can see")
    func brokenFiles() async throws {
        let broken = BrokenFileTests.frame + BrokenFileTests.rotation + BrokenFileTests.targets + Self.broken
        var documents: [String: String] = [:]
        for file in broken {
            #expect(file.complaint != nil, "\(file.what)")
            let name = documents[file.what] == nil ? file.what : file.what + " once more"
            documents[name] = String(decoding: file.bytes, as: UTF8.self)
        }
        #expect(documents.count == broken.count)
        let complaints = try await JSONSchema.configuration.complaints(of: documents)
        let taken = Set(documents.keys).subtracting(complaints.keys)
        #expect(taken.subtracting(Self.beyondSchema) == [])
        // What the schema has learned to see is taken off the list.
        #expect(Self.beyondSchema.subtracting(taken) == [])
    }

    /// What the table of broken files has not, because ork reads it with one piece of code.
    private static let broken: [BrokenFile] = [
        .rotation(
            "an unknown key in due", "due: {evry: 90d}",
            "ork.yaml:5: rotations.a.due.evry: unknown key; did you mean every? the keys here are every and before_expiry"
        ),
        .rotation("due as text", "due: 90d", "ork.yaml:5: rotations.a.due: must be a mapping, such as {KEY: VALUE}"),
        .rotation(
            "an age of nothing", "due: {every: 0d}",
            "ork.yaml:5: rotations.a.due.every: must be a positive length of time such as 90d"),
        .rotation(
            "an age as number", "due: {every: 90}",
            "ork.yaml:5: rotations.a.due.every: must be a positive length of time such as 90d"),
        .rotation(
            "an expiry as word", "due: {before_expiry: soon}",
            "ork.yaml:5: rotations.a.due.before_expiry: \(BrokenFileTests.length)"),
        BrokenFile(
            "due in defaults", "version: 1\ndefaults: {due: {every: never}}\nrotations: {a: {predecessor: none}}\n",
            "ork.yaml:2: defaults.due.every: must be a positive length of time such as 90d"),
        .rotation(
            "a webhook's address in the file", "notify: {webhooks: [{slack: {env: 'https://hooks.example/x'}}]}",
            "ork.yaml:5: rotations.a.notify.webhooks.0.slack.env: must be the name of an environment variable"),
        .rotation(
            "a webhook without a variable", "notify: {webhooks: [{json: {on: [failure]}}]}",
            "ork.yaml:5: rotations.a.notify.webhooks.0.json.env: is missing; it must be the name of an environment variable"
        ),
        .rotation(
            "a webhook of an unknown service", "notify: {webhooks: [{slak: {env: X}}]}",
            "ork.yaml:5: rotations.a.notify.webhooks.0.slak: unknown key; did you mean slack? the keys here are slack, teams, discord, and json"
        ),
        .rotation(
            "news that there is not", "notify: {webhooks: [{slack: {env: X, on: [success]}}]}",
            "ork.yaml:5: rotations.a.notify.webhooks.0.slack.on: must be a list of failure, needs_person, and finish"),
        .rotation(
            "no news at all", "notify: {webhooks: [{slack: {env: X, on: []}}]}",
            "ork.yaml:5: rotations.a.notify.webhooks.0.slack.on: must be a list of failure, needs_person, and finish"),
        .rotation(
            "a collector over plain http", "metrics: {otlp: 'http://otel.example:4318'}",
            "ork.yaml:5: rotations.a.metrics.otlp: plain http is accepted only for localhost; use https"),
        .rotation(
            "a limit as list", "successor: {limit: [5]}",
            "ork.yaml:5: rotations.a.successor.limit: \(BrokenFileTests.money)"),
        .rotation(
            "a limit of two points", "successor: {limit: 1.2.3}",
            "ork.yaml:5: rotations.a.successor.limit: \(BrokenFileTests.money)"),
    ]

    @Test("what is wrong with due is told with its place", arguments: broken)
    func messages(_ file: BrokenFile) { #expect(file.complaint == file.message) }

    @Test("due is read, a rotation's over the defaults', part by part")
    func due() throws {
        let text = """
            version: 1
            defaults: {due: {every: 90d, before_expiry: 14d}}
            rotations: {a: {predecessor: none}, b: {predecessor: none, due: {every: 30d}}}
            """
        let file = try ConfigurationFile(parsing: Array(text.utf8), name: "ork.yaml")
        #expect(file.rotations.map { $0.due.every?.description } == ["90d", "30d"])
        #expect(file.rotations.map(\.due.beforeExpiry.description) == ["14d", "14d"])
        let plain = "version: 1\nrotations: {a: {predecessor: none}}\n"
        let rotation = try ConfigurationFile(parsing: Array(plain.utf8), name: "ork.yaml").rotation(named: nil)
        #expect(rotation.due.every == nil)
        #expect(rotation.due.beforeExpiry.description == "7d")
    }

    private static let identity =
        "ork-public-1:XB7wa5iay6HstJumwLe7DDNBr65plgVg84uANayAvBuBUgH6bXW91RVAOcbNxC2ZQjT-f41S4RVHkGZPUZrbit4jbDA"
}
