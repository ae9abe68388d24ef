import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import Timestamps

/// Kubernetes' API, of one cluster and with one login.
struct Kubernetes: Service {
    let name = "Kubernetes"
    /// Who asks, for people.
    let credential: String
    let addressVariable = ""
    let standardAddress = "https://kubernetes.default.svc"
    let headers = [(name: "Accept", value: "application/json")]

    init(login: String = "the login") { credential = login }

    /// Priority and fairness (429) says in `Retry-After` when to come back, mostly after a second.
    func pause(_ response: HTTPResponse, number: Int, now: Date) -> Duration? {
        guard response.status == 429 else { return nil }
        return response.retryAfter.map { max($0, .seconds(1)) }
            ?? BackOff(from: .seconds(1), upTo: .seconds(64)).wait(after: number)
    }

    func explain(_ refusal: ServiceAnswer, to call: ServiceCall) -> PublisherError? {
        let status = KubernetesStatus(refusal)
        let words = refusal.words.map { ": \($0)" } ?? ""
        switch (refusal.status, status?.reason ?? "") {
        case (401, _): return unauthorised(words)
        case (403, _): return forbidden(refusal, status, call)
        case (400..<500, _) where status == nil, (404, _) where status?.isAboutObject == false, (300..<400, _):
            return PublisherError(
                .configuration, "there is no Kubernetes API at this address (\(refusal.status))",
                hint: "look at the cluster's address, and whether a proxy answers in its place",
                field: "with.kubeconfig")
        case (404, _) where status?.kind == "namespaces":
            return PublisherError(
                .notFound, "there is no such namespace (404\(words))",
                hint: "check its spelling, or make it",
                field: "with.namespace")
        case (404, _):
            return PublisherError(
                .notFound, "there is nothing to \(call.purpose) (404\(words))",
                hint: "check whether the name and the namespace are right", field: call.field)
        case (410, _):
            return PublisherError(
                .unavailable, "Kubernetes has no longer what it takes to \(call.purpose) (410\(words))",
                hint: "run the step again")
        case (400, _) where refusal.says("admission webhook"):
            return admission(refusal, call)
        case (422, "Invalid") where refusal.says("field is immutable when `immutable` is set"):
            return PublisherError(
                .configuration, "Kubernetes refuses to \(call.purpose): the secret was made immutable meanwhile",
                hint: Self.immutableHint, field: call.field)
        case (500..., _):
            return PublisherError(
                .unavailable, "Kubernetes cannot \(call.purpose) now (\(refusal.status)\(words))",
                hint: "look at the cluster's health, and run the step again",
                retryAfter: refusal.retryAfter)
        default: return nil
        }
    }

    static let immutableHint =
        "make it anew without immutable, or write to another secret and point the workloads to that one"

    private func unauthorised(_ words: String) -> PublisherError {
        PublisherError(
            .denied, "Kubernetes does not accept \(credential) (401\(words))",
            hint: "check whether it has expired (kubectl create token makes one for an hour) and whether it is of this"
                + " cluster")
    }

    private func forbidden(
        _ refusal: ServiceAnswer, _ status: KubernetesStatus?, _ call: ServiceCall
    ) -> PublisherError {
        let words = refusal.words.map { ": \($0)" } ?? ""
        if status?.causes.contains("NamespaceTerminating") == true {
            return Self.terminating(call.purpose)
        }
        if refusal.says("exceeded quota") {
            return PublisherError(
                .configuration, "Kubernetes refuses to \(call.purpose) (403\(words))",
                hint: "raise the namespace's quota, or remove what it does not need", field: "with.namespace")
        }
        if refusal.says("admission webhook") || refusal.says("denied the request") { return admission(refusal, call) }
        let isAnonymous = refusal.says("system:anonymous")
        return PublisherError(
            .denied, "\(credential) may not \(call.purpose) (403\(words))",
            hint: isAnonymous
                ? "the cluster does not know who asks: check whether the token or the certificate is of this cluster"
                : "give it a Role with \(call.permission ?? "the right to do this"), and a RoleBinding",
            field: call.field)
    }

    private func admission(_ refusal: ServiceAnswer, _ call: ServiceCall) -> PublisherError {
        PublisherError(
            .denied, "a policy of the cluster refuses to \(call.purpose) (\(refusal.status): \(refusal.words ?? ""))",
            hint: "look at the admission webhook that it names", field: call.field)
    }

    /// A namespace that is on its way out.
    static func terminating(_ purpose: String) -> PublisherError {
        PublisherError(
            .notFound, "cannot \(purpose): its namespace is being deleted",
            hint: "wait until it is gone and make it anew, or name another one", field: "with.namespace")
    }
}

/// What a refusal says of itself ("Status v1 meta").
struct KubernetesStatus {
    /// As `NotFound`, `Forbidden`, `Conflict`.
    let reason: String
    /// What it is about, in an address's word, as `secrets`.
    let kind: String?
    /// Whether it is about an object, and not about an address that leads nowhere.
    let isAboutObject: Bool
    /// The reasons behind the reason.
    let causes: [String]

    /// `nil` if the answer is none of Kubernetes'.
    init?(_ answer: ServiceAnswer) {
        guard let status = try? answer.object(), status["kind"] == "Status" else { return nil }
        reason = status["reason"]?.string ?? ""
        let details = status["details"]
        kind = details?["kind"]?.string
        isAboutObject = details?["name"]?.string.map { !$0.isEmpty } ?? false
        causes = details?["causes"]?.array?.compactMap { $0["reason"]?.string } ?? []
    }
}

/// How Kubernetes lets things be called (apimachinery/pkg/util/validation).
enum KubernetesName {
    /// RFC 1123's label.
    static func isLabel(_ text: String) -> Bool { text.utf8.count <= 63 && isSubdomain(text) && !text.contains(".") }

    /// Labels with dots between them.
    static func isSubdomain(_ text: String) -> Bool {
        text.utf8.count <= 253
            && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
                !label.isEmpty && !label.hasPrefix("-") && !label.hasSuffix("-")
                    && label.utf8.allSatisfy { isLowerOrDigit($0) || $0 == UInt8(ascii: "-") }
            }
    }

    /// The part of an annotation's name behind the slash.
    static func isAnnotation(_ text: String) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last, text.utf8.count <= 63 else { return false }
        return isAlphanumeric(first) && isAlphanumeric(last)
            && text.utf8.allSatisfy { isAlphanumeric($0) || "-_.".utf8.contains($0) }
    }

    static func isAlphanumeric(_ byte: UInt8) -> Bool { isLowerOrDigit(byte) || byte.isASCIIUppercase }

    private static func isLowerOrDigit(_ byte: UInt8) -> Bool { byte.isASCIILowercase || byte.isASCIIDigit }
}
