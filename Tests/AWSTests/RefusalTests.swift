import FoundationEssentials
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import AWS

/// Every refusal, told apart by AWS's own name for it.
@Suite(.tags(.servers)) struct RefusalTests {
    @Test(
        "a refusal is told with its reason, and nothing is written",
        arguments: RefusalCase.common + RefusalCase.secrets + RefusalCase.parameters)
    func told(example: RefusalCase) async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            fixture.refuse(
                example.operation, times: 9, status: example.status, example.reason, example.words,
                headers: [("Date", "Wed, 25 Nov 2026 00:15:00 GMT")])
            let with: JSONObject
            switch example.which {
            case .secret:
                try SecretFaultTests.begin(fixture, SampleKeys.predecessor)
                with = ["secret": .string(fixture.name)]
            case .parameter:
                try ParameterTests.begin(fixture, SampleKeys.text(SampleKeys.predecessor))
                with = ["name": .string("/" + fixture.name)]
            }
            let answer = fixture.ask(.publish, of: example.which, with)
            guard case .rejected(let error) = answer.outcome else {
                Issue.record("\(answer)")
                return
            }
            #expect(error.code == example.code)
            #expect(error.message.contains(example.message), "\(error.message)")
            #expect(error.hint?.contains(example.hint) == true, "\(error.hint ?? "")")
            let held = try example.which == .secret ? SecretFaultTests.held(fixture) : ParameterTests.held(fixture)
            #expect(held == SampleKeys.text(SampleKeys.predecessor))
        }
    }

    @Test(
        "who lacks a right learns which",
        arguments: [
            ("nobody", Which.secret, "secretsmanager:GetSecretValue"),
            ("reader", .secret, "secretsmanager:PutSecretValue"),
            ("putter", .secret, "secretsmanager:UpdateSecretVersionStage"),
            ("nobody", .parameter, "ssm:GetParameter"), ("reader", .parameter, "ssm:DescribeParameters"),
            ("describer", .parameter, "ssm:PutParameter"),
        ])
    func rights(user: String, which: Which, action: String) async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            let with: JSONObject
            if which == .secret {
                try SecretFaultTests.begin(fixture, SampleKeys.predecessor)
                with = ["secret": .string(fixture.name)]
            } else {
                try ParameterTests.begin(fixture, SampleKeys.text(SampleKeys.predecessor))
                with = ["name": .string("/" + fixture.name)]
            }
            let answer = fixture.ask(.publish, of: which, with, environment: fixture.environment(user))
            guard case .rejected(let error) = answer.outcome else {
                Issue.record("\(answer)")
                return
            }
            #expect(error.code == .denied && error.hint == "allow \(action) in the policies of the user or role")
        }
    }

    @Test("a wrong key, an unknown one and one that cannot be sent are told apart")
    func keys() async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            let good = fixture.environment()
            let cases = [
                ("AWS_SECRET_ACCESS_KEY", "wrong", "the secret access key does not belong to the access key"),
                (
                    "AWS_ACCESS_KEY_ID", "AKIAUNKNOWN",
                    "AWS does not know the access key, or not with this session token"
                ),
                ("AWS_SESSION_TOKEN", "wrong", "AWS does not know the access key, or not with this session token"),
                (
                    "AWS_SECRET_ACCESS_KEY", "cut off\n",
                    "the credential is empty or holds a blank or a line break; check how it was stored"
                ),
                (
                    "AWS_ACCESS_KEY_ID", "AKIA:x",
                    "the access key id holds something else than letters and digits; check how it was stored"
                ),
            ]
            for (name, value, message) in cases {
                let answer = fixture.ask(
                    .publish, ["secret": .string(fixture.name)], environment: good.merging([name: value]) { $1 })
                guard case .rejected(let error) = answer.outcome else {
                    Issue.record("\(answer)")
                    continue
                }
                #expect(error.message == message)
            }
        }
    }

    @Test(
        "too many requests are waited for, as long as AWS says or longer each time",
        arguments: [
            (400, "ThrottlingException", nil, 1 + 2 + 4), (400, "ThrottlingException", "20", 60), (429, "", "7", 21),
            (429, "TooManyRequestsException", nil, 7), (400, "RequestLimitExceeded", "0", 3),
        ] as [(Int, String, String?, Double)])
    func throttled(status: Int, reason: String, wish: String?, seconds: Double) async throws {
        try await onOwnThread {
            for operation in ["GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage"] {
                let fixture = try AWSFixture()
                try SecretFaultTests.begin(fixture, SampleKeys.predecessor)
                fixture.refuse(
                    operation, times: 3, status: status, reason, "Rate exceeded",
                    headers: wish.map { [("Retry-After", $0)] } ?? [])
                #expect(fixture.ask(.publish, ["secret": .string(fixture.name)]).outcome == .committed)
                #expect((seconds...seconds + 1).contains(fixture.slept.rounded()), "\(fixture.slept)")
            }
        }
    }

    @Test("too many requests for longer than there is time is told, with when to come back")
    func throttledTooLong() async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            fixture.refuse("GetSecretValue", "ThrottlingException", headers: [("Retry-After", "300")])
            guard
                case .rejected(let error) = fixture.ask(.publish, ["secret": .string(fixture.name)]).outcome
            else {
                Issue.record("not rejected")
                return
            }
            #expect(error.code == .rateLimited && (290...300).contains(error.retryAfter ?? 0))
        }
    }

    @Test("what is not AWS is told", arguments: [(403, "<html>no</html>"), (404, ""), (200, "<html>"), (302, "")])
    func strange(status: Int, body: String) async throws {
        try await onOwnThread {
            let fixture = try AWSFixture()
            fixture.fail(
                "GetSecretValue",
                .answer(
                    status: status, headers: [("Content-Type", "text/html"), ("Location", "https://login.example")],
                    body: body))
            guard
                case .rejected(let error) = fixture.ask(.publish, ["secret": .string(fixture.name)]).outcome
            else {
                Issue.record("not rejected")
                return
            }
            #expect([.unavailable, .notFound].contains(error.code) && error.hint != nil)
        }
    }

    @Test("every name of an error that ork knows is one of AWS's")
    func names() async throws {
        let known = try await onOwnThread { try AWSServer.shared.get().control("reasons") }
        // "Common error types" of the services' API references, IAM's "Common errors", and what signatures are refused
        // with ("Troubleshoot Signature Version 4 signing").
        let common: Set<String> = [
            "AccessDenied", "AccessDeniedException", "ExpiredToken", "ExpiredTokenException", "IncompleteSignature",
            "IncompleteSignatureException", "InvalidAction", "InvalidClientTokenId", "InvalidParameterValue",
            "InvalidSignatureException", "MissingAuthenticationToken", "MissingAuthenticationTokenException",
            "OptInRequired", "RequestExpired", "RequestTimeTooSkewed", "SerializationException",
            "SignatureDoesNotMatch", "UnknownOperationException", "UnrecognizedClientException", "ValidationError",
            "ValidationException", "RegionDisabledException",
        ]
        let names = common.union((known.object?.members ?? []).flatMap { $0.value.array ?? [] }.compactMap(\.string))
        var count = 0
        for file in [
            "Sources/Publishing/AWS/AWSService.swift", "Sources/Publishing/AWS/WebIdentity.swift",
            "plugins/aws-parameter/ParameterStore.swift",
            "plugins/aws-parameter/ParameterTarget.swift", "plugins/aws-secrets-manager/SecretStore.swift",
            "plugins/aws-secrets-manager/SecretTarget.swift",
        ] {
            let path = BuiltProduct.repository + "/" + file
            let source = try String(contentsOf: URL(filePath: path), encoding: .utf8)
            let suffixes = ["Exception", "Failure", "NotFound", "Exceeded", "Denied", "Error", "Signature", "Expired"]
            for quoted in source.split(separator: "\"") {
                guard suffixes.contains(where: { quoted.hasSuffix($0) && quoted != $0 }),
                    quoted.allSatisfy({ $0.isASCII && $0.isLetter })
                else { continue }
                count += 1
                #expect(names.contains(String(quoted)), "\(file): \(quoted)")
            }
        }
        #expect(count > 40)
        let throttling = Set((known["throttling"]?.array ?? []).compactMap(\.string))
        #expect(AWSReason.throttling.subtracting(throttling) == ["TooManyUpdates"])
    }
}
