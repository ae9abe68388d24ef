import FoundationEssentials
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

/// Answers that get lost, and other hands between two calls.
@Suite(.tags(.servers)) struct SecretFaultTests {
    /// What happens on the way, and how it ends.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var stage = "pending"
        /// What was there; `nil`: no secret.
        var held: Secret? = SampleKeys.predecessor
        let fault: @Sendable (AWSFixture) -> Void
        var outcome = PublisherOutcome.committed
        var change: String?
        var holds: Secret? = SampleKeys.successor
    }

    private static let writes = ["PutSecretValue", "UpdateSecretVersionStage"]

    static let losses =
        writes.flatMap { operation in
            [
                Case(
                    testDescription: "\(operation) does not arrive", fault: { $0.fail(operation, .dropRequest) },
                    change: "updated"),
                Case(
                    testDescription: "\(operation): the answer is lost", fault: { $0.fail(operation, .dropReply) },
                    change: "updated"),
                Case(
                    testDescription: "\(operation): the answer is cut off",
                    fault: { $0.fail(operation, .cutReply(afterBytes: 20)) }, change: "updated"),
                Case(
                    testDescription: "\(operation): the service breaks down",
                    fault: { $0.refuse(operation, status: 500, "InternalServiceError") }, change: "updated"),
            ]
        } + [
            Case(
                testDescription: "a direct write: the answer is lost", stage: "direct",
                fault: { $0.fail("PutSecretValue", .dropReply) }, change: "updated"),
            Case(
                testDescription: "a direct write: all answers are lost", stage: "direct",
                fault: { $0.fail("PutSecretValue", times: 5, .dropReply) }, change: "updated"),
            Case(
                testDescription: "a creation does not arrive", held: nil,
                fault: { $0.fail("CreateSecret", .dropRequest) }, change: "created"),
            Case(
                testDescription: "a creation: the answer is lost", held: nil,
                fault: { $0.fail("CreateSecret", .dropReply) }, change: "created"),
            Case(
                testDescription: "a creation: all answers are lost", held: nil,
                fault: { $0.fail("CreateSecret", times: 5, .dropReply) }, change: "created"),
            Case(
                testDescription: "a read-back does not arrive",
                fault: { fixture in
                    fixture.fail("PutSecretValue", .notifyBeforeReply { fixture.fail("GetSecretValue", .dropReply) })
                }, change: "updated"),
        ]

    @Test("a write whose answer was lost is settled by asking again", arguments: losses)
    func settles(example: Case) async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            try Self.begin(fixture, example.held)
            example.fault(fixture)
            let with: JSONObject = [
                "secret": .string(fixture.name), "stage": .string(example.stage), "create": .bool(example.held == nil),
            ]
            let answer = fixture.ask(.publish, with)
            #expect(answer.outcome == example.outcome)
            #expect(answer.receipt?["change"]?.string == example.change)
            #expect(try Self.held(fixture) == example.holds.map(SampleKeys.text))
            // One version more than before, whatever was asked twice.
            let shown = try fixture.boto(
                "secretsmanager", "list_secret_version_ids", ["SecretId": .string(fixture.name)])
            #expect(shown["Versions"]?.array?.count == (example.held == nil ? 1 : 2))
            _ = fixture.takeAsked()
            #expect(fixture.ask(.publish, with).outcome == .unchanged)
            #expect(fixture.takeAsked() == ["GetSecretValue"])
        }
    }

    @Test("a version that AWS does not find yet is looked for again: it is there some time after the write")
    func late() async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            try Self.begin(fixture, SampleKeys.predecessor)
            fixture.fail(
                "PutSecretValue",
                .notifyBeforeReply {
                    fixture.refuse(
                        "GetSecretValue", times: 3, "ResourceNotFoundException",
                        "Secrets Manager can't find the specified secret value for VersionId: x")
                })
            _ = fixture.takeAsked()
            let answer = fixture.ask(.publish, ["secret": .string(fixture.name)])
            #expect(answer.outcome == .committed, "\(answer)")
            #expect(fixture.takeAsked().count { $0 == "PutSecretValue" } == 1 && fixture.slept > 1)
            #expect(try Self.held(fixture) == SampleKeys.text(SampleKeys.successor))
        }
    }

    @Test("another's write between reading and writing stays, and is a conflict", arguments: [true, false])
    func overtaken(isField: Bool) async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            let (before, theirs) =
                isField
                ? (
                    #"{"key": "\#(SampleKeys.text(SampleKeys.predecessor))"}"#,
                    #"{"key": "\#(SampleKeys.text(SampleKeys.foreign))", "new": 1}"#
                ) : (SampleKeys.text(SampleKeys.predecessor), SampleKeys.text(SampleKeys.foreign))
            _ = try fixture.boto(
                "secretsmanager", "create_secret", ["Name": .string(fixture.name), "SecretString": .string(before)])
            let name = fixture.name
            fixture.fail(
                "UpdateSecretVersionStage",
                .notifyBeforeRequest {
                    _ = try? fixture.boto(
                        "secretsmanager", "put_secret_value",
                        ["SecretId": .string(name), "SecretString": .string(theirs)])
                })
            var with: JSONObject = ["secret": .string(name)]
            if isField { with["field"] = "key" }
            let answer = fixture.ask(.publish, with)
            guard case .rejected(let error) = answer.outcome else {
                Issue.record("\(answer)")
                return
            }
            #expect(error.code == .conflict)
            #expect(try Self.held(fixture) == theirs)
            // Nothing of ours stands in the way of the next rotation.
            let shown = try fixture.boto("secretsmanager", "describe_secret", ["SecretId": .string(name)])
            #expect(shown["VersionIdsToStages"]?.object?.members.contains { $0.value == ["AWSPENDING"] } == false)
        }
    }

    @Test(
        "another's write to a sibling is kept, wherever it comes between",
        arguments: [
            "GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage",
        ])
    func siblings(operation: String) async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            func document(_ key: Secret, _ number: Int) -> String {
                #"{"key": "\#(SampleKeys.text(key))", "sibling": \#(number)}"#
            }
            _ = try fixture.boto(
                "secretsmanager", "create_secret",
                ["Name": .string(fixture.name), "SecretString": .string(document(SampleKeys.predecessor, 1))])
            let theirs = document(SampleKeys.predecessor, 2)
            fixture.fail(
                operation,
                .notifyBeforeRequest {
                    _ = try? fixture.boto(
                        "secretsmanager", "put_secret_value",
                        ["SecretId": .string(fixture.name), "SecretString": .string(theirs)])
                })
            let answer = fixture.ask(.publish, ["secret": .string(fixture.name), "field": "key"])
            #expect(answer.outcome == .committed)
            #expect(try Self.held(fixture) == document(SampleKeys.successor, 2))
        }
    }

    @Test("a direct write over another's says so")
    func direct() async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            try Self.begin(fixture, SampleKeys.predecessor)
            fixture.fail(
                "PutSecretValue",
                .notifyBeforeRequest {
                    _ = try? fixture.boto(
                        "secretsmanager", "put_secret_value",
                        ["SecretId": .string(fixture.name), "SecretString": "theirs"])
                })
            let answer = fixture.ask(.publish, ["secret": .string(fixture.name), "stage": "direct"])
            #expect(answer.outcome == .committed)
            #expect(answer.message?.contains("which somebody else wrote meanwhile, was replaced") == true)
        }
    }

    @Test("somebody else makes the secret first", arguments: [SampleKeys.predecessor, SampleKeys.foreign])
    func created(theirs: Secret) async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            fixture.fail("CreateSecret", .notifyBeforeRequest { try? Self.begin(fixture, theirs) })
            let answer = fixture.ask(.publish, ["secret": .string(fixture.name), "create": true])
            let isKnown = theirs == SampleKeys.predecessor
            #expect(isKnown ? answer.outcome == .committed : answer.outcome.error?.code == .conflict)
            #expect(try Self.held(fixture) == SampleKeys.text(isKnown ? SampleKeys.successor : theirs))
        }
    }

    @Test(
        "a publisher that is killed after any write is asked again and goes on",
        arguments: [
            "PutSecretValue", "UpdateSecretVersionStage",
        ])
    func killed(operation: String) async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            try Self.begin(fixture, SampleKeys.predecessor)
            // No time for anything after the write that is lost.
            fixture.fail(operation, times: 9, .dropReply)
            fixture.fail("GetSecretValue", times: 0, .dropReply)
            let with: JSONObject = ["secret": .string(fixture.name)]
            _ = fixture.ask(.publish, with, within: 1.4)
            fixture.proxy.faults = []
            let answer = fixture.ask(.publish, with)
            #expect(answer.outcome == .committed || answer.outcome == .unchanged)
            #expect(try Self.held(fixture) == SampleKeys.text(SampleKeys.successor))
            let shown = try fixture.boto(
                "secretsmanager", "list_secret_version_ids", ["SecretId": .string(fixture.name)])
            #expect(shown["Versions"]?.array?.count == 2)
        }
    }

    @Test("a write in doubt that cannot be settled is unknown, not rejected")
    func doubt() async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            try Self.begin(fixture, SampleKeys.predecessor)
            fixture.fail(
                "UpdateSecretVersionStage",
                .notifyBeforeReply { fixture.refuse("GetSecretValue", times: 99, "AccessDeniedException", "gone") })
            fixture.fail("UpdateSecretVersionStage", .dropReply)
            let answer = fixture.ask(.publish, ["secret": .string(fixture.name)])
            guard case .unknown(let error) = answer.outcome else {
                Issue.record("\(answer)")
                return
            }
            #expect(error.code == .denied)
        }
    }

    static func begin(_ fixture: AWSFixture, _ held: Secret?) throws {
        guard let held else { return }
        _ = try fixture.boto(
            "secretsmanager", "create_secret",
            ["Name": .string(fixture.name), "SecretString": .string(SampleKeys.text(held))])
    }

    static func held(_ fixture: AWSFixture) throws -> String? {
        try fixture.boto("secretsmanager", "get_secret_value", ["SecretId": .string(fixture.name)])["SecretString"]?
            .string
    }
}
