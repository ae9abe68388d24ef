import FoundationEssentials
import JSON
import PublisherPlugin
import Secrets
import ServiceClient
import Sodium

/// A Secret as it was read, as far as one of its keys is concerned.
struct HeldSecret {
    /// For comparing and swapping.
    let version: String
    /// Of the value at the key; `nil` if there is none.
    let digest: Digest?
    let marker: Marker?
    let isImmutable: Bool
    /// What else writes it, as `ExternalSecret openrouter`; `nil` if nobody says so.
    let controller: String?

    init(_ object: AnswerObject, key: String) throws(ServiceError) {
        let metadata = object["metadata"]
        version = metadata?["resourceVersion"]?.string ?? ""
        let value = object["data"]?[key]?.string.flatMap { Data(base64Encoded: $0) }
        // A key that is there and empty is nothing that anybody could use.
        digest = value.flatMap { $0.isEmpty ? nil : Digest(of: Secret($0)) }
        marker = metadata?["annotations"]?[Marker.written(key)]?.string.map { Marker($0) }
        isImmutable = object["immutable"] == true
        let owner = metadata?["ownerReferences"]?.array?.first { $0["controller"] == true }
        controller = owner.map {
            ForeignText.line("\($0["kind"]?.string ?? "") \($0["name"]?.string ?? "")", limit: 80)
        }
        guard !version.isEmpty, object["kind"] == "Secret" || object["kind"] == nil else {
            // No cluster answers so, and without a version there is no comparing and swapping.
            throw ServiceError(
                .init(.unavailable, "the answer of Kubernetes is no Secret", hint: ServiceAnswer.surpriseHint))
        }
    }
}
