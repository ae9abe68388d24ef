public import FoundationEssentials
public import HTTP
public import Secrets

/// Who a client is to its service. It may log in for that, fetch, or read a file that changes, and keeps what it has.
public protocol ServiceCredentials: Sendable {
    /// What the next request carries; `nil` for nothing. Asked before each try, by many threads.
    ///
    /// An error says that nothing was sent; whether an earlier try was is for the client to know.
    func authorization(until deadline: Date) throws(ServiceError) -> HTTPAuthorization?
    /// Whether another authorization can be had than this one, which the service has refused. Then the next question
    /// gives it. Asked once a call, at a status from 400 to 499.
    func renew(_ refused: HTTPAuthorization?, after answer: ServiceAnswer, until deadline: Date) -> Bool
    /// What no message may repeat: a service may quote what it was sent.
    var secrets: [Secret] { get }
    /// The work is done, and with it what was obtained for it. There are seconds for that.
    func end()
}

extension ServiceCredentials {
    /// What was refused stays refused.
    public func renew(_ refused: HTTPAuthorization?, after answer: ServiceAnswer, until deadline: Date) -> Bool {
        false
    }

    /// There is nothing to give back.
    public func end() {}
}

/// Nobody in particular: for logging in.
public struct NoCredentials: ServiceCredentials {
    /// What the requests carry elsewhere.
    public let secrets: [Secret]

    /// `secrets` are what the requests carry elsewhere.
    public init(secrets: [Secret] = []) { self.secrets = secrets }

    /// Nothing.
    public func authorization(until deadline: Date) -> HTTPAuthorization? { nil }
}

/// One token for the whole process, sent as a bearer.
public struct StaticToken: ServiceCredentials {
    private let token: Secret

    /// A token that is known already.
    public init(_ token: Secret) { self.token = token }

    /// Takes it from the service's variable, unless its form tells that it is of no use.
    public init(for service: any Service, in environment: [String: String]) throws(PublisherError) {
        guard let text = environment[service.credential], !text.isEmpty else {
            throw PublisherError(
                .configuration, "the environment variable \(service.credential) is empty",
                hint: "give this stage a token for \(service.name), and name the variable in the target's env",
                field: "env.\(service.credential)")
        }
        token = Secret(text)
        if let objection = service.objection(to: token) { throw objection }
    }

    /// The token.
    public var secrets: [Secret] { [token] }

    /// The token, as a bearer.
    public func authorization(until deadline: Date) -> HTTPAuthorization? { .bearer(token) }
}
