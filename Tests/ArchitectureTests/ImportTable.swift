/// Who may import whom. `FoundationEssentials` stands open to all; whole `Foundation` is nowhere.
enum ImportTable {
    /// The operating system and its threads: for what touches the world, not for values.
    private static let system: Set<String> = ["Dispatch", "Glibc", "Synchronization", "SystemPackage"]
    private static let commandLine: Set<String> = ["ArgumentParser", "Configuration", "Rotation", "StepCLI", "Steps"]

    /// What a publisher for a service of the web is made of.
    private static let service: Set<String> = [
        "CurlHTTP", "HTTP", "JSON", "PublisherPlugin", "Secrets", "ServiceClient", "Sodium", "Synchronization",
    ]

    /// For each module's folder what it may import.
    static let allowed: [String: Set<String>] = [
        // Leaves.
        "Sources/Secrets": ["CLinux", "Glibc"],
        "Sources/JSON": [],
        "Sources/Timestamps": [],
        "Sources/HTTP": ["Secrets"],
        // The faces of the C libraries.
        "Sources/CurlHTTP": system.union(["CCurl", "HTTP", "Secrets"]),
        "Sources/Git": system.union(["CGit2", "Secrets"]),
        "Sources/Sodium": ["CSodium", "Secrets"],
        "Sources/YAML": ["CYAML"],
        // The domain: values, without a socket, a file or a process.
        "Sources/Documents": ["JSON", "Secrets", "YAML"],
        "Sources/TargetDocuments": ["Documents", "PublisherPlugin", "Secrets"],
        "Sources/OpenRouter": ["HTTP", "JSON", "Secrets", "Sodium", "Timestamps"],
        "Sources/Rotation": ["JSON", "PublisherPlugin", "Secrets", "Sodium", "Timestamps"],
        "Sources/Configuration": ["HTTP", "JSON", "PublisherPlugin", "Rotation", "Timestamps", "YAML"],
        "Sources/Steps": [
            "HTTP", "JSON", "OpenRouter", "PublisherPlugin", "Rotation", "Secrets", "Sodium", "Timestamps",
        ],
        "Sources/ServiceClient": system.union(["HTTP", "JSON", "PublisherPlugin", "Secrets", "Timestamps"]),
        "Sources/AWS": system.union([
            "Documents", "HTTP", "JSON", "PublisherPlugin", "Secrets", "ServiceClient", "Sodium", "Timestamps",
        ]),
        // Services as values.
        "Sources/SandboxWire": ["HTTP", "JSON", "Timestamps"],
        "Sources/Sandbox": ["HTTP", "JSON", "SandboxWire", "Secrets", "Sodium", "Timestamps"],
        "Sources/GitHubSandbox": ["HTTP", "JSON", "SandboxWire", "Secrets", "Sodium", "Timestamps"],
        "Sources/GitLabSandbox": ["HTTP", "JSON", "SandboxWire", "Secrets", "Sodium", "Timestamps"],
        "Sources/KubernetesSandbox": ["HTTP", "JSON", "SandboxWire", "Secrets", "Sodium", "Timestamps"],
        // The world around it.
        "Sources/PublisherPlugin": system.union(["JSON", "Secrets", "Timestamps"]),
        "Sources/PluginHost": system.union(["JSON", "PublisherPlugin", "Secrets", "Sodium", "Subprocess", "Timestamps"]
        ),
        "Sources/Programs": system.union(["Secrets"]),
        "Sources/StepCLI": system.union([
            "ArgumentParser", "Configuration", "HTTP", "JSON", "OpenRouter", "Rotation", "Secrets", "Sodium", "Steps",
            "Timestamps",
        ]),
        // Programs.
        "Sources/ork-create": commandLine.union(["CurlHTTP"]),
        "Sources/ork-publish": commandLine.union(["CurlHTTP", "PluginHost"]),
        "Sources/ork-verify": commandLine.union(["CurlHTTP", "PluginHost", "PublisherPlugin", "Secrets"]),
        "Sources/ork-retire": commandLine.union(["CurlHTTP"]),
        "Sources/ork-approve": commandLine.union(["HTTP"]),
        "Sources/ork-due": commandLine.union(["CurlHTTP", "Timestamps"]),
        "Sources/ork-status": commandLine,
        "Sources/ork-keygen": commandLine,
        "Sources/ork-conform": system.union([
            "ArgumentParser", "JSON", "PluginHost", "PublisherPlugin", "Secrets", "Sodium",
        ]),
        "Sources/ork-sandbox": system.union([
            "ArgumentParser", "FlyingFox", "FlyingSocks", "GitHubSandbox", "GitLabSandbox", "HTTP", "JSON",
            "KubernetesSandbox", "Sandbox",
            "SandboxWire", "Secrets", "Timestamps",
        ]),
        // Publishers: the contract and the faces they need, nothing of the rotation.
        "plugins/file": system.union([
            "Documents", "JSON", "PublisherPlugin", "Secrets", "Sodium", "TargetDocuments",
        ]),
        "plugins/command": ["JSON", "Programs", "PublisherPlugin", "Secrets", "Sodium", "Timestamps"],
        "plugins/git": [
            "Documents", "Git", "Glibc", "JSON", "Programs", "PublisherPlugin", "Secrets", "Sodium", "TargetDocuments",
            "YAML",
        ],
        "plugins/github-secret": service.union(["Timestamps"]),
        "plugins/gitlab-variable": service,
        "plugins/vault-kv": service.union(["Timestamps"]),
        "plugins/aws-secrets-manager": service.union(["AWS"]),
        "plugins/aws-parameter": service.union(["AWS"]),
        "plugins/kubernetes-secret": service.union(["Timestamps", "YAML"]),
    ]

    /// What a source in `folder` imports and may not.
    static func forbidden(in source: String, of folder: String) -> Set<String> {
        imports(of: source).subtracting(allowed[folder] ?? []).subtracting(["FoundationEssentials"])
    }
}
