import FoundationEssentials
import TestSupport
import Testing

/// The publishers for AWS, as `ork-conform` sees them; boto3 reads the targets.
@Suite(.serialized, .tags(.servers)) struct AWSConformTests {
    /// Prints what boto3 finds: a service, an operation, the member with the name, the name.
    private static let reader = """
        import boto3, sys
        service, operation, member, name = sys.argv[1:]
        more = {"WithDecryption": True} if service == "ssm" else {}
        answer = getattr(boto3.client(service), operation)(**{member: name}, **more)
        print(answer.get("SecretString") or answer["Parameter"]["Value"])
        """

    @Test(
        "ork-publisher-aws-secrets-manager keeps the contract, whole, in a field, in two phases and directly",
        arguments: [[], ["field=openrouter.key"], ["stage=pending"], ["stage=direct"]])
    func secret(settings: [String]) async throws {
        let server = try await onOwnThread { try AWSServer.shared.get() }
        let name = "conform/" + UUID().uuidString
        let lines = try await Conform.run(
            "ork-publisher-aws-secrets-manager", with: ["secret=\(name)"] + settings,
            environment: server.environment(),
            command: try Self.command("secretsmanager get_secret_value SecretId", name))
        #expect(lines.last == "26 passed, 0 failed, 0 skipped", "\(lines)")
    }

    @Test("ork-publisher-aws-parameter keeps the contract, whole and in a field", arguments: [[], ["field=key"]])
    func parameter(settings: [String]) async throws {
        let server = try await onOwnThread { try AWSServer.shared.get() }
        let name = "/conform/" + UUID().uuidString
        let lines = try await Conform.run(
            "ork-publisher-aws-parameter", with: ["name=\(name)"] + settings,
            environment: server.environment(), command: try Self.command("ssm get_parameter Name", name))
        #expect(lines.last == "26 passed, 0 failed, 0 skipped", "\(lines)")
    }

    private static func command(_ words: String, _ name: String) throws -> String {
        "AWS_DEFAULT_REGION=eu-central-1 '\(try Python.interpreter())' -c '\(reader)' \(words) '\(name)' 2>/dev/null"
    }
}
