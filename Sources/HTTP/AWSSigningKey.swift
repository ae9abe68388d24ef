package import Secrets

/// What a request to AWS is signed with, and for whom (Signature Version 4).
package struct AWSSigningKey: Sendable, Equatable {
    /// Names the key; it goes with each request in the clear.
    package let accessKeyID: String
    package let secretAccessKey: Secret
    /// Goes with the keys that expire.
    package let sessionToken: Secret?
    /// The region and the service that the signature is good for, as `eu-central-1` and `secretsmanager`.
    package let region: String
    package let service: String

    package init(
        accessKeyID: String, secretAccessKey: Secret, sessionToken: Secret? = nil, region: String, service: String
    ) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.region = region
        self.service = service
    }
}
