package import FoundationEssentials
package import HTTP
import JSON
package import PublisherKit
package import Secrets
import Synchronization
package import Timestamps

/// A key of AWS, with which requests are signed.
package struct AWSCredentials: Sendable, Equatable {
    package let accessKeyID: String
    package let secretAccessKey: Secret
    /// Only keys that expire have one.
    package let sessionToken: Secret?
    /// When they end; `nil` if they do not say.
    package let expires: Date?

    package init(accessKeyID: String, secretAccessKey: Secret, sessionToken: Secret? = nil, expires: Date? = nil) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expires = expires
    }

    /// Reads what an endpoint hands out; `token` is its name for the session token. `nil` if something is missing.
    init?(_ object: JSONValue?, token: String) {
        guard let id = object?["AccessKeyId"]?.string, let key = object?["SecretAccessKey"]?.string, !id.isEmpty,
            !key.isEmpty
        else { return nil }
        let session = object?[token]?.string.flatMap { $0.isEmpty ? nil : Secret($0) }
        let expiration = object?["Expiration"]
        // Text at the endpoints, seconds of Unix time at STS, perhaps with a fraction.
        let expires =
            expiration?.string.flatMap(Date.init(rfc3339:))
            ?? expiration?.number.map { Date(timeIntervalSince1970: $0.double) }
        guard expires != nil || expiration?.isNull ?? true else { return nil }
        self.init(accessKeyID: id, secretAccessKey: Secret(key), sessionToken: session, expires: expires)
    }

    var secrets: [Secret] { [secretAccessKey, sessionToken].compactMap(\.self) }
}

/// Where credentials come from.
package protocol CredentialSource: Sendable {
    /// Gets them. Nothing at the target has been asked for yet.
    func fetch(until deadline: Date) throws(ServiceError) -> AWSCredentials
    /// Whether fetching again can bring other ones.
    var isRenewable: Bool { get }
    /// What fetching sends and no message may repeat.
    var secrets: [Secret] { get }
}

/// Those that the stage was given as they are.
package struct GivenCredentials: CredentialSource {
    private let credentials: AWSCredentials

    /// Reads the variables that all of AWS's tools know; `nil` if there is no access key.
    package init?(_ environment: [String: String]) throws(PublisherError) {
        guard let id = environment.value("AWS_ACCESS_KEY_ID") else { return nil }
        guard let key = environment.value("AWS_SECRET_ACCESS_KEY") else {
            throw PublisherError(
                .configuration, "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not",
                hint: "name both in the target's env, and AWS_SESSION_TOKEN if the key is a temporary one",
                field: "env.AWS_SECRET_ACCESS_KEY")
        }
        credentials = AWSCredentials(
            accessKeyID: id, secretAccessKey: Secret(key),
            sessionToken: environment.value("AWS_SESSION_TOKEN").map { Secret($0) })
    }

    package func fetch(until deadline: Date) -> AWSCredentials { credentials }

    package var isRenewable: Bool { false }

    package var secrets: [Secret] { credentials.secrets }
}

extension [String: String] {
    /// The variable, if it is there and not empty.
    func value(_ name: String) -> String? { self[name].flatMap { $0.isEmpty ? nil : $0 } }
}

/// The credentials of targets that share them. They are fetched when they are needed first, and again before they end.
package final class AWSLogin: ServiceCredentials {
    private struct State {
        var held: AWSCredentials?
        /// All there ever were: an answer to an older request may quote them.
        var secrets: [Secret] = []
    }

    private let source: any CredentialSource
    private let region: AWSRegion
    private let service: String
    private let clock: any WallClock
    private let state = Mutex(State())

    /// How long before their end they are fetched anew: longer than a request takes.
    private static let margin: TimeInterval = 120

    /// `service` is what is signed for.
    package init(_ source: any CredentialSource, region: AWSRegion, service: String, clock: any WallClock) {
        self.source = source
        self.region = region
        self.service = service
        self.clock = clock
    }

    package var secrets: [Secret] { state.withLock(\.secrets) + source.secrets }

    package func authorization(until deadline: Date) throws(ServiceError) -> HTTPAuthorization? {
        // Who comes while they are being fetched waits for them.
        let credentials = try state.withLock { state throws(ServiceError) in
            if let held = state.held, !isEnding(held, within: Self.margin) { return held }
            do throws(ServiceError) {
                let fetched = try source.fetch(until: deadline)
                state.held = fetched
                state.secrets += fetched.secrets.filter { !state.secrets.contains($0) }
                return fetched
            } catch {
                // What is still good for a while is good enough.
                guard let held = state.held, held.expires != nil, !isEnding(held, within: 0) else { throw error }
                return held
            }
        }
        return .awsSignature(key(credentials))
    }

    /// Forgets what AWS says it does not know any more, unless it is what the stage was given.
    package func renew(_ refused: HTTPAuthorization?, after answer: ServiceAnswer, until deadline: Date) -> Bool {
        guard source.isRenewable, let reason = AWSReason.name(in: answer.response), AWSReason.stale.contains(reason)
        else { return false }
        state.withLock { state in
            if let held = state.held, .awsSignature(key(held)) == refused { state.held = nil }
        }
        return true
    }

    private func isEnding(_ credentials: AWSCredentials, within seconds: TimeInterval) -> Bool {
        credentials.expires.map { $0 < clock.now.addingTimeInterval(seconds) } ?? false
    }

    private func key(_ credentials: AWSCredentials) -> AWSSigningKey {
        AWSSigningKey(
            accessKeyID: credentials.accessKeyID, secretAccessKey: credentials.secretAccessKey,
            sessionToken: credentials.sessionToken, region: region.name, service: service)
    }
}
