import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import Synchronization
import Timestamps

/// Logs in when the first token is needed, again when it ends, and gives all tokens back at the end.
final class VaultLogin: ServiceCredentials {
    /// Where Vault is, and by what it is reached.
    struct Door: Sendable {
        let service: Vault
        let address: HTTPURL
        let transport: any HTTPTransport
        let clock: any WallClock

        func client(_ credentials: any ServiceCredentials) -> ServiceClient {
            ServiceClient(service, at: address, credentials: credentials, transport: transport, clock: clock)
        }
    }

    private struct State {
        var lease: Lease?
        /// How often the lease was handed out.
        var used = 0
        /// All that may have to be given back.
        var obtained: [Lease] = []
        var identity: Secret?
    }

    private let login: Login
    private let mount: [String]
    private let door: Door
    /// To what gives the identity.
    private let publicTransport: any HTTPTransport
    private let state = Mutex(State())

    /// A token younger than this that Vault does not know will not be better for another login.
    private static let trial: TimeInterval = 1

    init(_ login: Login, at mount: [String], _ door: Door, publicTransport: any HTTPTransport) {
        self.login = login
        self.mount = mount
        self.door = door
        self.publicTransport = publicTransport
    }

    var secrets: [Secret] { state.withLock { $0.obtained.map(\.token) + given($0.identity) } }

    func authorization(until deadline: Date) throws(ServiceError) -> HTTPAuthorization? {
        try state.withLock { state throws(ServiceError) in
            if let lease = state.lease, state.used < lease.uses ?? .max, !lease.isEnding(at: door.clock.now) {
                state.used += 1
                return .bearer(lease.token)
            }
            let lease: Lease
            if let renewed = renewed(state.lease, until: deadline) {
                lease = renewed
            } else {
                lease = try obtain(&state, until: deadline)
            }
            state.lease = lease
            state.used = 1
            state.obtained.append(lease)
            return .bearer(lease.token)
        }
    }

    func renew(_ refused: HTTPAuthorization?, after answer: ServiceAnswer, until deadline: Date) -> Bool {
        guard Vault.isTokenUnknown(answer) else { return false }
        return state.withLock { state in
            guard let lease = state.lease, refused == .bearer(lease.token) else { return true }
            guard door.clock.now.timeIntervalSince(lease.beginning) > Self.trial else { return false }
            state.lease = nil
            return true
        }
    }

    func end() {
        let now = door.clock.now
        var tokens: [Secret] = []
        for lease in state.withLock({ $0.obtained }).reversed()
        where lease.isRevocable && !lease.hasEnded(at: now) && !tokens.contains(lease.token) {
            tokens.append(lease.token)
            revoke(lease)
        }
    }

    /// The same token for longer, if that is not for a last moment only: a secret id may be good for one login.
    private func renewed(_ lease: Lease?, until deadline: Date) -> Lease? {
        let now = door.clock.now
        guard let lease, lease.isRenewable, lease.uses == nil, !lease.hasEnded(at: now), let duration = lease.duration
        else { return nil }
        let answer = try? door.client(StaticToken(lease.token)).send(
            call(["auth", "token", "renew-self"], [:], to: "renew the token"), until: deadline)
        guard let renewed = answer.flatMap({ try? Lease($0, beginning: now) }),
            (renewed.duration ?? duration) > duration / 2
        else { return nil }
        return renewed
    }

    private func obtain(_ state: inout State, until deadline: Date) throws(ServiceError) -> Lease {
        var body: JSONObject = [:]
        switch login {
        case .token: break
        case .appRole(let roleID, let secretID):
            body["role_id"] = .string(roleID)
            if let secretID = secretID?.revealed() { body["secret_id"] = .string(secretID) }
        case .jwt(let role, let identity):
            let token = try identity.fetch(publicTransport, clock: door.clock, until: deadline)
            state.identity = token
            if let role { body["role"] = .string(role) }
            body["jwt"] = .string(token.revealed() ?? "")
        }
        let beginning = door.clock.now
        let client = door.client(NoCredentials(secrets: given(state.identity)))
        var call = call(["auth"] + mount + ["login"], body, to: "log in by \(login.name)")
        call.statuses = [200, 400, 401, 403]
        let answer = try client.send(call, until: deadline)
        guard answer.status == 200 else { throw refused(answer, call) }
        return try Lease(answer, beginning: beginning)
    }

    /// The auth methods say 400 to what they do not accept; 403 is Vault's word where none is mounted.
    private func refused(_ answer: ServiceAnswer, _ call: ServiceCall) -> ServiceError {
        let words = answer.words.map { ": \($0)" } ?? ""
        let hint =
            switch login {
            case .token: "look at the token"
            case .appRole:
                "check whether role_id and VAULT_SECRET_ID are of the same role of this Vault, and whether the secret id"
                    + " has expired or was used up"
            case .jwt:
                "look at the role's bound_audiences, bound_claims and bound_subject, and at the method's keys"
            }
        return ServiceError(
            PublisherError(
                .denied,
                "Vault does not let this job \(call.purpose) at \(mount.joined(separator: "/"))"
                    + " (\(answer.status)\(words))",
                hint: answer.status == 403
                    ? "check whether this auth method is mounted there, in this namespace: 'auth_mount'" : hint,
                field: answer.status == 403 ? "with.auth_mount" : "with.auth"), status: answer.status)
    }

    private func revoke(_ lease: Lease) {
        var call = call(["auth", "token", "revoke-self"], nil, to: "revoke the token")
        // One that is gone needs no revoking.
        call.statuses = [200, 204, 403]
        do throws(ServiceError) {
            _ = try door.client(StaticToken(lease.token)).send(call, until: door.clock.now.addingTimeInterval(2.5))
        } catch {
            let end = lease.end.map { "ends by itself at \($0.rfc3339)" } ?? "has no end"
            StandardError.tell("the token could not be revoked and \(end): \(error.error.message)")
        }
    }

    /// Nothing that counts is changed by these, and doing them twice does no harm.
    private func call(_ path: [String], _ body: JSONObject?, to purpose: String) -> ServiceCall {
        var call = ServiceCall(
            .post, ["v1"] + path, body: body.map(JSONValue.object), to: purpose, field: "with.auth_mount")
        call.isWrite = false
        call.isIdempotent = true
        return call
    }

    private func given(_ identity: Secret?) -> [Secret] {
        let own: [Secret?] =
            switch login {
            case .token: []
            case .appRole(_, let secretID): [secretID]
            case .jwt(_, .given(let token, _)): [token]
            case .jwt(_, .gitHub(let identity, _)): [identity.bearer]
            }
        return (own + [identity]).compactMap(\.self)
    }
}

/// A token that Vault has lent.
struct Lease {
    let token: Secret
    let beginning: Date
    /// In seconds; `nil` for a token without an end.
    let duration: Double?
    /// How often it may be used; `nil` for any number.
    let uses: Int?
    let isRenewable: Bool
    /// Batch tokens cannot be ("Tokens: Batch tokens").
    let isRevocable: Bool

    /// Reads `auth` of an answer to a login or a renewal. `beginning` is when it was asked for.
    init(_ answer: ServiceAnswer, beginning: Date) throws(ServiceError) {
        guard let auth = try answer.object()["auth"]?.object, let token = auth["client_token"]?.string,
            !token.isEmpty, let seconds = auth["lease_duration"]?.integer
        else { throw answer.surprise("without a token") }
        self.token = Secret(token)
        self.beginning = beginning
        duration = seconds > 0 ? Double(seconds) : nil
        uses = auth["num_uses"]?.integer.flatMap { $0 > 0 ? $0 : nil }
        isRenewable = auth["renewable"] == true
        isRevocable = auth["token_type"] != "batch"
    }

    /// When Vault drops it.
    var end: Date? { duration.map(beginning.addingTimeInterval) }

    func hasEnded(at now: Date) -> Bool { end.map { $0 <= now } ?? false }

    /// Whether it is time for another one: a request needs a while.
    func isEnding(at now: Date) -> Bool {
        guard let end, let duration else { return false }
        return end.addingTimeInterval(-min(10, duration / 3)) <= now
    }
}
