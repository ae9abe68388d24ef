import JSON

/// What clients ask before they ask for anything (apiserver/pkg/endpoints/discovery).
extension KubernetesSandbox {
    /// The answer at one of the addresses that tell what there is; `nil` elsewhere.
    static func discovery(_ path: [String]) -> JSONValue? {
        switch path {
        case ["version"]:
            [
                "major": "1", "minor": "37", "gitVersion": "v1.37.1", "gitCommit": "", "gitTreeState": "clean",
                "buildDate": "2026-10-01T00:00:00Z", "goVersion": "go1.26", "compiler": "gc", "platform": "linux/amd64",
            ]
        case ["api"]:
            [
                "kind": "APIVersions", "versions": ["v1"],
                "serverAddressByClientCIDRs": [["clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1"]],
            ]
        case ["apis"]: ["kind": "APIGroupList", "apiVersion": "v1", "groups": [apps]]
        case ["apis", "apps"]:
            .object((["kind": "APIGroup", "apiVersion": "v1"] as JSONObject).merging(apps.object ?? [:]))
        case ["api", "v1"]: resources("v1", group: "")
        case ["apis", "apps", "v1"]: resources("apps/v1", group: "apps")
        default: nil
        }
    }

    private static let apps: JSONValue = [
        "name": "apps", "versions": [["groupVersion": "apps/v1", "version": "v1"]],
        "preferredVersion": ["groupVersion": "apps/v1", "version": "v1"],
    ]

    private static func resources(_ groupVersion: String, group: String) -> JSONValue {
        let resources = Resource.allCases.filter { $0.group == group }.map { resource -> JSONValue in
            var entry: JSONObject = [
                "name": .string(resource.rawValue), "singularName": .string(resource.kind.lowercased()),
                "namespaced": .bool(resource.isNamespaced), "kind": .string(resource.kind),
                "verbs": ["create", "delete", "get", "list", "patch", "update", "watch"],
            ]
            if let short = resource.shortName { entry["shortNames"] = [.string(short)] }
            return .object(entry)
        }
        var list: JSONObject = ["kind": "APIResourceList"]
        if !group.isEmpty { list["apiVersion"] = "v1" }
        list["groupVersion"] = .string(groupVersion)
        list["resources"] = .array(resources)
        return .object(list)
    }
}
