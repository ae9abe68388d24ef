package import FoundationEssentials
import HTTP
package import PublisherPlugin
package import Secrets
package import ServiceClient

/// Those of the role of an EC2 instance, from its metadata service, version 2: a session first, which a request that
/// somebody tricked a server into making could not get ("Use the Instance Metadata Service").
package struct InstanceCredentials: CredentialSource {
    private let root: HTTPURL
    private let fetcher: Fetcher

    private static let variable = "AWS_EC2_METADATA_SERVICE_ENDPOINT"
    private static let field = "with.credentials"

    package init(_ environment: [String: String], _ fetcher: Fetcher) throws(PublisherError) {
        guard environment["AWS_EC2_METADATA_DISABLED"]?.lowercased() != "true" else {
            throw PublisherError(
                .configuration, "AWS_EC2_METADATA_DISABLED keeps the instance's role from being used",
                hint: "take the variable out of the target's env, or give other credentials", field: Self.field)
        }
        root = try Self.address(environment)
        self.fetcher = fetcher
    }

    static func address(_ environment: [String: String]) throws(PublisherError) -> HTTPURL {
        let isIPv6 = environment["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"]?.lowercased() == "ipv6"
        let standard = isIPv6 ? "http://[fd00:ec2::254]" : "http://169.254.169.254"
        do throws(HTTPURL.Mistake) {
            return try HTTPURL(credentialEndpoint: environment.value(variable) ?? standard)
        } catch {
            throw PublisherError(
                .configuration, "the variable \(variable) cannot be dialled: \(error.rawValue)",
                hint: "leave it out: the instance's own addresses are known", field: "env.\(variable)")
        }
    }

    package func fetch(until deadline: Date) throws(ServiceError) -> AWSCredentials {
        let session = try get(
            HTTPRequest(
                .put, root.appending("/latest/api/token"),
                headers: [("X-aws-ec2-metadata-token-ttl-seconds", "21600")], body: []), until: deadline)
        let roles = root.appending("/latest/meta-data/iam/security-credentials/")
        let role = try get(HTTPRequest(.get, roles, authorization: authorization(session)), until: deadline)
        guard let name = role.split(separator: "\n").first else { throw none(200) }
        let response = try fetcher.send(
            HTTPRequest(
                .get, roles.appending(HTTPURL.encode(String(name))), authorization: authorization(session)),
            for: "the instance's credentials", field: Self.field, until: deadline)
        return try fetcher.credentials(in: response, from: "the instance's endpoint", field: Self.field)
    }

    private func authorization(_ session: String) -> HTTPAuthorization {
        .field("X-aws-ec2-metadata-token", Secret(session))
    }

    private func get(_ request: HTTPRequest, until deadline: Date) throws(ServiceError) -> String {
        let response = try fetcher.send(
            request, for: "the instance's credentials", field: Self.field, until: deadline)
        guard response.status == 200, response.body.count <= 4096,
            let text = String(validating: response.body, as: UTF8.self), !text.isEmpty
        else { throw none(response.status) }
        return text
    }

    private func none(_ status: Int) -> ServiceError {
        ServiceError(
            PublisherError(
                .denied, "the instance's endpoint hands out no credentials (\(status))",
                hint: "look whether the instance has a role and whether its metadata service is on; in a container,"
                    + " whether its hop limit lets you reach it", field: Self.field))
    }

    package var isRenewable: Bool { true }

    package var secrets: [Secret] { [] }
}
