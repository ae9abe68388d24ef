import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_vault_kv

/// What Vault refuses, and states in which it does no work: each told apart, with what to do.
@Suite(.tags(.servers)) struct RefusalTests {
    /// What is asked of a publisher, and the error that comes of it.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var with: JSONObject = [:]
        var environment: @Sendable (VaultFixture) throws -> [String: String]? = { _ in nil }
        var held: JSONValue?
        var fault: @Sendable (VaultFixture) -> Void = { _ in }
        let code: PublisherError.Code
        /// With `…` for the path.
        let message: String
        let hint: String
        var field: String?
    }

    private static func policy(_ name: String) -> @Sendable (VaultFixture) throws -> [String: String]? {
        { ["VAULT_TOKEN": SampleKeys.text(try $0.server.token(name))] }
    }

    private static func answer(_ status: Int, _ body: String, _ headers: [(String, String)] = []) -> Fault.Effect {
        .answer(status: status, headers: headers + [("Content-Type", "application/json")], body: body)
    }

    static let refusals = [
        Case(
            testDescription: "a token that Vault does not know", environment: { _ in ["VAULT_TOKEN": "s.wrong"] },
            code: .denied, message: "Vault does not accept the token in VAULT_TOKEN (403: permission denied)",
            hint: "expired or was revoked", field: "env.VAULT_TOKEN"),
        Case(
            testDescription: "a token that a newer Vault does not know",
            fault: {
                $0.fail(
                    .get, times: 9,
                    answer(403, #"{"errors": ["2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n"]}"#))
            }, code: .denied, message: "Vault does not accept the token in VAULT_TOKEN (403: permission denied)",
            hint: "expired or was revoked", field: "env.VAULT_TOKEN"),
        Case(
            testDescription: "an engine that is being upgraded",
            fault: {
                $0.fail(
                    .get, "/data/", times: 9,
                    answer(
                        400,
                        #"{"errors": ["Upgrading from non-versioned to versioned data. This backend will be unavailable"]}"#
                    ))
            }, code: .unavailable, message: "the secrets engine is being upgraded to KV version 2 (400)",
            hint: "wait a moment"),
        Case(
            testDescription: "a policy that allows nothing there", environment: policy("nothing"), code: .denied,
            message: "the token in VAULT_TOKEN may not read KEY of secret/… (403: permission denied)",
            hint: #"path "secret/data/…" { capabilities = ["create", "read", "update", "patch"] }"#, field: "with.path"),
        Case(
            testDescription: "a policy that allows reading only", environment: policy("readonly"),
            held: ["KEY": SampleKeys.value(SampleKeys.predecessor)], code: .denied,
            message: "the token in VAULT_TOKEN may not write KEY of secret/… (403: permission denied)",
            hint: #"path "secret/data/…""#, field: "with.path"),
        Case(
            testDescription: "a policy that allows reading only, and nothing there", environment: policy("readonly"),
            code: .denied, message: "the token in VAULT_TOKEN may not write KEY of secret/… (403: permission denied)",
            hint: #""create""#, field: "with.path"),
        Case(
            testDescription: "a policy that allows reading only in KV version 1", with: ["mount": "kv1"],
            environment: policy("readonly"), code: .denied,
            message: "the token in VAULT_TOKEN may not write KEY of kv1/… (403: permission denied)",
            hint: #"path "kv1/…" { capabilities = ["create", "read", "update"] }"#, field: "with.path"),
        Case(
            testDescription: "a mount that is not there", with: ["mount": "nowhere"],
            environment: { ["VAULT_TOKEN": SampleKeys.text($0.server.root)] }, code: .notFound,
            message: "nothing is mounted where Vault was asked to read KEY of nowhere/… (404)",
            hint: "vault secrets list", field: "with.path"),
        Case(
            testDescription: "a mount that a token without rights cannot see", with: ["mount": "nowhere"],
            code: .denied, message: "the token in VAULT_TOKEN may not read KEY of nowhere/… (403: permission denied)",
            hint: "Vault says the same where nothing is mounted", field: "with.path"),
        Case(
            testDescription: "a mount written too short", with: ["mount": "apps", "path": "kv/web"],
            code: .configuration,
            message: "the mount there is apps/kv/, not apps/", hint: "write it as it is", field: "with.mount"),
        Case(
            testDescription: "a mount of another engine", with: ["mount": "transit"],
            environment: { ["VAULT_TOKEN": SampleKeys.text($0.server.root)] }, code: .configuration,
            message: "transit is a secrets engine of type transit", hint: "for the type kv", field: "with.mount"),
        Case(
            testDescription: "a namespace that is not there", with: ["namespace": "nowhere"], code: .notFound,
            message: "Vault has no such namespace (404)", hint: "whole path", field: "with.namespace"),
        Case(
            testDescription: "a secret id that is not the role's", with: ["auth": "approle"],
            environment: { try $0.appRole("ork").merging(["VAULT_SECRET_ID": "wrong"]) { $1 } }, code: .denied,
            message: "Vault does not let this job log in by AppRole at approle (400: invalid role or secret ID)",
            hint: "expired or was used up", field: "with.auth"),
        Case(
            testDescription: "no secret id", with: ["auth": "approle"],
            environment: { ["VAULT_ROLE_ID": try $0.server.role("ork").id] }, code: .denied,
            message: "Vault does not let this job log in by AppRole at approle (400: missing secret_id)",
            hint: "VAULT_SECRET_ID", field: "with.auth"),
        Case(
            testDescription: "an auth method that is not mounted there",
            with: ["auth": "approle", "auth_mount": "roles"], environment: { try $0.appRole("ork") }, code: .denied,
            message: "Vault does not let this job log in by AppRole at roles (403: permission denied)",
            hint: "is mounted there", field: "with.auth_mount"),
        Case(
            testDescription: "a standby by the status of its health",
            fault: {
                $0.fail(.get, times: 9, answer(429, #"{"initialized": true, "sealed": false, "standby": true}"#))
            }, code: .unavailable, message: "the Vault at this address is a standby (429)", hint: "active node"),
        Case(
            testDescription: "a secondary for disaster recovery", fault: { $0.fail(.get, times: 9, answer(472, "{}")) },
            code: .unavailable, message: "the Vault at this address is a secondary for disaster recovery (472)",
            hint: "primary"),
        Case(
            testDescription: "a performance standby", fault: { $0.fail(.get, times: 9, answer(473, "{}")) },
            code: .unavailable, message: "the Vault at this address is a standby for reading (473)",
            hint: "active node"),
        Case(
            testDescription: "a standby that redirects",
            fault: {
                $0.fail(.get, times: 9, answer(307, "", [("Location", "https://vault-2.example:8200/v1/x")]))
            }, code: .unavailable,
            message: "Vault answers with a redirect (vault-2.example) to ask for the mount of KEY of secret/… (307)",
            hint: "always leads to that one", field: "with.url"),
        Case(
            testDescription: "a standby without an active node",
            fault: {
                $0.fail(
                    .get, times: 99,
                    answer(500, #"{"errors": ["local node not active but active cluster node not found"]}"#))
            }, code: .unavailable,
            message: "the Vault at this address is a standby that knows no active node (500)", hint: "cluster"),
        Case(
            testDescription: "a Vault that nobody has initialised",
            fault: {
                $0.fail(.get, times: 99, answer(503, #"{"errors": ["Vault is not initialized"]}"#))
            }, code: .unavailable, message: "Vault is not initialised (503)", hint: "right server"),
        Case(
            testDescription: "a proxy that breaks down",
            fault: {
                $0.fail(.get, times: 99, .answer(status: 502, body: "<html>"))
            }, code: .unavailable, message: "Vault cannot ask for the mount of KEY of secret/… now (502)",
            hint: "status page"),
        Case(
            testDescription: "something else at the address", with: ["mount": "kv1"],
            fault: {
                $0.fail(.get, times: 99, .answer(status: 404, headers: [("Content-Type", "text/html")], body: "<html>"))
            }, code: .configuration, message: "there is no Vault at this address (404)", hint: "https://vault.example",
            field: "with.url"),
    ]

    @Test("a refusal says what it is and what to do, and nothing is written", arguments: refusals)
    func refused(row: Case) async throws {
        try await VaultFixture.run { fixture in
            if let held = row.held { try fixture.put(held) }
            let before = try (fixture.fields(), fixture.fields("kv1"))
            row.fault(fixture)
            let answer = try fixture.ask(.publish, row.with, of: fixture.publisher(row.environment(fixture)))
            #expect(answer.outcome.word == "rejected", "\(answer)")
            let error = try #require(answer.error)
            #expect(error.code == row.code)
            #expect(error.message.replacing(fixture.path, with: "…") == row.message)
            #expect(error.hint?.replacing(fixture.path, with: "…").contains(row.hint) == true, "\(error)")
            #expect(error.field == row.field)
            let after = try (fixture.fields(), fixture.fields("kv1"))
            #expect(before == after)
        }
    }

    @Test("what will be refused is refused by a check, as far as Vault tells")
    func checked() async throws {
        try await VaultFixture.run { fixture in
            try fixture.put(["KEY": SampleKeys.value(SampleKeys.predecessor), "OTHER": "x"])
            func check(_ policy: String) throws -> PublisherAnswer {
                try fixture.ask(
                    .check, of: fixture.publisher(["VAULT_TOKEN": SampleKeys.text(fixture.server.token(policy))]))
            }
            let denied = try check("readonly")
            #expect(denied.error?.code == .denied)
            #expect(denied.error?.message == "the token can read KEY of secret/\(fixture.path) and not write it")
            let whole = try check("nopatch")
            #expect(whole.outcome == .ready)
            #expect(whole.message?.contains("so that the whole secret is written back") == true)
            let patchOnly = try check("patchonly")
            #expect(patchOnly.outcome == .ready, "\(patchOnly)")
            let silent = try check("bare")
            #expect(silent.outcome == .ready && silent.message?.contains("may not ask for its own rights") == true)
            let full = try check("full")
            #expect(full.message == "would write KEY of secret/\(fixture.path)")
        }
    }

    @Test("patch alone is enough beside other fields")
    func patchOnly() async throws {
        try await VaultFixture.run { fixture in
            try fixture.put(["KEY": SampleKeys.value(SampleKeys.predecessor), "OTHER": "x"])
            let publisher = try fixture.publisher(["VAULT_TOKEN": SampleKeys.text(fixture.server.token("patchonly"))])
            #expect(try fixture.ask(.publish, of: publisher).outcome == .committed)
            #expect(try fixture.fields() == ["KEY": SampleKeys.value(SampleKeys.successor), "OTHER": "x"])
        }
    }

    @Test("a sealed Vault is told, and the key is written when it is open again")
    func sealed() async throws {
        let server = try await onOwnThread { try OpenBaoServer() }
        try await onOwnThread {
            let fixture = try VaultFixture(server)
            try server.seal(true)
            for verb in Verb.basic {
                let answer = try fixture.ask(verb)
                #expect(answer.outcome.word == "rejected")
                #expect(
                    answer.error
                        == PublisherError(
                            .unavailable, "Vault is sealed (503)", hint: "unseal it, and run the step again"))
            }
            let login = try fixture.ask(.publish, ["auth": "approle"], of: fixture.publisher(fixture.appRole("ork")))
            #expect(login.error?.message == "Vault is sealed (503)")
            try server.seal(false)
            // It becomes active a moment after it was opened.
            #expect(try fixture.ask(.publish, within: 600).outcome == .committed)
        }
    }

    @Test("a Vault that is sealed between reading and writing may have written")
    func sealedMeanwhile() async throws {
        let server = try await onOwnThread { try OpenBaoServer() }
        try await onOwnThread {
            let fixture = try VaultFixture(server)
            try fixture.put(["KEY": SampleKeys.value(SampleKeys.predecessor)])
            let isFirst = Once()
            fixture.proxy.faults = [
                Fault(.notifyBeforeRequest { if isFirst.take() { try? server.seal(true) } }) { method, _ in
                    method == "PATCH"
                }
            ]
            let answer = try fixture.ask(.publish)
            #expect(answer.outcome.word == "unknown", "\(answer)")
            #expect(answer.error?.message.contains("Vault is sealed (503)") == true)
        }
    }
}
