import JSON
import PublisherKit
import TestSupport
import Testing

/// Settings that cannot be meant.
@Suite(.tags(.servers)) struct SettingsTests {
    private static let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/web-AbCdEf"

    @Test(
        "a setting that cannot be meant is refused before anything is sent",
        arguments: [
            (.secret, [:], "with.secret"), (.secret, ["secret": "a b"], "with.secret"),
            (.secret, ["secret": "arn:aws:s3:::bucket"], "with.secret"),
            (.secret, ["secret": "arn:aws:secretsmanager:EU:1:secret:x"], "with.secret"),
            (.secret, ["secret": .string(arn), "region": "us-east-1"], "with.region"),
            (.secret, ["secret": .string(arn), "create": true], "with.secret"),
            (.secret, ["secret": "x", "field": "a..b"], "with.field"),
            (.secret, ["secret": "x", "field": "a", "stage": "direct"], "with.stage"),
            (.secret, ["secret": "x", "stage": "later"], "with.stage"),
            (.secret, ["secret": "x", "kms_key_id": "alias/k"], "with.kms_key_id"),
            (.secret, ["secret": "x", "description": "d"], "with.description"),
            (.secret, ["secret": "x", "region": "evil.example/"], "with.region"),
            (.secret, ["secret": "x", "url": "http://h.example"], "with.url"),
            (.secret, ["secret": "x", "url": "https://h.example/path"], "with.url"),
            (.secret, ["secret": "x", "url": "https://h.example?x=1"], "with.url"),
            (.secret, ["secret": "x", "writes": 0], "with.writes"), (.parameter, [:], "with.name"),
            (.parameter, ["name": "a b"], "with.name"), (.parameter, ["name": "a/b"], "with.name"),
            (.parameter, ["name": "/a/"], "with.name"),
            (.parameter, ["name": "arn:aws:ssm:eu-west-1:1:parameter/x"], "with.name"),
            (.parameter, ["name": "/a:3"], "with.name"), (.parameter, ["name": "/a", "tier": "Advanced"], "with.tier"),
            (.parameter, ["name": "/a", "create": true, "tier": "Best"], "with.tier"),
            (.parameter, ["name": "/a", "kms_key_id": "k"], "with.kms_key_id"),
        ] as [(Which, JSONObject, String)])
    func refused(which: Which, with: JSONObject, field: String) async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            guard case .rejected(let error) = fixture.ask(.publish, of: which, with).outcome else {
                Issue.record("not rejected")
                return
            }
            #expect(error.code == .configuration && error.field == field, "\(error)")
            #expect(fixture.takeAsked().isEmpty)
        }
    }

    @Test("the region is that of the ARN, of the setting, of AWS_REGION or of AWS_DEFAULT_REGION")
    func regions() async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            func scope(_ with: JSONObject, _ regions: [String: String]) -> Substring? {
                var environment = fixture.environment()
                environment["AWS_REGION"] = nil
                _ = fixture.ask(.check, with, environment: environment.merging(regions) { $1 })
                let field = fixture.proxy.exchanges.last?.request[header: "authorization"]
                return field?.split(separator: "/").dropFirst(2).first
            }
            let both = ["AWS_REGION": "eu-north-1", "AWS_DEFAULT_REGION": "eu-south-1"]
            #expect(scope(["secret": .string(Self.arn)], both) == "eu-west-1")
            #expect(scope(["secret": "x", "region": "us-east-1"], both) == "us-east-1")
            #expect(scope(["secret": "x"], both) == "eu-north-1")
            #expect(scope(["secret": "x"], ["AWS_DEFAULT_REGION": "eu-south-1"]) == "eu-south-1")
            let before = fixture.proxy.exchanges.count
            #expect(scope(["secret": "x"], [:]) == "eu-south-1" && fixture.proxy.exchanges.count == before)
        }
    }

    @Test("two targets at one place are refused, two fields of one secret are not")
    func claims() async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            try SecretFaultTests.begin(fixture, nil)
            _ = try fixture.boto(
                "secretsmanager", "create_secret", ["Name": .string(fixture.name), "SecretString": "{}"])
            let publisher = fixture.publisher(fixture.environment())
            let with: JSONObject = ["secret": .string(fixture.name), "field": "a"]
            #expect(fixture.ask(publisher, .check, with, create: true).outcome == .ready)
            #expect(fixture.ask(publisher, .check, with, target: "other").outcome.error?.field == "with.field")
            var other = with
            other["field"] = "b"
            #expect(fixture.ask(publisher, .check, other, target: "other", create: true).outcome == .ready)
        }
    }
}
