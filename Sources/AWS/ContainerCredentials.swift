package import FoundationEssentials
import HTTP
package import PublisherPlugin
package import Secrets
package import ServiceClient
import Synchronization

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
                .configuration, "the variable \(name) cannot be dialled: \(error.rawValue)",
                hint: "ECS and EKS set it; plain http is for this machine and AWS's link-local addresses only",
                field: "env.\(name)")
        }
    }

    package func fetch(until deadline: Date) throws(ServiceError) -> AWSCredentials {
        var request = HTTPRequest(.get, url)
        // The file is renewed while the pod lives.
        let token = try tokenFile.map { path throws(ServiceError) in
            try IdentityToken.read(path, named: "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
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
