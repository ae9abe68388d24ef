import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_vault_kv

/// What holds wherever the secret is, seen by a client that is not ours.
@Suite(.tags(.servers)) struct EveryMountTests {
    /// A mount, and by what rights it is written.
    struct Mount: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let name: String
        var namespace: String?
        var policy = "full"
        var role: String?

        var isFirst: Bool { name == "kv1" }

        var with: JSONObject {
            var with: JSONObject = ["mount": .string(name)]
            if let namespace { with["namespace"] = .string(namespace) }
            if role != nil { with["auth"] = "approle" }
            return with
        }

        func publisher(_ fixture: VaultFixture) throws -> VaultKVPublisher {
            if let role { return try fixture.publisher(fixture.appRole(role, namespace: namespace ?? "")) }
            return try fixture.publisher(["VAULT_TOKEN": SampleKeys.text(fixture.server.token(policy))])
        }

        /// What hvac finds.
        func read(_ fixture: VaultFixture) async throws -> JSONValue {
            let outcome = try await Python.run(
                "read.py",
                [
                    fixture.server.url, SampleKeys.text(fixture.server.root), isFirst ? "1" : "2", namespace ?? "",
                    name,
                    fixture.path,
                ])
            guard outcome.succeeded else { throw OpenBaoServer.Failure(description: outcome.output) }
            return try JSONValue(parsing: outcome.output.utf8)
        }
    }

    static let mounts = [
        Mount(testDescription: "KV version 2", name: "secret"),
        Mount(testDescription: "KV version 1", name: "kv1"),
        Mount(testDescription: "a mount with a slash in its name", name: "apps/kv"),
        Mount(testDescription: "a namespace", name: "secret", namespace: "team", role: "ork"),
        Mount(testDescription: "KV version 1 of a namespace", name: "kv1", namespace: "team", role: "ork"),
        Mount(testDescription: "without the capability patch", name: "secret", policy: "nopatch"),
        Mount(testDescription: "with a token that has no policy default", name: "secret", policy: "bare"),
    ]

    /// What stands beside the key: texts of all kinds, and what is no text.
    static let siblings: JSONValue = [
        "PASSWORD": "p\"ä\\\u{2028}\n\u{1F511}<&>", "empty": "", "n": .number(JSONNumber("1.25") ?? JSONNumber(1)),
        "list": [1, ["a": nil, "b": true]], "key": "another case",
    ]

    @Test("a field that is not there is made, found, and made no second time", arguments: mounts)
    func created(mount: Mount) async throws {
        let fixture = try await onOwnThread { try VaultFixture() }
        try await onOwnThread {
            let publisher = try mount.publisher(fixture)
            for verb in [Verb.check, .publish] {
                let answer = try fixture.ask(verb, mount.with, of: publisher, create: false)
                #expect(
                    answer.error?.code == .notFound && answer.error?.field == "with.field" && answer.held == .nothing)
                #expect(answer.error?.message.hasSuffix(": nothing held the predecessor") == true)
            }
            #expect(try fixture.ask(.check, mount.with, of: publisher).outcome == .ready)
            #expect(try fixture.ask(.verify, mount.with, of: publisher).outcome == .absent)
            let made = try fixture.ask(.publish, mount.with, of: publisher)
            #expect(made.outcome == .committed, "\(made)")
            #expect(made.receipt == (mount.isFirst ? ["change": "created"] : ["version": 1, "change": "created"]))
            #expect(try fixture.ask(.verify, mount.with, of: publisher).outcome == .match)
            let again = try fixture.ask(.publish, mount.with, of: publisher)
            #expect(again.outcome == .unchanged)
            #expect(again.receipt == (mount.isFirst ? [:] : ["version": 1]))
            #expect(try fixture.ask(.check, mount.with, of: publisher).outcome == .ready)
        }
        let found = try await mount.read(fixture)
        #expect(found["data"] == ["KEY": SampleKeys.value(SampleKeys.successor)])
        if !mount.isFirst { #expect(found["version"] == 1) }
    }

    @Test("a field beside others is changed, and they stay byte for byte", arguments: mounts)
    func updated(mount: Mount) async throws {
        let fixture = try await onOwnThread { try VaultFixture() }
        try await onOwnThread {
            var fields = Self.siblings.object ?? [:]
            fields["KEY"] = SampleKeys.value(SampleKeys.predecessor)
            try fixture.put(.object(fields), mount: mount.name, namespace: mount.namespace)
        }
        let before = try await mount.read(fixture)
        try await onOwnThread {
            let publisher = try mount.publisher(fixture)
            #expect(try fixture.ask(.check, mount.with, of: publisher).outcome == .ready)
            #expect(try fixture.ask(.verify, mount.with, of: publisher).outcome == .mismatch)
            let answer = try fixture.ask(.publish, mount.with, of: publisher)
            #expect(answer.outcome == .committed, "\(answer)")
            #expect(answer.receipt == (mount.isFirst ? ["change": "updated"] : ["version": 2, "change": "updated"]))
            let isWhole = answer.message?.contains("without the capability patch") == true
            #expect(isWhole == (mount.policy == "nopatch"), "\(answer)")
        }
        let after = try await mount.read(fixture)
        var expected = before["data"]?.object ?? [:]
        expected["KEY"] = SampleKeys.value(SampleKeys.successor)
        #expect(after["data"]?.text(.canonical) == JSONValue.object(expected).text(.canonical))
    }

    @Test("a value that this rotation does not know stays", arguments: mounts)
    func conflict(mount: Mount) async throws {
        try await VaultFixture.run { fixture in
            let held: JSONValue = ["KEY": SampleKeys.value(SampleKeys.foreign), "OTHER": "x"]
            try fixture.put(held, mount: mount.name, namespace: mount.namespace)
            let publisher = try mount.publisher(fixture)
            for verb in [Verb.check, .publish] {
                let answer = try fixture.ask(verb, mount.with, of: publisher)
                #expect(answer.error?.code == .conflict && answer.outcome.word == "rejected", "\(answer)")
                #expect(answer.error?.field == "with.field")
            }
            #expect(try fixture.fields(mount.name, namespace: mount.namespace) == held)
            // Whatever it holds may be replaced.
            let forced = try fixture.ask(.publish, mount.with, of: publisher, expect: nil)
            #expect(forced.outcome == .committed)
            #expect(
                try fixture.fields(mount.name, namespace: mount.namespace)
                    == ["KEY": SampleKeys.value(SampleKeys.successor), "OTHER": "x"])
        }
    }

    @Test(
        "what is no text is a value that nobody knows, and what is empty is nothing",
        arguments: [(7, false), (["a": 1], false), (["x"], false), ("", true), (nil, true)] as [(JSONValue, Bool)])
    func otherKinds(held: JSONValue, isNothing: Bool) async throws {
        try await VaultFixture.run { fixture in
            try fixture.put(["KEY": held, "OTHER": "x"])
            #expect(try fixture.ask(.verify).outcome == (isNothing ? .absent : .mismatch))
            let answer = try fixture.ask(.publish)
            if isNothing {
                #expect(answer.outcome == .committed)
                #expect(try fixture.fields() == ["KEY": SampleKeys.value(SampleKeys.successor), "OTHER": "x"])
            } else {
                #expect(answer.error?.code == .conflict)
                #expect(try fixture.fields() == ["KEY": held, "OTHER": "x"])
            }
        }
    }

    @Test("names of any letters are taken as they are", arguments: ["secret", "kv1"])
    func names(mount: String) async throws {
        try await VaultFixture.run { fixture in
            let path = ["\(fixture.path.dropFirst("apps/".count))", "ü b%41+c&d=e?f#g:", "…"]
            let with: JSONObject = [
                "mount": .string(mount), "path": .string(path.joined(separator: "/")), "field": "k \"ey\" ü",
            ]
            #expect(try fixture.ask(.publish, with).outcome == .committed)
            let place = (mount == "kv1" ? ["kv1"] : ["secret", "data"]) + path
            let body = try fixture.server.ask(.get, place.map(HTTPURL.encode).joined(separator: "/")).body?["data"]
            let fields = mount == "kv1" ? body : body?["data"]
            #expect(fields == ["k \"ey\" ü": SampleKeys.value(SampleKeys.successor)])
            #expect(try fixture.ask(.verify, with).outcome == .match)
        }
    }

    @Test("a secret is written by one request on the condition of what was read, and its mount is asked for once")
    func requests() async throws {
        try await VaultFixture.run { fixture in
            try fixture.put(["KEY": SampleKeys.value(SampleKeys.predecessor), "OTHER": "x"])
            let publisher = try fixture.publisher()
            _ = try fixture.ask(.publish, of: publisher)
            #expect(
                fixture.takeAsked() == [
                    "GET sys/internal/ui/mounts/secret/…", "GET secret/data/…", "PATCH secret/data/…",
                    "PATCH secret/metadata/…",
                ])
            _ = try fixture.ask(.verify, of: publisher)
            #expect(fixture.takeAsked() == ["GET secret/data/…"])
            _ = try fixture.ask(.publish, of: publisher)
            #expect(fixture.takeAsked() == ["GET secret/data/…"])
        }
    }
}
