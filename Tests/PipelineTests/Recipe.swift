import FoundationEssentials
import JSON
import Secrets
import TestSupport

/// A recipe in `ci-templates`, and under which names its system keeps the secrets that it asks for.
enum Recipe: String, CaseIterable {
    case azure, bitbucket, circleci, jenkins, kubernetes

    var file: String {
        let name =
            switch self {
            case .azure: "azure-pipelines.yml"
            case .bitbucket: "bitbucket-pipelines.yml"
            case .circleci: "config.yml"
            case .jenkins: "Jenkinsfile"
            case .kubernetes: "cronjob.yaml"
            }
        return "\(BuiltProduct.repository)/ci-templates/\(rawValue)/\(name)"
    }

    /// Whether only a run that begins has the gate: these systems cannot leave it out when there is nothing to approve.
    var asksOnlyWhenBegun: Bool { self == .bitbucket || self == .circleci }

    /// What a job is that ended with "not yet".
    var notYet: String { self == .azure || self == .jenkins ? "warning" : "success" }

    func secrets(_ keep: RecipeRun.Secrets) -> JSONValue {
        func strings(_ values: [String: Secret]) -> JSONValue {
            var object: JSONObject = [:]
            for (name, secret) in values { object[name] = .string(secret.revealed() ?? "") }
            return .object(object)
        }
        if self == .jenkins {
            return strings([
                "ork-identity-manage": keep.manager, "ork-identity-publish": keep.publisher,
                "ork-identity-approve": keep.approver, "ork-management-key": keep.managementKey,
                "ork-target-token": keep.token,
            ])
        }
        return [
            "ork-manage": strings(["ORK_IDENTITY": keep.manager, "OPENROUTER_MANAGEMENT_KEY": keep.managementKey]),
            "ork-publish": strings(["ORK_IDENTITY": keep.publisher, "TARGET_TOKEN": keep.token]),
            "ork-approve": strings(["ORK_IDENTITY": keep.approver]),
        ]
    }
}
