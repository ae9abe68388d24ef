import FoundationEssentials
import HTTP
import PublisherPlugin
import Secrets
import ServiceClient
import Synchronization

/// A token that is kept in a file and replaced there before it expires: a pod's, or a kubeconfig's `tokenFile`. It is
/// read again after a minute, as client-go does (transport/token_source.go), and when the cluster refuses it.
final class TokenFile: ServiceCredentials {
    private let path: String
    private let clock: any ServiceClock
    private let state = Mutex<(token: Secret, readAt: Date)?>(nil)
    private let seen = Mutex<[Secret]>([])

    private static let age: TimeInterval = 60

    init(_ path: String, clock: any ServiceClock) {
        self.path = path
        self.clock = clock
    }

    /// An answer may be about an earlier one.
    var secrets: [Secret] { seen.withLock(\.self) }

    func authorization(until deadline: Date) throws(ServiceError) -> HTTPAuthorization? {
        try state.withLock { state throws(ServiceError) in
            if let held = state, clock.now < held.readAt.addingTimeInterval(Self.age) { return .bearer(held.token) }
            do throws(PublisherError) {
                let token = try read()
                state = (token, clock.now)
                return .bearer(token)
            } catch {
                // It may be in the middle of being replaced.
                guard let held = state else { throw ServiceError(error) }
                return .bearer(held.token)
            }
        }
    }

    func renew(_ refused: HTTPAuthorization?, after answer: ServiceAnswer, until deadline: Date) -> Bool {
        guard answer.status == 401 else { return false }
        return state.withLock { state in
            guard let token = try? read() else { return false }
            state = (token, clock.now)
            return refused != .bearer(token)
        }
    }

    private func read() throws(PublisherError) -> Secret {
        let token = Secret(try CredentialFile.text(path, field: "with.kubeconfig"))
        seen.withLock { seen in
            if !seen.contains(token) { seen.append(token) }
        }
        return token
    }
}
