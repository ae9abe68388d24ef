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
            let world = try World()
            let name = "/" + world.name
            let with: JSONObject = [
                "name": .string(name), "create": true, "description": "by ork", "kms_key_id": "alias/ork",
                "tier": "Advanced",
            ]
            #expect(world.ask(.verify, of: .parameter, with).outcome == .absent)
            #expect(world.ask(.check, of: .parameter, with).message == "would make parameter \(name)")
            let answer = world.ask(.publish, of: .parameter, with)
            #expect(answer.outcome == .committed)
            #expect(answer.receipt == ["version": 1, "change": "created"])
            #expect(try Self.held(world) == Keys.text(Keys.successor))
            let listed = try Self.listed(world)
            #expect(listed["Type"] == "SecureString" && listed["KeyId"] == "alias/ork")
            #expect(listed["Description"] == "by ork" && listed["Tier"] == "Advanced")
            #expect(world.ask(.publish, of: .parameter, with).outcome == .unchanged)
            #expect(world.ask(.verify, of: .parameter, with).outcome == .match)
        }
    }

    @Test("a value is replaced, and all else that the parameter has is said again")
    func replaces() async throws {
        try await onOwnThread {
            let world = try World()
            let policy = #"{"Type":"NoChangeNotification","Version":"1.0","Attributes":{"After":"20","Unit":"Days"}}"#
            try Self.begin(
                world, Keys.text(Keys.predecessor),
                [
                    "KeyId": "alias/theirs", "Tier": "Advanced", "Description": "theirs", "AllowedPattern": "^sk-",
                    "Policies": .string("[\(policy)]"),
                ])
            let before = try Self.listed(world)
            let with: JSONObject = ["name": .string("/" + world.name)]
            #expect(world.ask(.check, of: .parameter, with).outcome == .ready)
            #expect(world.ask(.verify, of: .parameter, with).outcome == .mismatch)
            _ = world.takeAsked()
            let answer = world.ask(.publish, of: .parameter, with)
            #expect(answer.outcome == .committed)
            #expect(answer.receipt == ["version": 2, "change": "updated"])
            #expect(world.takeAsked() == ["GetParameter", "DescribeParameters", "PutParameter", "GetParameter"])
            #expect(try Self.held(world) == Keys.text(Keys.successor))
            let after = try Self.listed(world)
            for key in ["Type", "KeyId", "Tier", "Description", "AllowedPattern", "DataType"] {
                #expect(after[key] == before[key], "\(key)")
            }
            let sent = world.proxy.exchanges.last { $0.request[header: "x-amz-target"] == "AmazonSSM.PutParameter" }
            let body = try JSONValue(parsing: sent?.request.body ?? [])
            #expect(body["KeyId"] == "alias/theirs" && body["AllowedPattern"] == "^sk-")
        }
    }

    @Test("policies are said again as they are listed")
    func policies() async throws {
        try await onOwnThread {
            let world = try World()
            try Self.begin(world, Keys.text(Keys.predecessor))
            let one = #"{"Type":"Expiration","Version":"1.0","Attributes":{"Timestamp":"2030-01-01T00:00:00.000Z"}}"#
            let listed: JSONValue = [
                "Parameters": [
                    [
                        "Name": .string("/" + world.name), "Tier": "Advanced", "LastModifiedDate": 1,
                        "Policies": [["PolicyText": .string(one), "PolicyType": "Expiration", "PolicyStatus": "x"]],
                    ]
                ]
            ]
            @Sendable func answer(_ body: String) {
                world.fail(
                    "DescribeParameters",
                    .answer(status: 200, headers: [("Content-Type", "application/x-amz-json-1.1")], body: body))
            }
            // An empty page first, as AWS may answer.
            answer(#"{"Parameters": [], "NextToken": "more"}"#)
            world.fail("DescribeParameters", .notifyBeforeRequest { answer(listed.text()) })
            #expect(world.ask(.publish, of: .parameter, ["name": .string("/" + world.name)]).outcome == .committed)
            let sent = world.proxy.exchanges.last { $0.request[header: "x-amz-target"] == "AmazonSSM.PutParameter" }
            #expect(try JSONValue(parsing: sent?.request.body ?? [])["Policies"] == .string("[\(one)]"))
        }
    }

    @Test("a field is replaced, and every other byte stays")
    func field() async throws {
        try await onOwnThread {
            let world = try World()
            try Self.begin(world, SecretTests.document)
            let with: JSONObject = ["name": .string("/" + world.name), "field": "OPENROUTER_API_KEY"]
            #expect(world.ask(.publish, of: .parameter, with).outcome == .committed)
            #expect(
                try Self.held(world)
                    == SecretTests.document.replacing(Keys.text(Keys.predecessor), with: Keys.text(Keys.successor)))
            #expect(world.ask(.verify, of: .parameter, with).outcome == .match)
        }
    }

    @Test("a value that the rotation does not know stays")
    func conflict() async throws {
        try await onOwnThread {
            let world = try World()
            try Self.begin(world, Keys.text(Keys.foreign))
            let with: JSONObject = ["name": .string("/" + world.name)]
            for verb in [Verb.check, .publish] {
                #expect(world.ask(verb, of: .parameter, with).outcome.error?.code == .conflict)
            }
            #expect(try Self.held(world) == Keys.text(Keys.foreign))
            #expect(world.ask(.publish, of: .parameter, with, expect: nil).outcome == .committed)
        }
    }

    @Test("a parameter that is no SecureString, and one that is missing, are refused")
    func refused() async throws {
        try await onOwnThread {
            let world = try World()
            let with: JSONObject = ["name": .string("/" + world.name)]
            #expect(
                world.ask(.publish, of: .parameter, with).outcome
                    == .rejected(
                        PublisherError(
                            .notFound, "there is no parameter /\(world.name) in eu-central-1",
                            hint: "make it as a SecureString, or add 'create: true'", field: "with.name")))
            try Self.begin(world, Keys.text(Keys.predecessor), ["Type": "String"])
            for verb in Verb.allCases {
                #expect(
                    world.ask(verb, of: .parameter, with).outcome.error?.message
                        == "parameter /\(world.name) is no SecureString: it would hold the key in the clear")
            }
            #expect(!world.takeAsked().contains("PutParameter"))
        }
    }

    static func begin(_ world: World, _ text: String, _ more: JSONObject = [:]) throws {
        var body: JSONObject = [
            "Name": .string("/" + world.name), "Value": .string(text), "Type": "SecureString",
        ]
        for (key, value) in more.members { body[key] = value }
        _ = try world.boto("ssm", "put_parameter", .object(body))
    }

    static func held(_ world: World) throws -> String? {
        try world.boto("ssm", "get_parameter", ["Name": .string("/" + world.name), "WithDecryption": true])[
            "Parameter"]?[
                "Value"]?.string
    }

    private static func listed(_ world: World) throws -> JSONObject {
        let filter: JSONValue = ["Key": "Name", "Option": "Equals", "Values": [.string("/" + world.name)]]
        let list = try world.boto("ssm", "describe_parameters", ["ParameterFilters": [filter]])
        return list["Parameters"]?.array?.first?.object ?? [:]
    }
}
