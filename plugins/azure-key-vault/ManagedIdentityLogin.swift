import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import Timestamps

/// Gets tokens of a managed identity when one is needed. They come over plain http from the machine's own link, so nothing is
/// followed, no proxy is asked, and what they are for is checked by the vault alone: a token of somebody else's opens no vault
/// but theirs, and which vault gets the key is the target's word.
final class ManagedIdentityLogin: ServiceCredentials {
    private let identity: ManagedIdentity
    private let resource: String
    private let endpoint: ServiceClient
    private let clock: any WallClock
    private let lent: LentToken
    private let header: Secret?

    init(
        _ identity: ManagedIdentity, for cloud: AzureCloud, transport: any HTTPTransport, clock: any WallClock
    ) {
        self.identity = identity
        self.clock = clock
        resource = "https://\(cloud.suffix)"
        lent = LentToken(clock: clock)
        let address: HTTPURL
        switch identity.place {
        case .machine(let url): (address, header) = (url, nil)
        case .app(let url, let secret): (address, header) = (url, secret)
        }
        endpoint = ServiceClient(
            IdentityEndpoint(identity), at: address, credentials: IdentityHeader(secret: header), transport: transport,
            clock: clock)
    }

    var secrets: [Secret] { [header].compactMap(\.self) + lent.seen }

    func authorization(until deadline: Date) throws(ServiceError) -> HTTPAuthorization? {
        try lent.bearer { _ throws(ServiceError) in try obtain(until: deadline) }
    }

    func renew(_ refused: HTTPAuthorization?, after answer: ServiceAnswer, until deadline: Date) -> Bool {
        lent.forget(refused, after: answer)
    }

    private func obtain(until deadline: Date) throws(ServiceError) -> (secret: Secret, end: Date) {
        let path: [String]
        let version: String
        switch identity.place {
        case .machine: (path, version) = (["metadata", "identity", "oauth2", "token"], "2018-02-01")
        case .app: (path, version) = ([], "2019-08-01")
        }
        var query = [("api-version", version), ("resource", resource)]
        if let client = identity.client { query.append(("client_id", client)) }
        let call = ServiceCall(
            .get, path, query: query, to: "give a token of \(identity.title)", field: "with.\(ManagedIdentity.setting)")
        let beginning = clock.now
        let answer: ServiceAnswer
        do throws(ServiceError) { answer = try endpoint.send(call, until: deadline) } catch {
            var failure = error
            if failure.error.code == .unavailable, failure.error.hint == nil {
                failure.error.hint = "run this stage where the identity is, or log in otherwise"
                failure.error.field = call.field
            }
            throw failure
        }
        let object = try answer.object()
        // What is no token of RFC 6750 could end the field that it is sent in.
        guard let text = object["access_token"]?.string, !text.isEmpty,
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            let seconds = Self.lifetime(object, at: answer.response.date ?? beginning), (1...172_800).contains(seconds)
        else { throw answer.surprise("without a token") }
        return (Secret(text), beginning.addingTimeInterval(Double(seconds)))
    }

    /// How long a token holds. Numbers are texts there, and an app is told the moment alone.
    private static func lifetime(_ object: AnswerObject, at now: Date) -> Int? {
        func number(_ name: String) -> Int? { object[name]?.integer ?? object[name]?.string.flatMap { Int($0) } }
        if let seconds = number("expires_in") { return seconds }
        guard let end = number("expires_on"), (0...4_102_444_800).contains(end) else { return nil }
        return end - Int(now.timeIntervalSince1970)
    }
}

/// What lets an app in, in a field of its own; nothing for a machine.
private struct IdentityHeader: ServiceCredentials {
    let secret: Secret?

    var secrets: [Secret] { [secret].compactMap(\.self) }

    func authorization(until deadline: Date) -> HTTPAuthorization? { secret.map { .field("X-IDENTITY-HEADER", $0) } }
}

/// What hands out tokens of managed identities ("How to use managed identities on a virtual machine", and "Managed
/// identities for App Service").
private struct IdentityEndpoint: Service {
    let name: String
    let credential = ManagedIdentity.header
    let addressVariable = ManagedIdentity.endpoint
    let standardAddress = ""
    // Whoever is tricked into a request elsewhere does not send it.
    let headers = [(name: "Accept", value: "application/json"), (name: "Metadata", value: "true")]
    private let isMachine: Bool

    init(_ identity: ManagedIdentity) {
        if case .machine = identity.place {
            (name, isMachine) = ("the metadata service of Azure", true)
        } else {
            (name, isMachine) = ("the identity endpoint of the app", false)
        }
    }

    /// A metadata service that is being renewed answers 404 or 410 meanwhile, for 70 seconds at most in the second case.
    func pause(_ response: HTTPResponse, number: Int, now: Date) -> Duration? {
        switch response.status {
        case 429: response.retryAfter.map { max($0, .seconds(1)) } ?? .seconds(1 << min(number, 6))
        case 404 where isMachine && number < 5: .seconds(1 << (number - 1))
        case 410 where isMachine && number < 5: .seconds(5 << (number - 1))
        default: nil
        }
    }

    func explain(_ refusal: ServiceAnswer, to call: ServiceCall) -> PublisherError? {
        let words = refusal.words.map { ": \($0)" } ?? ""
        let hint: String
        switch refusal.status {
        case 400: hint = "assign the identity to this machine or app, or look at '\(ManagedIdentity.setting)'"
        case 401 where !isMachine: hint = "name \(ManagedIdentity.header) as the platform sets it: it may have changed"
        case 300..<500:
            hint =
                "what answers there may be none of Azure's: run this stage where the identity is, or log in otherwise"
        default: return nil
        }
        return PublisherError(
            .denied, "\(name) does not \(call.purpose) (\(refusal.status)\(words))", hint: hint, field: call.field)
    }
}
