import FoundationEssentials
package import HTTP
import JSON
import PublisherPlugin
import ServiceClient
import Timestamps

/// AWS's names for why it refuses, and what those mean that all its services share ("Common error types").
package enum AWSReason {
    /// Too many requests, by the names that AWS's SDKs know. `LimitExceededException` is one to them too, but not here:
    /// to these services it says that a quota is used up.
    package static let throttling: Set<String> = [
        "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException", "RequestThrottled",
        "TooManyRequestsException", "RequestLimitExceeded", "BandwidthLimitExceeded", "SlowDown",
        "PriorRequestNotComplete",
        // Parameter Store: one write to a parameter at a time.
        "TooManyUpdates",
    ]

    /// Credentials that were good once, or are not known yet: fresh ones may be.
    package static let stale: Set<String> = [
        "ExpiredTokenException", "ExpiredToken", "UnrecognizedClientException", "InvalidClientTokenId",
    ]

    /// The name in the body's `__type` or in the field `x-amzn-errortype`, without the shape's namespace before `#` and
    /// the address after `:` (Smithy's "AWS JSON 1.1 protocol", operation error serialization).
    package static func name(in response: HTTPResponse) -> String? {
        guard response.status >= 400 else { return nil }
        let type = response[header: "content-type"]?.lowercased() ?? ""
        let body = type.contains("json") ? try? JSONValue(parsing: response.body) : nil
        let text = body?["__type"]?.string ?? response[header: "x-amzn-errortype"] ?? body?["code"]?.string
        let name = text?.split(separator: ":").first?.split(separator: "#").last.map(String.init)
        return name?.utf8.count ?? 0 > 100 ? nil : name
    }

    static func explain(
        _ reason: String, _ refusal: ServiceAnswer, to call: ServiceCall, of service: some AWSService
    ) -> PublisherError? {
        let words = refusal.words.map { ": \($0)" } ?? ""
        switch reason {
        case "ExpiredTokenException", "ExpiredToken":
            return PublisherError(
                .denied, "the credentials for AWS have expired",
                hint: "give this stage fresh ones; those that ork fetches itself, by a role, it renews itself")
        case "UnrecognizedClientException", "InvalidClientTokenId":
            return PublisherError(
                .denied, "AWS does not know the access key, or not with this session token",
                hint: "look whether AWS_ACCESS_KEY_ID is active, whether AWS_SESSION_TOKEN is of the same set, and"
                    + " whether the region is one of the same partition and enabled")
        case "InvalidSignatureException", "SignatureDoesNotMatch", "RequestExpired", "RequestTimeTooSkewed":
            return signature(refusal)
        case "MissingAuthenticationTokenException", "MissingAuthenticationToken", "IncompleteSignatureException",
            "IncompleteSignature":
            return PublisherError(
                .denied, "the signature did not reach \(service.name) whole",
                hint: "look whether a proxy between takes fields of requests away")
        case "AccessDeniedException", "AccessDenied":
            return denied(refusal, call, of: service)
        case "OptInRequired", "RegionDisabledException":
            return PublisherError(
                .denied, "this account may not use \(service.name) there\(words)",
                hint: "look whether the region is enabled for the account", field: "with.region")
        case "ValidationException", "InvalidParameterException", "InvalidParameterValue", "SerializationException":
            return PublisherError(
                .configuration, "\(service.name) refuses to \(call.purpose) (\(reason)\(words))",
                hint: "look at the target's settings", field: call.field)
        case "UnknownOperationException", "InvalidAction":
            return PublisherError(
                .configuration, "there is no \(service.name) at this address (\(reason))",
                hint: "leave 'url' out, or write the address of the service's endpoint", field: "with.url")
        default:
            guard refusal.status < 500 else { return nil }
            return PublisherError(
                .internal, "\(service.name) refuses to \(call.purpose) (\(reason)\(words))",
                hint: "look the reason up in its API reference", field: call.field)
        }
    }

    /// AWS takes a signature for five minutes before and after ("Troubleshoot Signature Version 4").
    private static func signature(_ refusal: ServiceAnswer) -> PublisherError {
        guard refusal.says("expired") || refusal.says("not yet current") || refusal.says("too skewed") else {
            return PublisherError(
                .denied, "the secret access key does not belong to the access key",
                hint: "look at AWS_SECRET_ACCESS_KEY: another pair's, or cut off, or with a blank at its end")
        }
        let clock = refusal.response.date.map { "; AWS's says \($0.rfc3339)" } ?? ""
        return PublisherError(
            .denied, "the clock of this machine is wrong\(clock)",
            hint: "set it: AWS takes signatures of the last and next five minutes only")
    }

    private static func denied(
        _ refusal: ServiceAnswer, _ call: ServiceCall, of service: some AWSService
    ) -> PublisherError {
        let words = refusal.words.map { ": \($0)" } ?? ""
        // Whom the key's own policy does not let use it is told by the service that uses it for him.
        if refusal.says("kms") || refusal.says("ciphertext") {
            return PublisherError(
                .denied, "the KMS key may not be used to \(call.purpose)\(words)",
                hint: "allow kms:Decrypt and kms:GenerateDataKey in the policies of the role and of the key",
                field: call.field)
        }
        return PublisherError(
            .denied, "\(service.name) refuses to \(call.purpose)\(words)",
            hint: "allow \(call.permission ?? "it") in the policies of the user or role", field: call.field)
    }
}
