package import FoundationEssentials
import HTTP
import JSON
import SandboxWire
package import Secrets
import Sodium

/// Whose tokens an organization takes for one of its keys (workload identity federation).
struct FederationPolicy {
    let id: String
    let issuer: String
    let audience: String
    let subject: String
    /// The index of the key that it acts as.
    let key: Int
    /// Signs as the issuer does.
    let signer: SigningKeyPair
    var isPaused = false
}

/// A token that acts as a key for a while.
struct AccessToken {
    let key: Int
    let expiresAt: Date
}

/// `/oauth`: the exchange of a CI system's token for one that acts as a key (RFC 8693). The sandbox is the issuer too: it
/// signs subject tokens with Ed25519 (RFC 8037), where real issuers sign with RS256 or ES256. Its own access tokens have
/// the form of ES256 without a signature that can be checked; only their bytes count.
extension Sandbox {
    /// The longest life of an access token, in seconds.
    private static let lifetime: TimeInterval = 900

    mutating func exchangeToken(_ call: Call) throws(APIError) -> JSONValue {
        let form = try Self.form(call.body ?? [])
        let urn = "urn:ietf:params:oauth:"
        func refuse(_ name: String) -> APIError {
            APIError(400, "\(name) is missing or wrong", oauth: "invalid_request")
        }
        guard let grant = form["grant_type"] else { throw refuse("grant_type") }
        guard grant == urn + "grant-type:token-exchange" else {
            throw APIError(400, "The grant is not supported", oauth: "unsupported_grant_type")
        }
        guard form["subject_token_type"] == urn + "token-type:jwt" else { throw refuse("subject_token_type") }
        guard form["requested_token_type"] ?? urn + "token-type:access_token" == urn + "token-type:access_token" else {
            throw refuse("requested_token_type")
        }
        guard let id = form["federation_policy_id"], UUID(uuidString: id) != nil else {
            throw refuse("federation_policy_id")
        }
        guard let subjectToken = form["subject_token"], subjectToken.utf8.count <= 16384,
            let token = JSONWebToken(subjectToken)
        else { throw refuse("subject_token") }
        if let scope = form["scope"] {
            let scopes = behaviour.federation == .both ? ["inference", "management"] : ["inference"]
            guard scopes.contains(scope) else {
                throw APIError(400, "The scope is not allowed", oauth: "invalid_scope")
            }
        }

        // One text for all of it, so that nobody learns which part was wrong.
        let refusal = APIError(400, "The subject token was not accepted", oauth: "invalid_grant")
        guard behaviour.federation != .off, let policy = policies.first(where: { $0.id == id.lowercased() }),
            !policy.isPaused, let end = token.end(under: policy), end > call.now
        else { throw refusal }
        let key = keys[policy.key]
        guard key.isAccepted(at: call.now, propagation: 0), behaviour.federation == .both || !key.isManagement else {
            throw refusal
        }
        let granted = key.isManagement ? "management" : "inference"
        guard form["scope"] ?? granted == granted else {
            throw APIError(400, "The scope is not that of the policy's key", oauth: "invalid_scope")
        }
        let expiresAt = min(end, call.now.addingTimeInterval(Self.lifetime))
        let access = JSONWebToken.text(
            ["alg": "ES256", "kid": .string(Self.keyID), "typ": "at+jwt"],
            [
                "jti": .string(random.uuid()), "exp": .count(Int(expiresAt.timeIntervalSince1970)),
                "scope": .string(granted),
            ],
            signature: { _ in Array(random.hex(64).utf8) })
        tokens[Digest(of: Secret(access))] = AccessToken(key: policy.key, expiresAt: expiresAt)
        return [
            "access_token": .string(access), "issued_token_type": .string(urn + "token-type:access_token"),
            "token_type": "Bearer", "expires_in": .count(Int(expiresAt.timeIntervalSince(call.now))),
            "scope": .string(granted),
        ]
    }

    /// The fields of a form (`application/x-www-form-urlencoded`), each once.
    private static func form(_ body: [UInt8]) throws(APIError) -> [String: String] {
        guard body.count < 32 * 1024 else { throw APIError(413, "The body is too large", oauth: "invalid_request") }
        var address = URLComponents()
        address.percentEncodedQuery = String(decoding: body, as: UTF8.self).split(
            separator: "+", omittingEmptySubsequences: false
        )
        .joined(separator: "%20")
        var form: [String: String] = [:]
        for item in address.queryItems ?? [] {
            guard form.updateValue(item.value ?? "", forKey: item.name) == nil else {
                throw APIError(400, "\(item.name) is given twice", oauth: "invalid_request")
            }
        }
        return form
    }

    /// The public key that access tokens name: the generator of P-256, which nobody signs with.
    static let jwks: JSONValue = [
        "keys": [
            [
                "alg": "ES256", "crv": "P-256", "kid": .string(keyID), "kty": "EC", "use": "sig",
                "x": "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY", "y": "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU",
            ]
        ]
    ]

    private static let keyID = "sandbox"
}

/// What a dashboard does, for which there is no API, and what a CI system does.
extension Sandbox {
    /// Adds a policy for workloads with this subject, which act as the key of this hash, or as the management key of the
    /// account; returns its id.
    @discardableResult
    package mutating func addFederationPolicy(
        subject: String, audience: String = "https://openrouter.ai",
        issuer: String = "https://token.actions.githubusercontent.com", actingAs hash: String? = nil, account: Int = 0
    ) -> String {
        let management = keys.firstIndex { $0.account == account && $0.isManagement } ?? 0
        // The digest of anything has the 32 bytes of a seed.
        let seed = Secret(SHA256.hash(Array(random.hex(64).utf8)))
        guard let signer = try? SigningKeyPair(seed: seed) else { return "" }
        policies.append(
            FederationPolicy(
                id: random.uuid(), issuer: issuer, audience: audience, subject: subject,
                key: hash.flatMap(index(ofHash:)) ?? management, signer: signer))
        return policies[policies.count - 1].id
    }

    /// Pauses a policy, or lets it go on. Tokens that it has issued stay alive.
    package mutating func setPaused(_ policy: String, _ isPaused: Bool = true) {
        if let index = policies.firstIndex(where: { $0.id == policy }) { policies[index].isPaused = isPaused }
    }

    /// A token of the policy's issuer, with the claims that the policy wants unless others are given; `nil` without such
    /// a policy.
    package func subjectToken(
        for policy: String, subject: String? = nil, audience: String? = nil, lifetime: TimeInterval = 300, at now: Date
    ) -> Secret? {
        guard let policy = policies.first(where: { $0.id == policy }) else { return nil }
        let claims: JSONValue = [
            "iss": .string(policy.issuer), "sub": .string(subject ?? policy.subject),
            "aud": .string(audience ?? policy.audience), "iat": .count(Int(now.timeIntervalSince1970)),
            "exp": .count(Int(now.timeIntervalSince1970 + lifetime)),
        ]
        return Secret(JSONWebToken.text(["alg": "EdDSA", "typ": "JWT"], claims, signature: policy.signer.sign))
    }
}

/// A signed set of claims in its compact form (RFC 7519, RFC 7515 §7.1).
private struct JSONWebToken {
    private let header: JSONValue
    private let claims: JSONValue
    private let signed: [UInt8]
    private let signature: [UInt8]

    init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let header = Base64URL.decode(parts[0]), let claims = Base64URL.decode(parts[1]),
            let signature = Base64URL.decode(parts[2]), let readHeader = try? JSONValue(parsing: header),
            let readClaims = try? JSONValue(parsing: claims)
        else { return nil }
        self.header = readHeader
        self.claims = readClaims
        self.signature = signature
        signed = Array((parts[0] + "." + parts[1]).utf8)
    }

    static func text(
        _ header: JSONValue, _ claims: JSONValue, signature: ([UInt8]) -> [UInt8]
    ) -> String {
        let signed = Base64URL.encode(header.bytes()) + "." + Base64URL.encode(claims.bytes())
        return signed + "." + Base64URL.encode(signature(Array(signed.utf8)))
    }

    /// When it ends, if it is signed by the policy's issuer and has the claims that the policy wants.
    func end(under policy: FederationPolicy) -> Date? {
        let audiences = claims["aud"]?.strings ?? claims["aud"]?.string.map { [$0] } ?? []
        guard header["alg"] == "EdDSA",
            SigningKeyPair.isValid(signature, of: signed, by: policy.signer.publicKey),
            claims["iss"]?.string == policy.issuer, claims["sub"]?.string == policy.subject,
            audiences.contains(policy.audience)
        else { return nil }
        return claims["exp"]?.number.map { Date(timeIntervalSince1970: $0.double) }
    }
}
