// swift-tools-version: 6.2

import PackageDescription

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")
let systemPackage: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let flyingFox: Target.Dependency = .product(name: "FlyingFox", package: "FlyingFox")
let flyingSocks: Target.Dependency = .product(name: "FlyingSocks", package: "FlyingFox")

/// What every step is made of besides its own step and the live parts it wires.
let step: [Target.Dependency] = ["Configuration", "Rotation", "StepCLI", "Steps", argumentParser]

let package = Package(
    name: "ork",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "PublisherPlugin", targets: ["PublisherPlugin", "Secrets", "JSON"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
        .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
    ],
    targets: [
        // C libraries of the system: a module map and a shim, nothing else.
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CGit2", pkgConfig: "libgit2", providers: [.apt(["libgit2-dev"])]),
        .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CLinux"),

        // Leaves: values.
        .target(name: "Secrets", dependencies: ["CLinux"]),
        .target(name: "JSON"),
        .target(name: "Timestamps"),
        .target(name: "HTTP", dependencies: ["Secrets"]),

        // One Swift face for each C library.
        .target(name: "CurlHTTP", dependencies: ["CCurl", "HTTP", "Secrets"]),
        .target(name: "Git", dependencies: ["CGit2", "Secrets"]),
        .target(name: "Sodium", dependencies: ["CSodium", "Secrets"]),
        .target(name: "YAML", dependencies: ["CYAML"]),

        // The domain and the world around it.
        .target(name: "Programs", dependencies: ["Secrets", systemPackage]),
        .target(name: "Documents", dependencies: ["Secrets", "JSON", "YAML"]),
        .target(name: "TargetDocuments", dependencies: ["Documents", "PublisherPlugin", "Secrets"]),
        .target(name: "OpenRouter", dependencies: ["HTTP", "JSON", "Secrets", "Sodium", "Timestamps"]),
        .target(name: "Rotation", dependencies: ["JSON", "PublisherPlugin", "Secrets", "Sodium", "Timestamps"]),
        .target(name: "Configuration", dependencies: ["HTTP", "JSON", "PublisherPlugin", "Rotation", "YAML"]),
        .target(name: "PublisherPlugin", dependencies: ["JSON", "Secrets", "Timestamps", systemPackage]),
        .target(
            name: "PluginHost",
            dependencies: ["JSON", "PublisherPlugin", "Secrets", "Sodium", "Timestamps", subprocess, systemPackage]),
        .target(
            name: "Steps",
            dependencies: [
                "HTTP", "JSON", "OpenRouter", "PublisherPlugin", "Rotation", "Secrets", "Sodium", "Timestamps",
            ]),
        .target(
            name: "StepCLI",
            dependencies: [
                "Configuration", "HTTP", "JSON", "OpenRouter", "Rotation", "Secrets", "Sodium", "Steps", "Timestamps",
                argumentParser,
                systemPackage,
            ]),
        .target(name: "ServiceClient", dependencies: ["HTTP", "JSON", "PublisherPlugin", "Secrets", "Timestamps"]),

        .target(
            name: "AWS",
            dependencies: [
                "Documents", "HTTP", "JSON", "PublisherPlugin", "Secrets", "ServiceClient", "Sodium", "Timestamps",
            ]),

        // Services as values, for rehearsals and tests.
        .target(name: "SandboxWire", dependencies: ["HTTP", "JSON", "Timestamps"]),
        .target(name: "Sandbox", dependencies: ["HTTP", "JSON", "SandboxWire", "Secrets", "Sodium", "Timestamps"]),
        .target(
            name: "GitHubSandbox", dependencies: ["HTTP", "JSON", "SandboxWire", "Secrets", "Sodium", "Timestamps"]),
        .target(
            name: "GitLabSandbox", dependencies: ["HTTP", "JSON", "SandboxWire", "Secrets", "Sodium", "Timestamps"]),
        .target(
            name: "KubernetesSandbox", dependencies: ["HTTP", "JSON", "SandboxWire", "Secrets", "Sodium", "Timestamps"]),

        // Steps.
        .executableTarget(name: "ork-create", dependencies: step + ["CurlHTTP"]),
        .executableTarget(name: "ork-publish", dependencies: step + ["CurlHTTP", "PluginHost"]),
        .executableTarget(
            name: "ork-verify", dependencies: step + ["CurlHTTP", "PluginHost", "PublisherPlugin", "Secrets"]),
        .executableTarget(name: "ork-retire", dependencies: step + ["CurlHTTP"]),

        // Tools.
        .executableTarget(name: "ork-approve", dependencies: step + ["HTTP"]),
        .executableTarget(name: "ork-due", dependencies: step + ["CurlHTTP", "Timestamps"]),
        .executableTarget(name: "ork-status", dependencies: ["StepCLI", "Steps", argumentParser]),
        .executableTarget(name: "ork-keygen", dependencies: ["Rotation", "StepCLI", "Steps", argumentParser]),
        .executableTarget(
            name: "ork-conform",
            dependencies: [
                "JSON", "PluginHost", "PublisherPlugin", "Secrets", "Sodium", argumentParser, systemPackage,
            ]),
        .executableTarget(
            name: "ork-sandbox",
            dependencies: [
                "GitHubSandbox", "GitLabSandbox", "HTTP", "JSON", "KubernetesSandbox", "Sandbox", "SandboxWire",
                "Secrets",
                "Timestamps", argumentParser, flyingFox, flyingSocks, systemPackage,
            ]),

        // Publishers.
        .executableTarget(
            name: "ork-publisher-file",
            dependencies: ["Documents", "JSON", "PublisherPlugin", "Secrets", "Sodium", "TargetDocuments"],
            path: "plugins/file", exclude: ["README.md"]),
        .executableTarget(
            name: "ork-publisher-command",
            dependencies: ["JSON", "Programs", "PublisherPlugin", "Secrets", "Sodium", "Timestamps"],
            path: "plugins/command", exclude: ["README.md"]),
        .executableTarget(
            name: "ork-publisher-git",
            dependencies: [
                "Documents", "Git", "JSON", "Programs", "PublisherPlugin", "Secrets", "Sodium", "TargetDocuments",
                "YAML",
            ],
            path: "plugins/git", exclude: ["README.md"]),
        .executableTarget(
            name: "ork-publisher-github-secret",
            dependencies: [
                "CurlHTTP", "HTTP", "JSON", "PublisherPlugin", "Secrets", "ServiceClient", "Sodium", "Timestamps",
            ],
            path: "plugins/github-secret", exclude: ["README.md"]),
        .executableTarget(
            name: "ork-publisher-gitlab-variable",
            dependencies: ["CurlHTTP", "HTTP", "JSON", "PublisherPlugin", "Secrets", "ServiceClient", "Sodium"],
            path: "plugins/gitlab-variable", exclude: ["README.md"]),
        .executableTarget(
            name: "ork-publisher-vault-kv",
            dependencies: [
                "CurlHTTP", "HTTP", "JSON", "PublisherPlugin", "Secrets", "ServiceClient", "Sodium", "Timestamps",
            ],
            path: "plugins/vault-kv", exclude: ["README.md"]),
        .executableTarget(
            name: "ork-publisher-aws-secrets-manager",
            dependencies: ["AWS", "CurlHTTP", "JSON", "PublisherPlugin", "Secrets", "ServiceClient", "Sodium"],
            path: "plugins/aws-secrets-manager", exclude: ["README.md"]),
        .executableTarget(
            name: "ork-publisher-aws-parameter",
            dependencies: ["AWS", "CurlHTTP", "JSON", "PublisherPlugin", "Secrets", "ServiceClient"],
            path: "plugins/aws-parameter", exclude: ["README.md"]),
        .executableTarget(
            name: "ork-publisher-kubernetes-secret",
            dependencies: [
                "CurlHTTP", "HTTP", "JSON", "PublisherPlugin", "Secrets", "ServiceClient", "Sodium", "Timestamps",
                "YAML",
            ],
            path: "plugins/kubernetes-secret", exclude: ["README.md"]),

        // Tests.
        .target(
            name: "TestSupport",
            dependencies: ["HTTP", "JSON", "Sandbox", "Secrets", subprocess, systemPackage],
            path: "Tests/TestSupport", exclude: ["Python"]),
        .testTarget(name: "SecretsTests", dependencies: ["Secrets"]),
        .testTarget(name: "JSONTests", dependencies: ["JSON"]),
        .testTarget(name: "TimestampsTests", dependencies: ["Timestamps"]),
        .testTarget(
            name: "CurlHTTPTests", dependencies: ["CurlHTTP", "HTTP", "Secrets", "TestSupport", subprocess]),
        .testTarget(
            name: "GitTests", dependencies: ["Git", "Secrets", "TestSupport", subprocess, systemPackage]),
        .testTarget(name: "ProgramsTests", dependencies: ["Programs", "Secrets", "TestSupport"]),
        .testTarget(
            name: "GitPublisherTests",
            dependencies: [
                "Git", "JSON", "PublisherPlugin", "Secrets", "Sodium", "TestSupport", "ork-publisher-git", subprocess,
                systemPackage,
            ],
            exclude: ["Python"]),
        .testTarget(name: "SodiumTests", dependencies: ["Secrets", "Sodium"]),
        .testTarget(name: "YAMLTests", dependencies: ["YAML"]),
        .testTarget(
            name: "DocumentsTests", dependencies: ["Documents", "JSON", "Secrets", subprocess, systemPackage],
            exclude: ["readers.py"]),
        .testTarget(
            name: "FilePublisherTests",
            dependencies: [
                "ork-publisher-file", "JSON", "PublisherPlugin", "Secrets", "Sodium", "TestSupport", subprocess,
                systemPackage,
            ]),
        .testTarget(
            name: "CommandPublisherTests",
            dependencies: [
                "ork-publisher-command", "JSON", "PublisherPlugin", "Secrets", "Sodium", "TestSupport",
            ]),
        .testTarget(
            name: "OpenRouterTests",
            dependencies: ["HTTP", "JSON", "OpenRouter", "Sandbox", "Secrets", "Sodium", "TestSupport", "Timestamps"]),
        .testTarget(
            name: "RotationTests",
            dependencies: [
                "JSON", "PublisherPlugin", "Rotation", "Secrets", "Sodium", "TestSupport", "Timestamps", systemPackage,
            ],
            exclude: ["Fixtures", "Python"]),
        .testTarget(
            name: "ConfigurationTests",
            dependencies: [
                "Configuration", "JSON", "PublisherPlugin", "Rotation", "Secrets", "TestSupport", "Timestamps",
            ]),
        .testTarget(name: "PublisherPluginTests", dependencies: ["JSON", "PublisherPlugin", "Secrets", "Timestamps"]),
        .testTarget(
            name: "PluginHostTests",
            dependencies: [
                "JSON", "PluginHost", "PublisherPlugin", "Secrets", "Sodium", "TestSupport", "Timestamps",
                systemPackage,
            ]),
        .testTarget(
            name: "ConformTests",
            dependencies: [
                "HTTP", "JSON", "PluginHost", "Secrets", "TestSupport", "ork-conform", "ork-publisher-file",
            ],
            exclude: ["Python"]),
        .testTarget(
            name: "StepsTests",
            dependencies: [
                "HTTP", "JSON", "OpenRouter", "PublisherPlugin", "Rotation", "Sandbox", "Secrets", "Sodium", "Steps",
                "TestSupport", "Timestamps",
            ]),
        .testTarget(
            name: "SandboxTests",
            dependencies: [
                "HTTP", "JSON", "Sandbox", "SandboxWire", "Secrets", "Sodium", "TestSupport", "Timestamps", subprocess,
                systemPackage,
            ],
            exclude: ["Fixtures", "Python"]),
        .testTarget(
            name: "ServiceClientTests",
            dependencies: ["HTTP", "JSON", "PublisherPlugin", "Secrets", "ServiceClient", "TestSupport"]),
        .testTarget(
            name: "GitHubSandboxTests",
            dependencies: ["GitHubSandbox", "HTTP", "JSON", "SandboxWire", "Secrets", "Sodium", "TestSupport"],
            exclude: ["Python"]),
        .testTarget(
            name: "GitLabSandboxTests",
            dependencies: ["GitLabSandbox", "HTTP", "JSON", "SandboxWire", "Secrets", "Sodium", "TestSupport"],
            exclude: ["Python"]),
        .testTarget(
            name: "KubernetesSandboxTests",
            dependencies: ["HTTP", "JSON", "KubernetesSandbox", "SandboxWire", "Secrets", "Sodium", "TestSupport"],
            exclude: ["Python"]),
        .testTarget(
            name: "GitHubSecretTests",
            dependencies: [
                "GitHubSandbox", "HTTP", "JSON", "PublisherPlugin", "Secrets", "ServiceClient", "Sodium", "TestSupport",
                "Timestamps", "ork-publisher-github-secret", subprocess, systemPackage,
            ],
            exclude: ["Python"]),
        .testTarget(
            name: "GitLabVariableTests",
            dependencies: [
                "GitLabSandbox", "HTTP", "JSON", "PublisherPlugin", "Secrets", "ServiceClient", "Sodium", "TestSupport",
                "ork-publisher-gitlab-variable", "ork-sandbox", subprocess, systemPackage,
            ],
            exclude: ["Python"]),
        .testTarget(
            name: "VaultKVTests",
            dependencies: [
                "CurlHTTP", "HTTP", "JSON", "PluginHost", "PublisherPlugin", "Secrets", "ServiceClient", "Sodium",
                "TestSupport", "ork-publisher-vault-kv", subprocess, systemPackage,
            ],
            exclude: ["Python"]),
        .testTarget(
            name: "AWSTests",
            dependencies: [
                "AWS", "CurlHTTP", "HTTP", "JSON", "PublisherPlugin", "Secrets", "ServiceClient", "Sodium",
                "TestSupport", "ork-publisher-aws-parameter", "ork-publisher-aws-secrets-manager", subprocess,
                systemPackage,
            ]),
        .testTarget(
            name: "KubernetesSecretTests",
            dependencies: [
                "CurlHTTP", "HTTP", "JSON", "KubernetesSandbox", "PublisherPlugin", "Secrets", "ServiceClient",
                "Sodium", "TestSupport", "ork-publisher-kubernetes-secret", "ork-sandbox", subprocess, systemPackage,
            ],
            exclude: ["Python"]),
        .testTarget(
            name: "EndToEndTests",
            dependencies: ["HTTP", "JSON", "Sandbox", "Secrets", "Sodium", "TestSupport", subprocess, systemPackage],
            exclude: ["Scripts"]),
        .testTarget(
            name: "PipelineTests",
            dependencies: ["HTTP", "JSON", "Secrets", "TestSupport", subprocess, systemPackage],
            exclude: ["Cache", "Python", "UploadArtifact"]),
        .testTarget(name: "ArchitectureTests", dependencies: ["TestSupport", subprocess, systemPackage]),
    ]
)

for target in package.targets where ![.system, .binary, .plugin].contains(target.type) {
    target.swiftSettings = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .strictMemorySafety(),
        .treatAllWarnings(as: .error),
    ]
}
