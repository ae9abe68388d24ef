package import FoundationEssentials
import JSON
package import Secrets
import Timestamps

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
