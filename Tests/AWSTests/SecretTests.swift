import FoundationEssentials
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

/// Secrets as they are written, seen by boto3.
@Suite(.tags(.servers)) struct SecretTests {
    static let document = """
        { "username": "svc",\t"OPENROUTER_API_KEY":"\(SampleKeys.text(SampleKeys.predecessor))", "limits": {"n": 1.50, "ü": "\\u00e9"} }

        """

    @Test("a secret that is missing is made, with the key and the description that are asked for")
    func creates() async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            let with: JSONObject = [
                "secret": .string(fixture.name), "create": true, "description": "by ork", "kms_key_id": "alias/ork",
            ]
            #expect(fixture.ask(.verify, with).outcome == .absent)
            #expect(
                fixture.ask(.check, with).message
                    == "would make secret \(fixture.name); no secret \(fixture.name) in eu-central-1: nothing held the predecessor"
            )
            let answer = fixture.ask(.publish, with)
            #expect(answer.outcome == .committed)
            #expect(answer.receipt?["change"] == "created")
            let value = try fixture.boto("secretsmanager", "get_secret_value", ["SecretId": .string(fixture.name)])
            #expect(value["SecretString"]?.string == SampleKeys.text(SampleKeys.successor))
            #expect(value["VersionId"] == answer.receipt?["version_id"])
            let shown = try fixture.boto("secretsmanager", "describe_secret", ["SecretId": .string(fixture.name)])
            #expect(shown["Description"] == "by ork" && shown["KmsKeyId"] == "alias/ork")
            #expect(fixture.ask(.verify, with).outcome == .match)
            #expect(fixture.ask(.publish, with).outcome == .unchanged)
        }
    }

    @Test("a secret that is missing is not made unasked")
    func missing() async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            let error = PublisherError.notMade(
                "no secret \(fixture.name) in eu-central-1", hint: "AWS says the same of what is in another account",
                field: "with.secret")
            for verb in [Verb.check, .publish] {
                let answer = fixture.ask(verb, ["secret": .string(fixture.name)])
                #expect(answer.outcome == .rejected(error) && answer.held == .nothing)
            }
            #expect(fixture.takeAsked().allSatisfy { ["GetSecretValue", "DescribeSecret"].contains($0) })
        }
    }

    @Test("a whole secret is replaced", arguments: [nil, "pending", "direct"])
    func replaces(stage: String?) async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            let made = try fixture.boto(
                "secretsmanager", "create_secret",
                ["Name": .string(fixture.name), "SecretString": .string(SampleKeys.text(SampleKeys.predecessor))])
            var with: JSONObject = ["secret": made["ARN"] ?? .null]
            if let stage { with["stage"] = .string(stage) }
            #expect(fixture.ask(.check, with).outcome == .ready)
            #expect(fixture.ask(.verify, with).outcome == .mismatch)
            _ = fixture.takeAsked()
            let answer = fixture.ask(.publish, with)
            #expect(answer.outcome == .committed && answer.receipt?["change"] == "updated")
            #expect(answer.receipt?["previous_version_id"] == made["VersionId"])
            #expect(
                fixture.takeAsked()
                    == ["GetSecretValue", "DescribeSecret", "PutSecretValue", "GetSecretValue"]
                    + [stage == "direct" ? "DescribeSecret" : "UpdateSecretVersionStage"])
            let value = try fixture.boto("secretsmanager", "get_secret_value", ["SecretId": .string(fixture.name)])
            #expect(value["SecretString"]?.string == SampleKeys.text(SampleKeys.successor))
            let previous = try fixture.boto(
                "secretsmanager", "get_secret_value",
                ["SecretId": .string(fixture.name), "VersionStage": "AWSPREVIOUS"])
            #expect(previous["SecretString"]?.string == SampleKeys.text(SampleKeys.predecessor))
        }
    }

    @Test("a field is replaced, and every other byte stays")
    func field() async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            _ = try fixture.boto(
                "secretsmanager", "create_secret",
                ["Name": .string(fixture.name), "SecretString": .string(Self.document)])
            let with: JSONObject = ["secret": .string(fixture.name), "field": "OPENROUTER_API_KEY"]
            #expect(fixture.ask(.publish, with).outcome == .committed)
            #expect(fixture.ask(.verify, with).outcome == .match)
            let value = try fixture.boto("secretsmanager", "get_secret_value", ["SecretId": .string(fixture.name)])
            #expect(
                value["SecretString"]?.string
                    == Self.document.replacing(
                        SampleKeys.text(SampleKeys.predecessor), with: SampleKeys.text(SampleKeys.successor)))
            // A field that is not there yet, further down.
            let other: JSONObject = ["secret": .string(fixture.name), "field": "limits.key"]
            #expect(fixture.ask(.verify, other).outcome == .absent)
            let refusal = PublisherError.notMade(
                "no value at limits.key of secret \(fixture.name)", field: "with.field")
            #expect(fixture.ask(.publish, other).outcome == .rejected(refusal))
            let made = fixture.ask(.publish, other, create: true)
            #expect(made.outcome == .committed && made.held == .nothing)
            #expect(fixture.ask(.verify, other).outcome == .match && fixture.ask(.verify, with).outcome == .match)
        }
    }

    @Test("a secret without a value gets its first one if it is asked for", arguments: ["pending", "direct"])
    func empty(stage: String) async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            _ = try fixture.boto("secretsmanager", "create_secret", ["Name": .string(fixture.name)])
            let with: JSONObject = ["secret": .string(fixture.name), "stage": .string(stage)]
            #expect(fixture.ask(.verify, with).outcome == .absent)
            for verb in [Verb.check, .publish] {
                #expect(
                    fixture.ask(verb, with).outcome
                        == .rejected(.notMade("no value at secret \(fixture.name)", field: "with.secret")))
            }
            #expect(fixture.ask(.check, with, create: true).outcome == .ready)
            #expect(fixture.ask(.publish, with, create: true).outcome == .committed)
            #expect(fixture.ask(.verify, with).outcome == .match)
        }
    }

    @Test("a value that the rotation does not know stays, whole or in a field", arguments: [true, false])
    func conflict(isField: Bool) async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            let text =
                isField ? #"{"key": "\#(SampleKeys.text(SampleKeys.foreign))"}"# : SampleKeys.text(SampleKeys.foreign)
            _ = try fixture.boto(
                "secretsmanager", "create_secret", ["Name": .string(fixture.name), "SecretString": .string(text)])
            var with: JSONObject = ["secret": .string(fixture.name)]
            if isField { with["field"] = "key" }
            for verb in [Verb.check, .publish] {
                #expect(fixture.ask(verb, with).outcome.error?.code == .conflict)
            }
            let value = try fixture.boto("secretsmanager", "get_secret_value", ["SecretId": .string(fixture.name)])
            #expect(value["SecretString"]?.string == text)
            #expect(!fixture.takeAsked().contains("PutSecretValue"))
            #expect(fixture.ask(.publish, with, expect: nil).outcome == .committed)
        }
    }

    @Test("a whole secret that is JSON is a conflict that names the setting")
    func wrongShape() async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            _ = try fixture.boto(
                "secretsmanager", "create_secret",
                ["Name": .string(fixture.name), "SecretString": .string(Self.document)])
            let error = fixture.ask(.publish, ["secret": .string(fixture.name)]).outcome.error
            #expect(error?.hint == "it is JSON: name the field that is the key in 'field'")
            #expect(error?.field == "with.field")
        }
    }

    @Test("a field of what is no JSON, or no object, is refused", arguments: ["plain", "[1]", #"{"key": {}}"#])
    func noDocument(text: String) async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            _ = try fixture.boto(
                "secretsmanager", "create_secret", ["Name": .string(fixture.name), "SecretString": .string(text)])
            let answer = fixture.ask(.publish, ["secret": .string(fixture.name), "field": "key"])
            guard case .rejected(let error) = answer.outcome else {
                Issue.record("\(answer)")
                return
            }
            #expect(error.field == "with.field" && error.message.hasPrefix("key of secret "))
        }
    }

    @Test("what has been rolled back is published again, though AWS takes the same version for done")
    func again() async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            for stage in ["pending", "direct"] {
                let name = fixture.name + stage
                let made = try fixture.boto(
                    "secretsmanager", "create_secret",
                    ["Name": .string(name), "SecretString": .string(SampleKeys.text(SampleKeys.predecessor))])
                let with: JSONObject = ["secret": .string(name), "stage": .string(stage)]
                let first = fixture.ask(.publish, with)
                _ = try fixture.boto(
                    "secretsmanager", "update_secret_version_stage",
                    [
                        "SecretId": .string(name), "VersionStage": "AWSCURRENT",
                        "MoveToVersionId": made["VersionId"] ?? .null,
                        "RemoveFromVersionId": first.receipt?["version_id"] ?? .null,
                    ])
                #expect(fixture.ask(.verify, with).outcome == .mismatch)
                #expect(fixture.ask(.publish, with).outcome == .committed)
                #expect(fixture.ask(.verify, with).outcome == .match)
            }
        }
    }

    @Test("a binary secret, one scheduled for deletion and a replica are told apart")
    func states() async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            let with: JSONObject = ["secret": .string(fixture.name)]
            _ = try fixture.boto(
                "secretsmanager", "create_secret", ["Name": .string(fixture.name), "SecretBinary": "AAEC"])
            #expect(
                fixture.ask(.publish, with).outcome.error?.message
                    == "secret \(fixture.name) is binary, and a key is text")
            _ = try fixture.boto("secretsmanager", "delete_secret", ["SecretId": .string(fixture.name)])
            for verb in Verb.basic {
                let error = fixture.ask(verb, with).outcome.error
                #expect(error?.code == .notFound && error?.message.contains("scheduled for deletion") == true)
            }
            let other = fixture.name + "-r"
            _ = try fixture.boto(
                "secretsmanager", "create_secret",
                [
                    "Name": .string(other), "SecretString": .string(SampleKeys.text(SampleKeys.predecessor)),
                    "AddReplicaRegions": [["Region": "us-east-1"]],
                ])
            let replica = fixture.ask(.publish, ["secret": .string(other), "region": "us-east-1"])
            #expect(replica.outcome.error?.message == "the secret is a replica of another region's, which only reads")
            #expect(replica.outcome.error?.field == "with.region")
        }
    }

    @Test("a rotation that somebody else has begun is not come between; one that ork left behind is")
    func rotations() async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            _ = try fixture.boto(
                "secretsmanager", "create_secret",
                ["Name": .string(fixture.name), "SecretString": .string(SampleKeys.text(SampleKeys.predecessor))])
            func pend(_ version: String) throws {
                _ = try fixture.boto(
                    "secretsmanager", "put_secret_value",
                    [
                        "SecretId": .string(fixture.name), "SecretString": "x", "VersionStages": ["AWSPENDING"],
                        "ClientRequestToken": .string(version),
                    ])
            }
            try pend("00000000-0000-4000-8000-000000000000")
            let with: JSONObject = ["secret": .string(fixture.name)]
            for verb in [Verb.check, .publish] {
                let error = fixture.ask(verb, with).outcome.error
                #expect(error?.code == .conflict && error?.message.contains("is in progress") == true)
            }
            #expect(!fixture.takeAsked().contains("PutSecretValue"))
            try pend("ork-" + String(repeating: "0", count: 60))
            #expect(fixture.ask(.publish, with).outcome == .committed)
        }
    }
}

extension PublisherOutcome {
    /// The error of `rejected` and of `unknown`.
    var error: PublisherError? {
        switch self {
        case .rejected(let error), .unknown(let error): error
        default: nil
        }
    }
}
