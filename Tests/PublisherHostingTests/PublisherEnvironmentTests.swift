import JSON
import PublisherHosting
import PublisherKit
import Secrets
import TestSupport
import Testing

@Suite(.tags(.values))
struct PublisherEnvironmentTests {
    private static let ours = [
        "PATH": "/bin", "HTTPS_PROXY": "http://proxy", "VAULT_ADDR": "https://vault", "EMPTY": "", "ACME_TOKEN": "t",
        "ORK_IDENTITY": "i", "OPENROUTER_API_KEY": "k",
        "ACME_MGMT": "sk-or-v1-" + String(repeating: "0f1e2d3c", count: 8),
    ]

    private static func name(_ text: String) throws -> EnvironmentName { try #require(EnvironmentName(text)) }

    private static func names(_ mapping: [String: String]) throws -> [EnvironmentName: EnvironmentName] {
        Dictionary(uniqueKeysWithValues: try mapping.map { (try name($0.key), try name($0.value)) })
    }

    private static func child(
        _ mapping: [String: String], required: [String] = [], inherited: [String] = []
    ) throws -> Result<[String: String], PublisherError> {
        let names = try names(mapping)
        let information = PublisherInformation(
            verbs: [.publish], environment: .init(required: required, inherited: inherited))
        return Result { () throws(PublisherError) in try PublisherEnvironment(ours).child(names, of: information) }
    }

    @Test("a publisher gets the general variables, those of its target, and what its info inherits")
    func variables() throws {
        #expect(
            try Self.child(["TOKEN": "ACME_TOKEN"], inherited: ["VAULT_ADDR", "VAULT_CACERT"]).get() == [
                "PATH": "/bin", "HTTPS_PROXY": "http://proxy", "TOKEN": "t", "VAULT_ADDR": "https://vault",
            ])
        #expect(
            try Self.child([:]).get() == ["PATH": "/bin", "HTTPS_PROXY": "http://proxy"],
            "nothing of a service that the publisher does not name")
    }

    @Test("no relative folder of PATH is handed on: a program there would be another's")
    func relativeFolders() {
        #expect(PublisherEnvironment(["PATH": ".:/usr/bin::bin:/bin:"]).general == ["PATH": "/usr/bin:/bin"])
        #expect(PublisherEnvironment(["PATH": "."]).general == [:])
    }

    @Test("what the target names wins over what is inherited")
    func precedence() throws {
        let child = try Self.child(["VAULT_ADDR": "ACME_TOKEN"], inherited: ["VAULT_ADDR"]).get()
        #expect(child["VAULT_ADDR"] == "t")
    }

    @Test("a variable that a publisher requires may be inherited, and has to be set")
    func required() throws {
        let inherited = try Self.child([:], required: ["VAULT_ADDR"], inherited: ["VAULT_ADDR"])
        #expect(try inherited.get()["VAULT_ADDR"] == "https://vault")
        let missing = try Self.child([:], required: ["VAULT_CACERT"], inherited: ["VAULT_CACERT"])
        #expect(throws: PublisherError.self) { try missing.get() }
        if case .failure(let error) = missing { #expect(error.field == "env.VAULT_CACERT") }
    }

    @Test(
        "ork's own variables, missing ones and empty ones are refused on either side",
        arguments: [
            (["ORK_X": "ACME_TOKEN"], "env.ORK_X"), (["A": "ORK_IDENTITY"], "env.A"),
            (["A": "OPENROUTER_API_KEY"], "env.A"), (["openrouter_key": "ACME_TOKEN"], "env.openrouter_key"),
            (["A": "UNSET"], "env.A"), (["A": "EMPTY"], "env.A"),
        ])
    func refusals(mapping: [String: String], field: String) throws {
        guard case .failure(let error) = try Self.child(mapping) else {
            Issue.record("\(mapping) was handed on")
            return
        }
        // What is not set is a credential that this stage lacks.
        #expect(error.code == (["UNSET", "EMPTY"].contains(mapping["A"]) ? .denied : .configuration))
        #expect(error.field == field)
    }

    @Test("a key of OpenRouter or a private identity is handed to nobody, whatever its variable is called")
    func valuesOfOurs() throws {
        let key = try #require(SampleKeys.foreign.revealed())
        let identity = "ork-identity-1:" + String(repeating: "a", count: 60)
        for value in [key, "Bearer \(key)", identity, "ghp_\(String(repeating: "a1", count: 18))\n\(key)"] {
            let error = #expect(throws: PublisherError.self) {
                try PublisherEnvironment(["ACME_MGMT": value]).child(Self.names(["TOKEN": "ACME_MGMT"]))
            }
            #expect(error?.field == "env.TOKEN")
            #expect(error.map { !$0.message.contains(value.suffix(20)) } == true)
        }
    }

    @Test("a variable holds a credential by either of its names or by its shape, unless it names a file or a session")
    func credentials() throws {
        let shaped = "ghp_" + String(repeating: "a1", count: 18)
        let environment = PublisherEnvironment([
            "ACME_TOKEN": "12345678", "PLAIN": "eu-central-1", "KEY_FILE": "/run/key.pem",
            "ROLE_SESSION_NAME": "checkout-prod", "BASE64_KEY": "/abcdefghijk", "SHORT_TOKEN": "1234567",
            "SHAPED": shaped, "NAMED": "otherwise",
        ])
        let names = try Self.names([
            "A": "ACME_TOKEN", "B": "PLAIN", "C": "KEY_FILE", "D": "SHORT_TOKEN", "E": "SHAPED", "PASSWORD": "NAMED",
            "F": "UNSET_TOKEN", "G": "ROLE_SESSION_NAME", "H": "BASE64_KEY",
        ])
        let found = environment.credentials(names).compactMap { $0.revealed() }
        #expect(Set(found) == ["12345678", shaped, "otherwise", "/abcdefghijk"])
    }

    @Test(
        "a credential is never inherited: the plan has to name it",
        arguments: [
            "ACME_TOKEN", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "DB_PASSWORD", "npm_config__auth", "ORK_IDENTITY",
            "OPENROUTER_MANAGEMENT_KEY", "not a name", "ACME_MGMT",
        ])
    func credentials(name: String) throws {
        guard case .failure(let error) = try Self.child([:], inherited: [name]) else {
            Issue.record("\(name) was handed on")
            return
        }
        #expect(error.code == .configuration)
    }

    @Test(
        "settings are checked against info",
        arguments: [
            (["path": ".env"], nil), (["path": ".env", "name": "A"], nil), (["path": ".env", "nam": "A"], "with.nam"),
            (["name": "A"], "with.path"),
        ] as [(JSONObject, String?)])
    func settings(settings: JSONObject, field: String?) {
        let information = PublisherInformation(verbs: [.publish], with: .init(required: ["path"], optional: ["name"]))
        var found: PublisherError?
        do { try information.validate(with: settings) } catch { found = error }
        #expect(found?.field == field)
        #expect(found == nil || found?.code == .configuration)
    }
}
