package import FoundationEssentials
package import HTTP
import JSON
package import PublisherKit
package import Secrets
import Synchronization
package import Timestamps

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
                .configuration, "the variable \(variable) cannot be used: \(error.rawValue)",
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
                hint: "check whether the instance has a role and whether its metadata service is on; in a container,"
                    + " whether its hop limit lets you reach it", field: Self.field))
    }

    package var isRenewable: Bool { true }

    package var secrets: [Secret] { [] }
}

/// Those of an ECS task or an EKS pod, from the endpoint that the container's variables name.
package final class ContainerCredentials: CredentialSource {
    private let url: HTTPURL
    private let token: Secret?
    private let tokenFile: String?
    private let fetcher: Fetcher
    private let sent = Mutex<[Secret]>([])

    private static let relative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
    private static let full = "AWS_CONTAINER_CREDENTIALS_FULL_URI"

    /// `nil` if the variables name none.
    package init?(_ environment: [String: String], _ fetcher: Fetcher) throws(PublisherError) {
        guard let url = try Self.address(environment) else { return nil }
        self.url = url
        self.fetcher = fetcher
        token = environment.value("AWS_CONTAINER_AUTHORIZATION_TOKEN").map { Secret($0) }
        tokenFile = environment.value("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
    }

    /// The relative variable wins, as in AWS's SDKs.
    static func address(_ environment: [String: String]) throws(PublisherError) -> HTTPURL? {
        let path = environment.value(relative)
        guard let text = path.map({ "http://169.254.170.2\($0)" }) ?? environment.value(full) else { return nil }
        do throws(HTTPURL.Mistake) {
            guard path?.hasPrefix("/") ?? true else { throw .form }
            return try HTTPURL(credentialEndpoint: text)
        } catch {
            let name = path == nil ? full : relative
            throw PublisherError(
                .configuration, "the variable \(name) cannot be used: \(error.rawValue)",
                hint: "ECS and EKS set it; plain http is for this machine and AWS's link-local addresses only",
                field: "env.\(name)")
        }
    }

    package func fetch(until deadline: Date) throws(ServiceError) -> AWSCredentials {
        var request = HTTPRequest(.get, url)
        // The file is renewed while the pod lives.
        let token = try tokenFile.map { path throws(ServiceError) in
            try TokenFile.read(path, named: "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
        }
        if let token = token ?? self.token {
            sent.withLock { if !$0.contains(token) { $0.append(token) } }
            request.authorization = .field("Authorization", token)
        }
        let response = try fetcher.send(
            request, for: "the container's credentials", field: "env.\(Self.full)", until: deadline)
        return try fetcher.credentials(in: response, from: "the container's endpoint", field: "env.\(Self.full)")
    }

    package var isRenewable: Bool { true }

    package var secrets: [Secret] { sent.withLock(\.self) }
}

/// Asks what hands out credentials. That changes nothing, so it is tried again.
package struct Fetcher: Sendable {
    let transport: any HTTPTransport
    let clock: any WallClock

    private static let tries = 3
    /// The endpoints are near; STS answers within seconds.
    private static let limit: TimeInterval = 10

    package init(_ transport: any HTTPTransport, clock: any WallClock) {
        self.transport = transport
        self.clock = clock
    }

    /// The answer, whatever its status below 500; `what` is being asked for.
    func send(
        _ request: HTTPRequest, for what: String, field: String, until deadline: Date
    ) throws(ServiceError) -> HTTPResponse {
        var request = request
        request.isIdempotent = true
        var failure = ServiceError(PublisherError(.unavailable, "there was no time left to get \(what)"))
        for number in 1...Self.tries {
            let rest = deadline.timeIntervalSince(clock.now)
            guard rest > 0 else { throw failure }
            request.timeout = .milliseconds(Int(min(rest, Self.limit) * 1000))
            do throws(TransportError) {
                let response = try transport.send(request)
                guard response.status >= 500 || response.status == 429 else { return response }
                failure = ServiceError(
                    PublisherError(
                        .unavailable, "\(what) cannot be had now (\(response.status))", hint: "run the step again",
                        field: field))
            } catch {
                failure = ServiceError(
                    PublisherError(
                        .unavailable, "\(what) cannot be had: \(error.message)",
                        hint: "check whether the address is right, and reachable from this job", field: field))
            }
            if number < Self.tries {
                clock.sleep(until: min(deadline, clock.now.addingTimeInterval(0.5 * Double(number))))
            }
        }
        throw failure
    }

    /// The credentials in an answer of an endpoint.
    func credentials(
        in response: HTTPResponse, from place: String, field: String
    ) throws(ServiceError) -> AWSCredentials {
        let body = try? JSONValue(parsing: response.body)
        if response.status == 200, let credentials = AWSCredentials(body, token: "Token") { return credentials }
        // The instance endpoint answers 200 with {"Code": "AssumeRoleUnauthorizedAccess", "Message": …}.
        let words = (body?["Message"] ?? body?["message"])?.string.map { ": \(DisplayText.line($0))" } ?? ""
        throw ServiceError(
            PublisherError(
                .denied, "\(place) hands out no credentials (\(response.status)\(words))",
                hint: "check whether this machine, task or pod has a role, and whether the role trusts it",
                field: field))
    }
}
