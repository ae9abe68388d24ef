package import FoundationEssentials
package import HTTP
package import Secrets
package import ServiceClient
import Synchronization

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
    private let clock: any ServiceClock
    private let state = Mutex(State())

    /// How long before their end they are fetched anew: longer than a request takes.
    private static let margin: TimeInterval = 120

    /// `service` is what is signed for.
    package init(_ source: any CredentialSource, region: AWSRegion, service: String, clock: any ServiceClock) {
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
