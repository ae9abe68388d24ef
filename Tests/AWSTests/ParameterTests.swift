import FoundationEssentials
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

/// Parameters as they are written, seen by boto3.
@Suite(.tags(.servers)) struct ParameterTests {
    @Test("a parameter that is missing is made as a SecureString, as it is asked for")
    func creates() async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            let name = "/" + fixture.name
            let with: JSONObject = [
                "name": .string(name), "create": true, "description": "by ork", "kms_key_id": "alias/ork",
                "tier": "Advanced",
            ]
            #expect(fixture.ask(.verify, of: .parameter, with).outcome == .absent)
            #expect(
                fixture.ask(.check, of: .parameter, with).message
                    == "would make parameter \(name); no parameter \(name) in eu-central-1: nothing held the predecessor"
            )
            let answer = fixture.ask(.publish, of: .parameter, with)
            #expect(answer.outcome == .committed)
            #expect(answer.receipt == ["version": 1, "change": "created"])
            #expect(try Self.held(fixture) == SampleKeys.text(SampleKeys.successor))
            let listed = try Self.listed(fixture)
            #expect(listed["Type"] == "SecureString" && listed["KeyId"] == "alias/ork")
            #expect(listed["Description"] == "by ork" && listed["Tier"] == "Advanced")
            #expect(fixture.ask(.publish, of: .parameter, with).outcome == .unchanged)
            #expect(fixture.ask(.verify, of: .parameter, with).outcome == .match)
        }
    }

    @Test("a value is replaced, and all else that the parameter has is said again")
    func replaces() async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            let policy = #"{"Type":"NoChangeNotification","Version":"1.0","Attributes":{"After":"20","Unit":"Days"}}"#
            try Self.begin(
                fixture, SampleKeys.text(SampleKeys.predecessor),
                [
                    "KeyId": "alias/theirs", "Tier": "Advanced", "Description": "theirs", "AllowedPattern": "^sk-",
                    "Policies": .string("[\(policy)]"),
                ])
            let before = try Self.listed(fixture)
            let with: JSONObject = ["name": .string("/" + fixture.name)]
            #expect(fixture.ask(.check, of: .parameter, with).outcome == .ready)
            #expect(fixture.ask(.verify, of: .parameter, with).outcome == .mismatch)
            _ = fixture.takeAsked()
            let answer = fixture.ask(.publish, of: .parameter, with)
            #expect(answer.outcome == .committed)
            #expect(answer.receipt == ["version": 2, "change": "updated"])
            #expect(fixture.takeAsked() == ["GetParameter", "DescribeParameters", "PutParameter", "GetParameter"])
            #expect(try Self.held(fixture) == SampleKeys.text(SampleKeys.successor))
            let after = try Self.listed(fixture)
            for key in ["Type", "KeyId", "Tier", "Description", "AllowedPattern", "DataType"] {
                #expect(after[key] == before[key], "\(key)")
            }
            let sent = fixture.proxy.exchanges.last { $0.request[header: "x-amz-target"] == "AmazonSSM.PutParameter" }
            let body = try JSONValue(parsing: sent?.request.body ?? [])
            #expect(body["KeyId"] == "alias/theirs" && body["AllowedPattern"] == "^sk-")
        }
    }

    @Test("policies are said again as they are listed")
    func policies() async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            try Self.begin(fixture, SampleKeys.text(SampleKeys.predecessor))
            let one = #"{"Type":"Expiration","Version":"1.0","Attributes":{"Timestamp":"2030-01-01T00:00:00.000Z"}}"#
            let listed: JSONValue = [
                "Parameters": [
                    [
                        "Name": .string("/" + fixture.name), "Tier": "Advanced", "LastModifiedDate": 1,
                        "Policies": [["PolicyText": .string(one), "PolicyType": "Expiration", "PolicyStatus": "x"]],
                    ]
                ]
            ]
            @Sendable func answer(_ body: String) {
                fixture.fail(
                    "DescribeParameters",
                    .answer(status: 200, headers: [("Content-Type", "application/x-amz-json-1.1")], body: body))
            }
            // An empty page first, as AWS may answer.
            answer(#"{"Parameters": [], "NextToken": "more"}"#)
            fixture.fail("DescribeParameters", .notifyBeforeRequest { answer(listed.text()) })
            #expect(fixture.ask(.publish, of: .parameter, ["name": .string("/" + fixture.name)]).outcome == .committed)
            let sent = fixture.proxy.exchanges.last { $0.request[header: "x-amz-target"] == "AmazonSSM.PutParameter" }
            #expect(try JSONValue(parsing: sent?.request.body ?? [])["Policies"] == .string("[\(one)]"))
        }
    }

    @Test("a field is replaced, and every other byte stays")
    func field() async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            try Self.begin(fixture, SecretTests.document)
            let with: JSONObject = ["name": .string("/" + fixture.name), "field": "OPENROUTER_API_KEY"]
            #expect(fixture.ask(.publish, of: .parameter, with).outcome == .committed)
            #expect(
                try Self.held(fixture)
                    == SecretTests.document.replacing(
                        SampleKeys.text(SampleKeys.predecessor), with: SampleKeys.text(SampleKeys.successor)))
            #expect(fixture.ask(.verify, of: .parameter, with).outcome == .match)
        }
    }

    @Test("a value that the rotation does not know stays")
    func conflict() async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            try Self.begin(fixture, SampleKeys.text(SampleKeys.foreign))
            let with: JSONObject = ["name": .string("/" + fixture.name)]
            for verb in [Verb.check, .publish] {
                #expect(fixture.ask(verb, of: .parameter, with).outcome.error?.code == .conflict)
            }
            #expect(try Self.held(fixture) == SampleKeys.text(SampleKeys.foreign))
            #expect(fixture.ask(.publish, of: .parameter, with, expect: nil).outcome == .committed)
        }
    }

    @Test("a parameter that is no SecureString, and one that is missing, are refused")
    func refused() async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            let with: JSONObject = ["name": .string("/" + fixture.name)]
            #expect(
                fixture.ask(.publish, of: .parameter, with).outcome
                    == .rejected(
                        .notMade("no parameter /\(fixture.name) in eu-central-1", field: "with.name")))
            try Self.begin(fixture, SampleKeys.text(SampleKeys.predecessor), ["Type": "String"])
            for verb in Verb.basic {
                #expect(
                    fixture.ask(verb, of: .parameter, with).outcome.error?.message
                        == "parameter /\(fixture.name) is no SecureString: it would hold the key in the clear")
            }
            #expect(!fixture.takeAsked().contains("PutParameter"))
        }
    }

    static func begin(_ fixture: AWSFixture, _ text: String, _ more: JSONObject = [:]) throws {
        var body: JSONObject = [
            "Name": .string("/" + fixture.name), "Value": .string(text), "Type": "SecureString",
        ]
        for (key, value) in more.members { body[key] = value }
        _ = try fixture.boto("ssm", "put_parameter", .object(body))
    }

    static func held(_ fixture: AWSFixture) throws -> String? {
        try fixture.boto("ssm", "get_parameter", ["Name": .string("/" + fixture.name), "WithDecryption": true])[
            "Parameter"]?[
                "Value"]?.string
    }

    private static func listed(_ fixture: AWSFixture) throws -> JSONObject {
        let filter: JSONValue = ["Key": "Name", "Option": "Equals", "Values": [.string("/" + fixture.name)]]
        let list = try fixture.boto("ssm", "describe_parameters", ["ParameterFilters": [filter]])
        return list["Parameters"]?.array?.first?.object ?? [:]
    }
}
