import JSON
import ServiceClient

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
