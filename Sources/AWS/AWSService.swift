package import FoundationEssentials
package import HTTP
package import JSON
package import PublisherPlugin
package import ServiceClient

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
        return .seconds(1 << min(number - 1, 5))
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
