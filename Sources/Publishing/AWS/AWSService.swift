package import FoundationEssentials
package import HTTP
package import JSON
package import PublisherKit
import Secrets
import Timestamps

/// A service of AWS that speaks JSON 1.1: every call is a POST to `/` that names its operation in a field, and every
/// refusal names its reason in the body, whatever the status (Smithy's "AWS JSON 1.1 protocol").
package protocol AWSService: Service {
    /// The first part of its host's name, and what is signed for.
    var prefix: String { get }
    /// What stands before the operation's name, as `secretsmanager`.
    var target: String { get }
    /// What stands before an action's name in a policy, as `ssm`.
    var policyPrefix: String { get }
    /// What a reason means that only this service has; `nil` for the others.
    func explain(_ reason: String, _ refusal: ServiceAnswer, to call: ServiceCall) -> PublisherError?
}

extension AWSService {
    package var credential: String { "AWS_ACCESS_KEY_ID" }
    package var standardAddress: String { "https://\(prefix).REGION.amazonaws.com" }
    package var headers: [(name: String, value: String)] { [("Content-Type", "application/x-amz-json-1.1")] }

    /// A call of one of its operations.
    package func call(
        _ operation: String, _ body: JSONObject, isWrite: Bool = false, isIdempotent: Bool = true, to purpose: String,
        field: String
    ) -> ServiceCall {
        // One empty segment: what is signed is sent to /.
        var call = ServiceCall(
            .post, [""], body: .object(body), to: purpose, field: field, permission: "\(policyPrefix):\(operation)")
        call.headers = [("X-Amz-Target", "\(target).\(operation)")]
        call.isWrite = isWrite
        call.isIdempotent = isIdempotent
        return call
    }

    /// The text at `message` or, as some services write it, `Message`.
    package func words(in body: JSONValue) -> String? { (body["message"] ?? body["Message"])?.string }

    package func reason(_ refusal: HTTPResponse) -> String? { AWSReason.name(in: refusal) }

    /// Too many requests have status 400 with a name of their own, or 429. AWS rarely says for how long, counts by the
    /// second, and asks for waits that grow ("Error retries and exponential backoff in AWS").
    package func pause(_ response: HTTPResponse, number: Int, now: Date) -> Duration? {
        let isThrottled = AWSReason.name(in: response).map(AWSReason.throttling.contains) ?? false
        guard isThrottled || response.status == 429 else { return nil }
        if let wish = response.retryAfter { return max(wish, .seconds(1)) }
        return BackOff(from: .seconds(1), upTo: .seconds(32)).wait(after: number)
    }

    package func explain(_ refusal: ServiceAnswer, to call: ServiceCall) -> PublisherError? {
        guard let reason = AWSReason.name(in: refusal.response) else { return strange(refusal, to: call) }
        return explain(reason, refusal, to: call) ?? AWSReason.explain(reason, refusal, to: call, of: self)
    }

    /// A refusal without a reason is none of AWS's.
    private func strange(_ refusal: ServiceAnswer, to call: ServiceCall) -> PublisherError? {
        guard (400..<500).contains(refusal.status) else { return nil }
        return PublisherError(
            .unavailable, "what answers in the place of \(name) gives no reason to refuse (\(refusal.status))",
            hint: ServiceAnswer.surpriseHint)
    }
}

/// A region of AWS, which tells where its services are.
package struct AWSRegion: Hashable, Sendable {
    /// As `eu-central-1`.
    package let name: String

    /// `nil` for what cannot be a region's name, and so no part of a host's.
    package init?(_ name: String) {
        let isName =
            !name.isEmpty && name.utf8.count <= 40 && !name.hasPrefix("-") && !name.hasSuffix("-")
            && name.utf8.allSatisfy { $0.isASCIIDigit || $0.isASCIILowercase || $0 == UInt8(ascii: "-") }
        guard isName, name.utf8.contains(UInt8(ascii: "-")) else { return nil }
        self.name = name
    }

    /// Where a service of this region is, by the first part of its name there, as `secretsmanager`.
    package func address(of prefix: String) -> String { "https://\(prefix).\(name).\(domain)" }

    /// The domain of the region's partition (AWS's endpoint rules, `partitions.json` of the SDKs).
    private var domain: String {
        let others = [
            ("cn-", "amazonaws.com.cn"), ("eusc-", "amazonaws.eu"), ("us-iso-", "c2s.ic.gov"),
            ("us-isob-", "sc2s.sgov.gov"), ("us-isof-", "csp.hci.ic.gov"), ("eu-isoe-", "cloud.adc-e.uk"),
        ]
        return others.first { name.hasPrefix($0.0) }?.1 ?? "amazonaws.com"
    }
}

/// Which address a service is reached at.
enum AWSEndpoint {
    /// The one in the setting `url`, else in the first variable that is set, else AWS's own.
    static func address(
        _ settings: Settings? = nil, variables: [String], otherwise standard: String, _ environment: [String: String]
    ) throws(PublisherError) -> HTTPURL {
        let setting = try settings?.text("url")
        let variable = variables.first { environment.value($0) != nil }
        var text = setting ?? variable.flatMap(environment.value) ?? standard
        while text.hasSuffix("/") { text.removeLast() }
        do throws(HTTPURL.Mistake) {
            let url = try HTTPURL(text)
            // Only what is sent to / is signed right.
            guard !text.dropFirst("https://".utf8.count).contains(where: { "/?".contains($0) }) else { throw .form }
            return url
        } catch {
            let place = setting == nil ? variable.map { "the variable \($0)" } ?? "the address" : "'url'"
            throw PublisherError(
                .configuration, "\(place) cannot be used: \(error.rawValue)",
                hint: "write the address of an endpoint without a path, as \(standard)",
                field: setting == nil ? variable.map { "env.\($0)" } ?? "with.region" : "with.url")
        }
    }
}

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
                hint: "check whether AWS_ACCESS_KEY_ID is active, whether AWS_SESSION_TOKEN is of the same set, and"
                    + " whether the region is one of the same partition and enabled")
        case "InvalidSignatureException", "SignatureDoesNotMatch", "RequestExpired", "RequestTimeTooSkewed":
            return signature(refusal)
        case "MissingAuthenticationTokenException", "MissingAuthenticationToken", "IncompleteSignatureException",
            "IncompleteSignature":
            return PublisherError(
                .denied, "the signature did not reach \(service.name) whole",
                hint: "check whether a proxy between removes fields from requests")
        case "AccessDeniedException", "AccessDenied":
            return denied(refusal, call, of: service)
        case "OptInRequired", "RegionDisabledException":
            return PublisherError(
                .denied, "this account may not use \(service.name) there\(words)",
                hint: "check whether the region is enabled for the account", field: "with.region")
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
