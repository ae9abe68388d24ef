import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_azure_key_vault

/// The binary as the host runs it, over a socket, and Azure's own clients at the same stand-in.
@Suite(.tags(.servers)) struct ClientTests {
    private static let name = VaultFixture.name
    private static let program = PublisherProgram("ork-publisher-azure-key-vault")

    private static func server(holding secret: Secret? = SampleKeys.predecessor) async throws -> VaultServer {
        try await onOwnThread {
            try VaultServer { azure, now in
                azure.add("NEIGHBOUR", "stays", at: now)
                if let secret { azure.add(name, SampleKeys.text(secret), at: now) }
            }
        }
    }

    private static func environment(_ server: VaultServer) -> [String: String] {
        ["AZURE_CLIENT_SECRET": StandIn().clientSecret, "AZURE_AUTHORITY_HOST": "\(server.url)/login"]
    }

    private static func run(
        _ verb: Verb, at server: VaultServer, _ changed: JSONObject = [:], environment: [String: String]? = nil
    ) async throws -> JSONValue? {
        var with = VaultFixture.with
        with["url"] = .string(server.url)
        with.take(changed)
        return try await program.run(
            verb.rawValue,
            input: try PublisherProgram.requests(verb, [("web", with)], expect: [SampleKeys.predecessor]),
            environment: environment ?? Self.environment(server), hiding: VaultFixture.credentials)["web"]
    }

    /// azure-keyvault-secrets and azure-identity, which check the vault's challenge as they do at Azure's.
    private static func clients(_ word: String, _ server: VaultServer, value: String = "") async throws -> JSONValue {
        let azure = StandIn()
        let run = try await Python.run(
            "clients.py",
            [word, server.url, azure.tenant, azure.clientID, azure.clientSecret, azure.identity, name, value])
        try #require(run.succeeded, "\(run.output)")
        return try JSONValue(parsing: run.output.utf8)
    }

    @Test("it says what it can do")
    func info() async throws {
        let information = try #require(try await Self.program.run("info", environment: [:])["info"])
        #expect(information["readback"] == "value" && information["rollback"] == "native")
        #expect(information["with"]?["required"] == ["vault", "name"] && information["batch"] == true)
    }

    @Test("Azure's client reads what it wrote beside what the client had written, and both log in alike")
    func bothWays() async throws {
        let server = try await Self.server(holding: nil)
        let made = try await Self.clients("set", server, value: SampleKeys.text(SampleKeys.predecessor))
        let published = try await Self.run(.publish, at: server)
        #expect(published?["outcome"] == "committed" && published?["held"] == "predecessor", "\(published as Any)")
        let seen = try await Self.clients("get", server)
        #expect(seen["value"]?.string == SampleKeys.text(SampleKeys.successor))
        for member in ["content_type", "tags", "enabled"] { #expect(seen[member] == made[member], "\(member)") }
        #expect(seen["version"]?.string == published?["receipt"]?["version_id"]?.string)
        #expect(seen["versions"]?.array?.count == 2 && seen["version"] != made["version"])
        // What Azure's client sends to say the same is the same but for the value and the moment.
        let bodies = server.bodies("PUT").map { body in
            var body = body.object ?? [:]
            #expect(body["attributes"]?["exp"]?.integer != nil)
            (body["value"], body["attributes"]) = (JSONValue?.none, JSONValue?.none)
            return body
        }
        #expect(bodies.count == 2 && bodies[0] == bodies[1], "\(bodies)")
        let verified = try await Self.run(.verify, at: server)
        #expect(verified?["outcome"] == "match")
    }

    @Test(
        "Azure's client asks for a managed identity's token as we do, and reads with it what we wrote; no proxy is asked",
        arguments: ["machine", "app"])
    func managedIdentity(place: String) async throws {
        for identity in ["system", StandIn().assigned] {
            let server = try await Self.server()
            let variables =
                place == "machine"
                ? ["AZURE_POD_IDENTITY_AUTHORITY_HOST": "\(server.url)/machine"]
                : ["IDENTITY_ENDPOINT": "\(server.url)/app/msi/token", "IDENTITY_HEADER": StandIn().identityHeader]
            let proxy = ["http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"]
            let published = try await Self.run(
                .publish, at: server,
                ["tenant": nil, "client": nil, "managed_identity": .string(identity)],
                environment: variables.merging(proxy) { $1 })
            #expect(published?["outcome"] == "committed", "\(published as Any)")
            let client = identity == "system" ? "" : identity
            let script = Python.file("Python/clients.py")
            let theirs = try await CommandRun(
                [try Python.interpreter(), "-B", script, "managed", server.url, "", client, "", "", Self.name],
                environment: variables.merging(["PATH": "/usr/bin:/bin"]) { $1 })
            try #require(theirs.succeeded, "\(theirs.errors)")
            let value = try JSONValue(parsing: theirs.output.utf8)["value"]?.string
            #expect(value == SampleKeys.text(SampleKeys.successor))
            let asked = server.service { azure, _ in azure.identityRequests }
            #expect(asked.count == 2 && asked[0] == asked[1], "\(asked)")
        }
    }

    @Test("the clouds are those of Azure's identity client, and our body is one of its published model")
    func published() async throws {
        let server = try await Self.server()
        _ = try await Self.run(.publish, at: server)
        let facts = try await Self.clients("facts", server, value: server.bodies("PUT").last?.text() ?? "")
        let authorities = AzureCloud.allCases.map { JSONValue.string(String($0.authority.dropFirst("https://".count))) }
        #expect(facts["authorities"] == .array(authorities))
        #expect(facts["unknown"] == [] && facts["versions"]?.strings?.contains(KeyVault.version) == true, "\(facts)")
    }

    @Test("it keeps the contract")
    func conform() async throws {
        let server = try await Self.server(holding: nil)
        let reader = """
            T=$(curl -fsS "$AZURE_AUTHORITY_HOST/\(StandIn().tenant)/oauth2/v2.0/token" -d grant_type=client_credentials \
            -d client_id=\(StandIn().clientID) -d "client_secret=$AZURE_CLIENT_SECRET" \
            -d scope=https://vault.azure.net/.default | jq -r .access_token)
            curl -fsS -H "Authorization: Bearer $T" '\(server.url)/secrets/KEY?api-version=7.4' | jq -r .value
            """
        let azure = StandIn()
        let settings = [
            "vault=acme-prod", "name=KEY", "tenant=\(azure.tenant)", "client=\(azure.clientID)", "url=\(server.url)",
        ]
        let environment = Self.environment(server)
        let words =
            [BuiltProduct.path("ork-conform"), BuiltProduct.path("ork-publisher-azure-key-vault")]
            + settings.flatMap { ["--with", $0] } + environment.keys.sorted().flatMap { ["--env", $0] }
            + ["--target-command", reader]
        let run = try await CommandRun(words, environment: environment.merging(["PATH": "/usr/bin:/bin"]) { $1 })
        #expect(run.output.split(separator: "\n").last == "26 passed, 0 failed, 0 skipped", "\(run.output)")
    }
}
