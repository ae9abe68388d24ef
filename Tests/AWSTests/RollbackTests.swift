import FoundationEssentials
import JSON
import PublisherKit
import Secrets
import Sodium
import TestSupport
import Testing

/// The way back to the predecessor: an earlier version of a secret, a new one of a parameter.
@Suite(.tags(.servers)) struct RollbackTests {
    private static let predecessor = SampleKeys.text(SampleKeys.predecessor)
    private static let successor = SampleKeys.text(SampleKeys.successor)

    private static func rollback(
        _ fixture: AWSFixture, of which: Which = .secret, _ with: JSONObject, knowing secret: Secret? = nil,
        receipt: JSONObject? = nil
    ) -> PublisherAnswer {
        let request = PublisherRequest.rollback(
            with, knowing: secret, receipt: receipt, deadline: fixture.now.addingTimeInterval(120))
        return fixture.publisher(of: which, fixture.environment()).ask(.rollback, request)
    }

    /// A secret that held this and holds the successor now; what the publisher left.
    private static func begin(_ fixture: AWSFixture, _ text: String, _ with: JSONObject) throws -> JSONObject? {
        _ = try fixture.boto(
            "secretsmanager", "create_secret", ["Name": .string(fixture.name), "SecretString": .string(text)])
        let answer = fixture.ask(.publish, with)
        #expect(answer.outcome == .committed)
        return answer.receipt
    }

    private static func held(_ fixture: AWSFixture) throws -> String? {
        try fixture.boto("secretsmanager", "get_secret_value", ["SecretId": .string(fixture.name)])["SecretString"]?
            .string
    }

    private static func versions(_ fixture: AWSFixture) throws -> Int? {
        try fixture.boto(
            "secretsmanager", "list_secret_version_ids",
            ["SecretId": .string(fixture.name), "IncludeDeprecated": true])["Versions"]?.array?.count
    }

    @Test("of an earlier version with a line end behind the key, the key alone is written", arguments: [true, false])
    func lineEnd(isKnown: Bool) async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            let with: JSONObject = ["secret": .string(fixture.name)]
            let receipt = try Self.begin(fixture, Self.predecessor + "\n", with)
            let secret = isKnown ? SampleKeys.predecessor : nil
            for outcome in [PublisherOutcome.committed, .unchanged] {
                let answer = Self.rollback(fixture, with, knowing: secret, receipt: receipt)
                #expect(answer.outcome == outcome, "\(answer)")
                #expect(try Self.held(fixture) == Self.predecessor)
            }
        }
    }

    @Test(
        "the earlier version of a secret is made the current one again, once", arguments: [true, false], [true, false])
    func whole(isKnown: Bool, hasReceipt: Bool) async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            let with: JSONObject = ["secret": .string(fixture.name)]
            let receipt = try Self.begin(fixture, Self.predecessor, with)
            let secret = isKnown ? SampleKeys.predecessor : nil
            _ = fixture.takeAsked()
            let answer = Self.rollback(fixture, with, knowing: secret, receipt: hasReceipt ? receipt : nil)
            #expect(answer.outcome == .committed, "\(answer)")
            #expect(
                fixture.takeAsked()
                    == ["GetSecretValue", "DescribeSecret", "GetSecretValue", "UpdateSecretVersionStage"])
            #expect(answer.receipt?["version_id"] == receipt?["previous_version_id"])
            #expect(try Self.held(fixture) == Self.predecessor)
            #expect(try Self.versions(fixture) == 2)
            #expect(Self.rollback(fixture, with, knowing: secret).outcome == .unchanged)
        }
    }

    @Test(
        "a move whose answer is lost is found, and one that did not arrive is made again",
        arguments: [Fault.Effect.dropReply, .dropRequest])
    func lost(effect: Fault.Effect) async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            let with: JSONObject = ["secret": .string(fixture.name)]
            _ = try Self.begin(fixture, Self.predecessor, with)
            fixture.fail("UpdateSecretVersionStage", effect)
            #expect(Self.rollback(fixture, with).outcome == .committed)
            #expect(try Self.held(fixture) == Self.predecessor)
            #expect(Self.rollback(fixture, with).outcome == .unchanged)
        }
    }

    @Test(
        "a field is put back into the text of today, from an earlier version or from the request",
        arguments: [true, false])
    func field(isKnown: Bool) async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            let with: JSONObject = ["secret": .string(fixture.name), "field": "key"]
            _ = try Self.begin(fixture, #"{"key": "\#(Self.predecessor)", "n": 1}"#, with)
            for number in 2...3 {
                _ = try fixture.boto(
                    "secretsmanager", "put_secret_value",
                    [
                        "SecretId": .string(fixture.name),
                        "SecretString": .string(#"{"key": "\#(Self.successor)", "n": \#(number)}"#),
                    ])
            }
            let answer = Self.rollback(fixture, with, knowing: isKnown ? SampleKeys.predecessor : nil)
            #expect(answer.outcome == .committed, "\(answer)")
            #expect(try Self.held(fixture) == #"{"key": "\#(Self.predecessor)", "n": 3}"#)
            #expect(Self.rollback(fixture, with).outcome == .unchanged)
        }
    }

    @Test("a key of which no version is left is written if it is known, and else said to be unknown")
    func noVersion() async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            let with: JSONObject = ["secret": .string(fixture.name)]
            _ = try fixture.boto(
                "secretsmanager", "create_secret",
                ["Name": .string(fixture.name), "SecretString": .string(Self.successor)])
            let unknown = Self.rollback(fixture, with)
            #expect(unknown.error?.code == .notFound && unknown.outcome.word == "rejected", "\(unknown)")
            #expect(try Self.held(fixture) == Self.successor)
            #expect(Self.rollback(fixture, with, knowing: SampleKeys.predecessor).outcome == .committed)
            #expect(try Self.held(fixture) == Self.predecessor)
        }
    }

    @Test(
        "what somebody else has written to a secret or a parameter since stays", arguments: [Which.secret, .parameter])
    func foreign(which: Which) async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            let foreign = SampleKeys.text(SampleKeys.foreign)
            let with: JSONObject
            switch which {
            case .secret:
                with = ["secret": .string(fixture.name)]
                _ = try Self.begin(fixture, Self.predecessor, with)
                _ = try fixture.boto(
                    "secretsmanager", "put_secret_value",
                    ["SecretId": .string(fixture.name), "SecretString": .string(foreign)])
            case .parameter:
                with = ["name": .string("/" + fixture.name)]
                try ParameterTests.begin(fixture, foreign)
            }
            for secret in [nil, SampleKeys.predecessor] {
                let answer = Self.rollback(fixture, of: which, with, knowing: secret)
                #expect(answer.error?.code == .conflict && answer.outcome.word == "rejected", "\(answer)")
            }
        }
    }

    @Test(
        "a parameter's earlier value becomes a new version, from its history or from the request",
        arguments: [true, false])
    func parameter(isKnown: Bool) async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            let with: JSONObject = ["name": .string("/" + fixture.name), "field": "key"]
            try ParameterTests.begin(fixture, #"{"key": "\#(Self.predecessor)", "n": 1}"#)
            #expect(fixture.ask(.publish, of: .parameter, with).outcome == .committed)
            try ParameterTests.begin(
                fixture, #"{"key": "\#(Self.successor)", "n": 2}"#, ["Overwrite": true])
            let secret = isKnown ? SampleKeys.predecessor : nil
            let answer = Self.rollback(fixture, of: .parameter, with, knowing: secret)
            #expect(answer.outcome == .committed, "\(answer)")
            #expect(answer.receipt?["version"] == 4)
            #expect(try ParameterTests.held(fixture) == #"{"key": "\#(Self.predecessor)", "n": 2}"#)
            #expect(Self.rollback(fixture, of: .parameter, with, knowing: secret).outcome == .unchanged)
        }
    }

    @Test("a check of either seals the predecessor that it reads")
    func sealing() async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            _ = try fixture.boto(
                "secretsmanager", "create_secret",
                ["Name": .string(fixture.name), "SecretString": .string(#"{"key": "\#(Self.predecessor)"}"#)])
            try ParameterTests.begin(fixture, Self.predecessor)
            let targets: [(Which, JSONObject)] = [
                (.secret, ["secret": .string(fixture.name), "field": "key"]),
                (.parameter, ["name": .string("/" + fixture.name)]),
            ]
            for (which, with) in targets {
                let answer = fixture.publisher(of: which, fixture.environment()).ask(
                    .check, try .sealingCheck(with, deadline: fixture.now.addingTimeInterval(120)))
                #expect(try SampleRecipient.open(answer.sealed) == [SampleKeys.predecessor], "\(answer)")
            }
        }
    }
}
