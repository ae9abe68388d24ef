import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import AWS

/// Where credentials come from, and what becomes of them while a publisher works.
@Suite(.tags(.servers)) struct CredentialTests {
    private static let role: JSONValue = "arn:aws:iam::123456789012:role/deploy"

    /// One way to have credentials that end, and what is asked for them.
    struct Way: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let environment: @Sendable (AWSFixture, TemporaryDirectory) throws -> [String: String]
        var with: JSONObject = [:]
        let asked: [String]
    }

    private static let instance = "/ork/instance/latest"

    static let ways = [
        Way(
            testDescription: "an identity token in a file",
            environment: { _, folder in
                ["AWS_WEB_IDENTITY_TOKEN_FILE": try folder.write("good-file\n", to: "token")]
            }, with: ["role": role], asked: ["POST /"]),
        Way(
            testDescription: "an identity token in a variable, as at GitLab",
            environment: { _, _ in
                [
                    "AWS_WEB_IDENTITY_TOKEN": "good-variable", "AWS_ROLE_SESSION_NAME": "pipeline-7",
                    "AWS_ROLE_ARN": role.string ?? "",
                ]
            }, asked: ["POST /"]),
        Way(
            testDescription: "GitHub's endpoint for identity tokens",
            environment: { fixture, _ in
                [
                    "ACTIONS_ID_TOKEN_REQUEST_URL": "\(fixture.root)/ork/github?api-version=2.0",
                    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "request-token",
                ]
            }, with: ["role": role, "audience": "aws"],
            asked: ["GET /ork/github?api-version=2.0&audience=aws", "POST /"]),
        Way(
            testDescription: "a container's endpoint with a token",
            environment: { fixture, _ in
                [
                    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(fixture.root)/ork/container",
                    "AWS_CONTAINER_AUTHORIZATION_TOKEN": "container-token",
                ]
            }, asked: ["GET /ork/container"]),
        Way(
            testDescription: "a container's endpoint with a token in a file",
            environment: { fixture, folder in
                [
                    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(fixture.root)/ork/container",
                    "AWS_CONTAINER_AUTHORIZATION_TOKEN": "another",
                    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": try folder.write("container-token", to: "token"),
                ]
            }, with: ["credentials": "container"], asked: ["GET /ork/container"]),
        Way(
            testDescription: "an instance's metadata service",
            environment: { fixture, _ in ["AWS_EC2_METADATA_SERVICE_ENDPOINT": "\(fixture.root)/ork/instance"] },
            with: ["credentials": "instance"],
            asked: [
                "PUT \(instance)/api/token", "GET \(instance)/meta-data/iam/security-credentials/",
                "GET \(instance)/meta-data/iam/security-credentials/deploy",
            ]),
    ]

    @Test("credentials are fetched once, and anew when AWS says that they have expired", arguments: ways)
    func fetches(way: Way) async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            let folder = try TemporaryDirectory()
            let publisher = fixture.publisher(
                fixture.place.merging(try way.environment(fixture, folder)) { $1 })
            var with = way.with
            with["create"] = true
            with["secret"] = .string(fixture.name)
            #expect(fixture.ask(publisher, .publish, with).outcome == .committed)
            let reading = ["GetSecretValue", "DescribeSecret", "CreateSecret", "GetSecretValue"]
            #expect(fixture.takeSteps() == way.asked + reading)
            #expect(fixture.ask(publisher, .verify, with).outcome == .match)
            #expect(fixture.takeAsked() == ["GetSecretValue"])

            try fixture.expireAll()
            #expect(fixture.ask(publisher, .verify, with).outcome == .match)
            #expect(fixture.takeSteps() == ["GetSecretValue"] + way.asked + ["GetSecretValue"])
        }
    }

    @Test("a write that is refused for expired credentials is sent again with fresh ones")
    func renewsForWrites() async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            try SecretFaultTests.begin(fixture, SampleKeys.predecessor)
            let publisher = fixture.publisher(
                fixture.place.merging([
                    "AWS_ROLE_ARN": Self.role.string ?? "", "AWS_WEB_IDENTITY_TOKEN": "good-1",
                ]) { $1 })
            for operation in ["PutSecretValue", "UpdateSecretVersionStage"] {
                fixture.fail(operation, .notifyBeforeRequest { try? fixture.expireAll() })
            }
            #expect(fixture.ask(publisher, .publish, ["secret": .string(fixture.name)]).outcome == .committed)
            #expect(try SecretFaultTests.held(fixture) == SampleKeys.text(SampleKeys.successor))
            #expect(fixture.takeSteps().count { $0 == "POST /" } == 3)
        }
    }

    @Test("credentials that end soon are fetched anew before, and used if there are no others")
    func endsSoon() async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            try SecretFaultTests.begin(fixture, SampleKeys.successor)
            let publisher = fixture.publisher(
                fixture.place.merging([
                    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(fixture.root)/ork/container?lifetime=100",
                    "AWS_CONTAINER_AUTHORIZATION_TOKEN": "container-token",
                ]) { $1 })
            let with: JSONObject = ["secret": .string(fixture.name)]
            let endpoint = "GET /ork/container?lifetime=100"
            for _ in 1...2 {
                #expect(fixture.ask(publisher, .verify, with).outcome == .match)
                #expect(fixture.takeSteps() == [endpoint, "GetSecretValue"])
            }
            fixture.proxy.faults = [Fault(.answer(status: 503), times: 3) { _, path in path.hasPrefix("/ork/") }]
            #expect(fixture.ask(publisher, .verify, with).outcome == .match)
            #expect(fixture.takeAsked() == [endpoint, endpoint, endpoint, "GetSecretValue"])
            fixture.clock.pass(3600)
            fixture.proxy.faults = [Fault(.answer(status: 503), times: 3) { _, path in path.hasPrefix("/ork/") }]
            let error = fixture.ask(publisher, .verify, with).outcome.error
            #expect(error?.message == "the container's credentials cannot be had now (503)")
        }
    }

    @Test(
        "an endpoint that fails once is asked again",
        arguments: [
            Fault.Effect.answer(status: 500), .answer(status: 429), .dropReply, .dropRequest, .cutReply(afterBytes: 40),
        ])
    func asksAgain(effect: Fault.Effect) async throws {
        try await onOwnThread {
            for path in ["/ork/container", "/"] {
                let fixture = try AWSFixture([Fault(effect) { _, target in target == path }])
                let environment = [
                    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(fixture.root)/ork/container",
                    "AWS_CONTAINER_AUTHORIZATION_TOKEN": "container-token", "AWS_WEB_IDENTITY_TOKEN": "good-1",
                ]
                var with: JSONObject = ["secret": .string(fixture.name)]
                if path == "/" { with["role"] = Self.role }
                let answer = fixture.ask(.verify, with, environment: fixture.place.merging(environment) { $1 })
                #expect(answer.outcome == .absent)
            }
        }
    }

    static let refusals: [(token: String, code: PublisherError.Code, message: String)] = [
        ("expired-1", .denied, "the identity token has expired"),
        (
            "foreign-1", .denied,
            "STS does not accept the identity token: No OpenIDConnect provider found in your account"
        ),
        (
            "quoted-secret-token", .denied,
            "STS does not accept the identity token: The ID Token provided is not a valid JWT: <redacted>"
        ),
        (
            "stranger-1", .denied,
            "STS does not let this job have the role: Not authorized to perform sts:AssumeRoleWithWebIdentity"
        ),
        (
            "claim-1", .denied,
            "STS does not let this job have the role: The identity provider reported that authentication failed"
        ),
        (
            "region-1", .denied,
            "STS is not enabled in this region for the account: STS is not activated in the requested region"
        ),
        ("x", .configuration, "STS refuses the request: not by the model: Invalid length for parameter"),
    ]

    @Test("each refusal of STS is told apart", arguments: refusals.indices)
    func refusedByService(index: Int) async throws {
        let (token, code, message) = Self.refusals[index]
        try await onOwnThread {
            let fixture = try AWSFixture()
            let environment = fixture.place.merging(["AWS_WEB_IDENTITY_TOKEN": token]) { $1 }
            let answer = fixture.ask(
                .publish, ["secret": .string(fixture.name), "role": Self.role], environment: environment)
            guard case .rejected(let error) = answer.outcome else {
                Issue.record("\(answer)")
                return
            }
            #expect(error.code == code && error.message.hasPrefix(message), "\(error)")
            #expect(error.hint != nil && !"\(error)".contains(token + "-") || token == "x")
            #expect(fixture.takeAsked() == ["POST /"])
        }
    }

    @Test("an endpoint that hands out nothing is told")
    func nothing() async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            let full = ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(fixture.root)/ork/container"]
            let cases: [([String: String], JSONObject, String)] = [
                (full, [:], "the container's endpoint hands out no credentials (401: the token is another)"),
                (
                    ["AWS_EC2_METADATA_SERVICE_ENDPOINT": "\(fixture.root)/ork/instance/none"],
                    ["credentials": "instance"], "the instance's endpoint hands out no credentials (401)"
                ),
                (
                    [
                        "ACTIONS_ID_TOKEN_REQUEST_URL": "\(fixture.root)/ork/github",
                        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "another",
                    ], ["role": Self.role], "GitHub hands out no identity token (401)"
                ),
                (
                    ["AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere"], ["role": Self.role],
                    "the file in AWS_WEB_IDENTITY_TOKEN_FILE has no token that can be read"
                ),
            ]
            for (environment, with, message) in cases {
                var with = with
                with["secret"] = .string(fixture.name)
                let answer = fixture.ask(.check, with, environment: fixture.place.merging(environment) { $1 })
                guard case .rejected(let error) = answer.outcome else {
                    Issue.record("\(answer)")
                    continue
                }
                #expect(error.message.hasPrefix(message), "\(error)")
                #expect(error.hint != nil && error.field != nil)
            }
        }
    }

    @Test("what stands in for the endpoints is what botocore's own clients take it for")
    func counterpart() async throws {
        let found = try await onOwnThread { try AWSServer.shared.get().control("fetch") }
        let role: JSONValue = "arn:aws:sts::123456789012:assumed-role/deploy/test"
        #expect(found == [role, role])
    }

    @Test("the endpoints have AWS's addresses, and plain http goes nowhere else")
    func addresses() throws {
        func container(_ environment: [String: String]) throws -> String? {
            try ContainerCredentials.address(environment)?.description
        }
        let relative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
        let full = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
        #expect(try container([:]) == nil)
        #expect(try container([relative: "/v2/x?id=1", full: "https://h/"]) == "http://169.254.170.2/v2/x?id=1")
        for url in [
            "http://169.254.170.23/v1/credentials", "http://[fd00:ec2::23]/v1/credentials", "http://127.0.0.1:51679/x",
            "https://credentials.example/",
        ] {
            #expect(try container([full: url]) == url)
        }
        for url in [
            "http://10.0.0.1/", "http://credentials.example/", "http://169.254.170.3/",
            "http://169.254.170.23.example/",
            "ftp://127.0.0.1/",
        ] {
            #expect(throws: PublisherError.self) { try container([full: url]) }
        }
        for path in ["v2/x", "@evil.example/", ".evil.example/", ":80@evil.example/"] {
            #expect(throws: PublisherError.self) { try container([relative: path]) }
        }
        #expect(try InstanceCredentials.address([:]).description == "http://169.254.169.254")
        #expect(
            try InstanceCredentials.address(["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv6"]).description
                == "http://[fd00:ec2::254]")
        #expect(throws: PublisherError.self) {
            try InstanceCredentials.address(["AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://metadata.example"])
        }
    }

    @Test(
        "without credentials nothing is sent, and it is said what is missing",
        arguments: [
            ([:], [:], "env.AWS_ACCESS_KEY_ID"), (["AWS_ACCESS_KEY_ID": "AKIA"], [:], "env.AWS_SECRET_ACCESS_KEY"),
            ([:], ["credentials": "environment"], "env.AWS_ACCESS_KEY_ID"),
            ([:], ["credentials": "web_identity"], "with.role"), ([:], ["role": role], "env.AWS_WEB_IDENTITY_TOKEN"),
            (["AWS_WEB_IDENTITY_TOKEN": "t"], ["role": "deploy"], "with.role"),
            ([:], ["credentials": "container"], "env.AWS_CONTAINER_CREDENTIALS_FULL_URI"),
            (["AWS_EC2_METADATA_DISABLED": "true"], ["credentials": "instance"], "with.credentials"),
            ([:], ["credentials": "profile"], "with.credentials"),
        ] as [([String: String], JSONObject, String)])
    func none(environment: [String: String], with: JSONObject, field: String) async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            var with = with
            with["secret"] = .string(fixture.name)
            let answer = fixture.ask(.publish, with, environment: fixture.place.merging(environment) { $1 })
            guard case .rejected(let error) = answer.outcome else {
                Issue.record("\(answer)")
                return
            }
            #expect(error.code == .configuration && error.field == field && error.hint != nil, "\(error)")
            #expect(fixture.takeAsked().isEmpty)
        }
    }
}

extension AWSFixture {
    /// What was asked since the last time, each thing once in a row: on a busy machine an endpoint may be asked again.
    func takeSteps() -> [String] {
        takeAsked().reduce(into: []) { steps, next in
            if steps.last != next { steps.append(next) }
        }
    }

    /// Lets AWS say of every key that was used so far that it has expired.
    func expireAll() throws {
        let used = proxy.exchanges.compactMap { $0.request[header: "authorization"] }.compactMap { field in
            field.split(separator: "=").dropFirst().first?.split(separator: "/").first.map(String.init)
        }
        _ = try server.control("expire", ["keys": .array(used.map(JSONValue.string))])
    }
}
