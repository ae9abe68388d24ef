package import Secrets

/// How a request says whose it is.
package enum HTTPAuthorization: Sendable, Equatable {
    /// `Authorization: Bearer …` (RFC 6750 §2.1).
    case bearer(Secret)
    /// A field of its own with the credential as it is, as `X-aws-ec2-metadata-token`.
    case field(String, Secret)
    /// A signature of the whole request, which the transport makes.
    case awsSignature(AWSSigningKey)
}
