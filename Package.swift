// swift-tools-version: 6.2

import Foundation
import PackageDescription

/// The folder of the files that describe services to the publisher `http`.
let presets = "presets"
/// The folder of the files that `ork-init` writes.
let templates = "templates"

let package = Package(
    name: "ork",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "PublisherKit", targets: ["PublisherKit", "CurlHTTP", "HTTP", "JSON", "Secrets"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
        .package(url: "https://github.com/swhitty/FlyingFox", exact: "0.27.1"),
    ],
    targets: [
        library("CCurl", pkgConfig: "libcurl", debian: "libcurl4-openssl-dev"),
        library("CGit2", pkgConfig: "libgit2", debian: "libgit2-dev"),
        library("CSodium", pkgConfig: "libsodium", debian: "libsodium-dev"),
        library("CYAML", pkgConfig: "yaml-0.1", debian: "libyaml-dev"),
        library("CLinux"), library("CProcess"),

        module("Secrets", in: "Foundations", "CLinux"),
        module("JSON", in: "Foundations"),
        module("Timestamps", in: "Foundations"),
        module("Wording", in: "Foundations"),
        module("HTTP", in: "Foundations", "Secrets"),
        module("CurlHTTP", in: "Foundations", "CCurl", "HTTP", "Secrets", "Timestamps"),
        module("Git", in: "Foundations", "CGit2", "Secrets"),
        module("Sodium", in: "Foundations", "CSodium", "Secrets"),
        module("YAML", in: "Foundations", "CYAML"),
        module("Documents", in: "Foundations", "JSON", "Secrets", "YAML"),
        module("ChildProcesses", in: "Foundations", "CProcess", "Secrets", .systemPackage),

        module("PublisherKit", in: "Publishing", "HTTP", "JSON", "Secrets", "Sodium", "Timestamps", .systemPackage),
        module("PublisherHosting", in: "Publishing", "JSON", "PublisherKit", "Secrets", "Wording"),
        module(
            "PluginHost", in: "Publishing", "ChildProcesses", "JSON", "PublisherHosting", "PublisherKit", "Secrets",
            "Sodium", "Timestamps", .systemPackage),
        module("TargetDocuments", in: "Publishing", "Documents", "PublisherKit", "Secrets"),
        module(
            "AWS", in: "Publishing", "Documents", "HTTP", "JSON", "PublisherKit", "Secrets", "Sodium",
            "TargetDocuments", "Timestamps"),
        module("Google", in: "Publishing", "HTTP", "JSON", "PublisherKit", "Secrets", "Timestamps"),

        module("OpenRouter", in: "Rotation", "HTTP", "JSON", "Secrets", "Timestamps", "Wording"),
        module(
            "Rotation", in: "Rotation", "HTTP", "JSON", "PublisherHosting", "PublisherKit", "Secrets", "Sodium",
            "Timestamps", "Wording"),
        module(
            "Steps", in: "Rotation", "HTTP", "JSON", "OpenRouter", "PublisherHosting", "PublisherKit", "Rotation",
            "Secrets", "Sodium", "Timestamps", "Wording"),
        module("Fleet", in: "Rotation", "OpenRouter", "Rotation", "Secrets", "Steps", "Timestamps", "Wording"),

        module(
            "Configuration", in: "CommandLine", "HTTP", "JSON", "PublisherHosting", "Rotation", "Secrets", "Wording",
            "YAML"),
        module(
            "Reports", in: "CommandLine", "Fleet", "JSON", "OpenRouter", "PublisherHosting", "PublisherKit", "Rotation",
            "Secrets", "Sodium", "Timestamps", "Wording"),
        module(
            "StepCLI", in: "CommandLine", "ChildProcesses", "Configuration", "HTTP", "JSON", "OpenRouter",
            "PublisherHosting", "PublisherKit", "Reports", "Rotation", "Secrets", "Sodium", "Steps", "Timestamps",
            "Wording", .argumentParser, .systemPackage),
        module(
            "FleetCLI", in: "CommandLine", "Configuration", "Fleet", "HTTP", "JSON", "OpenRouter", "PublisherHosting",
            "Reports", "Rotation", "Secrets", "Sodium", "StepCLI", "Steps", "Timestamps", "Wording", .argumentParser),
        module(
            "InitCLI", in: "CommandLine", "ChildProcesses", "Configuration", "HTTP", "JSON", "OpenRouter",
            "PublisherHosting", "Rotation", "Secrets", "StepCLI", "Steps", "Timestamps", "Wording", .argumentParser,
            .systemPackage, embedding: templates),
        module(
            "PipelineCLI", in: "CommandLine", "ChildProcesses", "Configuration", "Fleet", "FleetCLI", "HTTP", "JSON",
            "Rotation", "Secrets", "StepCLI", "Steps", "Timestamps"),

        module("SandboxWire", in: "Sandboxes", "HTTP", "JSON", "Timestamps"),
        module("OpenRouterSandbox", in: "Sandboxes", "HTTP", "JSON", "SandboxWire", "Secrets", "Sodium", "Timestamps"),
        module("GitHubSandbox", in: "Sandboxes", "HTTP", "JSON", "SandboxWire", "Secrets", "Sodium", "Timestamps"),
        module("GitLabSandbox", in: "Sandboxes", "HTTP", "JSON", "SandboxWire", "Secrets", "Sodium", "Timestamps"),
        module("KubernetesSandbox", in: "Sandboxes", "HTTP", "JSON", "SandboxWire", "Secrets", "Sodium", "Timestamps"),
        module("VercelSandbox", in: "Sandboxes", "HTTP", "JSON", "SandboxWire", "Secrets", "Sodium"),

        step("ork-create", "CurlHTTP", "PluginHost"),
        step("ork-publish", "CurlHTTP", "PluginHost"),
        step("ork-verify", "CurlHTTP", "PluginHost", "Timestamps"),
        step("ork-retire", "CurlHTTP"),
        step("ork-rollback", "CurlHTTP", "PluginHost", "Secrets"),
        step("ork-approve", "CurlHTTP"),
        step("ork-status", "CurlHTTP"),
        step("ork-keygen"),
        step("ork-lint", "PluginHost"),
        step("ork-due", "CurlHTTP", "Fleet", "FleetCLI", "PipelineCLI", "Timestamps"),
        program("ork-init", "CurlHTTP", "InitCLI", "StepCLI", "Steps"),
        program("ork-pipeline", "CurlHTTP", "PipelineCLI", "StepCLI", "Steps", "Wording"),
        program(
            "ork-conform", "ChildProcesses", "JSON", "PluginHost", "PublisherHosting", "PublisherKit", "Secrets",
            "Sodium", .systemPackage
        ),
        program(
            "ork-sandbox", "GitHubSandbox", "GitLabSandbox", "HTTP", "JSON", "KubernetesSandbox", "OpenRouterSandbox",
            "SandboxWire", "Secrets", "Timestamps", "VercelSandbox", .product(name: "FlyingFox", package: "FlyingFox"),
            .product(name: "FlyingSocks", package: "FlyingFox"), .systemPackage),

        publisher("file", "Documents", "Sodium", "TargetDocuments", .systemPackage),
        publisher("command", "ChildProcesses", "Sodium", "Timestamps"),
        publisher("git", "ChildProcesses", "Documents", "Git", "Sodium", "TargetDocuments", "Timestamps", "YAML"),
        servicePublisher("github-secret", "Sodium", "Timestamps"),
        servicePublisher("gitlab-variable", "Sodium"),
        servicePublisher("vault-kv", "Sodium", "Timestamps"),
        servicePublisher("aws-secrets-manager", "AWS", "Sodium"),
        servicePublisher("aws-parameter", "AWS"),
        servicePublisher("kubernetes-secret", "Sodium", "Timestamps", "YAML"),
        servicePublisher("http", "Google", "Sodium", "Timestamps", "Wording", embedding: presets),
        servicePublisher("vercel", "Sodium", "Timestamps"),
        servicePublisher("azure-key-vault", "Sodium", "Timestamps"),
        servicePublisher("fly-secret", "Timestamps"),
        servicePublisher("google-secret", "Google", "Timestamps"),

        support(
            "TestSupport", "ChildProcesses", "HTTP", "JSON", "OpenRouterSandbox", "PublisherKit", "Secrets", "Sodium",
            .systemPackage),
        support(
            "RotationFixtures", "HTTP", "JSON", "OpenRouter", "OpenRouterSandbox", "PublisherHosting", "PublisherKit",
            "Rotation", "Secrets", "Sodium", "Steps", "Timestamps"),
        suite("Secrets"), suite("JSON"), suite("Timestamps"), suite("Wording", "Wording"), suite("Sodium"),
        suite("YAML", "YAML"),
        suite("Documents", "Documents"), suite("CurlHTTP", "CurlHTTP"), suite("Git", "Git"),
        suite("ChildProcesses", "ChildProcesses"), suite("PublisherKit"), suite("PublisherHosting"),
        suite("PluginHost", "ChildProcesses", "PluginHost"),
        suite("OpenRouter", "OpenRouter", "OpenRouterSandbox"), suite("Rotation", "Rotation"),
        suite("Steps", "OpenRouter", "OpenRouterSandbox", "Rotation", "RotationFixtures", "Steps"),
        suite("Fleet", "Fleet", "OpenRouter", "OpenRouterSandbox", "Rotation", "RotationFixtures", "Steps"),
        suite("Configuration", "Configuration", "Rotation"),
        suite("OpenRouterSandbox", "OpenRouterSandbox", "SandboxWire"),
        suite("GitHubSandbox", "GitHubSandbox", "SandboxWire"),
        suite("GitLabSandbox", "GitLabSandbox", "SandboxWire"),
        suite("KubernetesSandbox", "KubernetesSandbox", "SandboxWire"),
        suite("Conform", "ork-conform", "ork-publisher-file"),
        suite("FilePublisher", "ork-publisher-file"),
        suite("CommandPublisher", "ork-publisher-command"),
        suite("GitPublisher", "Git", "ork-publisher-git"),
        suite("GitHubSecret", "GitHubSandbox", "ork-publisher-github-secret"),
        suite("GitLabVariable", "GitLabSandbox", "ork-publisher-gitlab-variable", "ork-sandbox"),
        suite("VaultKV", "ChildProcesses", "CurlHTTP", "ork-publisher-vault-kv"),
        suite(
            "AWS", "AWS", "CurlHTTP", "ork-publisher-aws-parameter", "ork-publisher-aws-secrets-manager"),
        suite(
            "KubernetesSecret", "CurlHTTP", "KubernetesSandbox", "ork-publisher-kubernetes-secret",
            "ork-sandbox"),
        suite("HTTPPublisher", "SandboxWire", "ork-publisher-http"),
        suite("Vercel", "VercelSandbox", "ork-publisher-vercel"),
        suite("AzureKeyVault", "SandboxWire", "ork-publisher-azure-key-vault"),
        suite("FlySecret", "SandboxWire", "ork-publisher-fly-secret"),
        suite("GoogleSecret", "SandboxWire", "ork-publisher-google-secret"),
        suite("EndToEnd", "ChildProcesses", "OpenRouterSandbox", "Rotation", "RotationFixtures"),
        suite(
            "Reports", "Fleet", "OpenRouter", "OpenRouterSandbox", "Reports", "Rotation", "RotationFixtures", "Steps"),
        suite("Init", "Configuration", "InitCLI", "Rotation", "StepCLI", "YAML"),
        suite("Pipeline", "Rotation"), suite("Architecture", "Rotation"),
        suite(
            "Fuzz", "AWS", "Configuration", "Documents", "InitCLI", "OpenRouter", "PluginHost", "Rotation", "Steps",
            "ork-publisher-aws-parameter", "ork-publisher-aws-secrets-manager", "ork-publisher-azure-key-vault",
            "ork-publisher-fly-secret", "ork-publisher-github-secret", "ork-publisher-gitlab-variable",
            "ork-publisher-google-secret",
            "ork-publisher-kubernetes-secret", "ork-publisher-vault-kv",
            "ork-publisher-vercel"),
    ]
)

/// Of a package that others depend on, SwiftPM takes no unsafe flags.
let isDependency = Context.packageDirectory.contains("/checkouts/")

for target in package.targets where target.type != .system {
    // What is built in is not left out.
    target.exclude = withoutSwift(target.path ?? "").filter {
        target.resources == nil || ![presets, templates].contains($0)
    }
    target.swiftSettings = [
        .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"), .strictMemorySafety(), .treatAllWarnings(as: .error),
    ]
    // Unoptimized, the suites of values take twice as long. What they run the most is optimized, and no more: that costs
    // more than half of a build.
    let isMeantToBeFast =
        target.name == "OpenRouterSandbox"
        || ["Foundations", "Publishing", "Rotation"].contains { target.path?.hasPrefix("Sources/\($0)/") == true }
    if isMeantToBeFast, !isDependency {
        target.swiftSettings?.append(.unsafeFlags(["-O"], .when(configuration: .debug)))
    }
}

// `Tests/sanitize.sh` and `Tests/fuzz.sh` build everything anew: with the suites that they run, and no others.
if let names = Context.environment["ORK_SUITES"]?.split(separator: " ") {
    package.targets.removeAll { $0.type == .test && !names.contains(Substring($0.name.dropLast("Tests".count))) }
}

// `Tests/fuzz.sh` says where libFuzzer is. What it leads through is instrumented; the programs of the steps are not needed.
if let libFuzzer = Context.environment["ORK_LIBFUZZER"] {
    package.targets.removeAll { $0.path?.hasPrefix("Sources/Programs/") == true }
    for target in package.targets where target.type != .system {
        if ["Sources/", "plugins/"].contains(where: { target.path?.hasPrefix($0) == true }) {
            target.swiftSettings?.append(.unsafeFlags(["-sanitize=fuzzer"]))
        }
        if target.type == .test { target.swiftSettings?.append(.define("FUZZER")) }
        if [.executable, .test].contains(target.type) {
            target.linkerSettings = [.unsafeFlags([libFuzzer]), .linkedLibrary("stdc++")]
        }
    }
}

extension Target.Dependency {
    static var argumentParser: Self { .product(name: "ArgumentParser", package: "swift-argument-parser") }
    static var systemPackage: Self { .product(name: "SystemPackage", package: "swift-system") }
}

/// A C library of the system: a module map and a shim.
func library(_ name: String, pkgConfig: String? = nil, debian package: String? = nil) -> Target {
    .systemLibrary(
        name: name, path: "Sources/C/\(name)", pkgConfig: pkgConfig, providers: package.map { [.apt([$0])] })
}

/// A module in its layer, with the files of a folder built in.
func module(
    _ name: String, in layer: String, _ dependencies: Target.Dependency..., embedding folder: String? = nil
) -> Target {
    let path = "Sources/\(layer)/\(name)"
    return .target(name: name, dependencies: dependencies, path: path, resources: resources(folder, in: path))
}

/// A program.
func program(_ name: String, _ dependencies: Target.Dependency...) -> Target {
    .executableTarget(
        name: name, dependencies: dependencies + [.argumentParser], path: "Sources/Programs/\(name)")
}

/// A program that works with a handoff.
func step(_ name: String, _ dependencies: Target.Dependency...) -> Target {
    .executableTarget(
        name: name, dependencies: dependencies + ["Configuration", "Rotation", "StepCLI", "Steps", .argumentParser],
        path: "Sources/Programs/\(name)")
}

/// The publisher in `plugins/NAME`: the program `ork-publisher-NAME`.
func publisher(_ name: String, _ dependencies: Target.Dependency...) -> Target {
    .executableTarget(
        name: "ork-publisher-\(name)", dependencies: dependencies + ["JSON", "PublisherKit", "Secrets"],
        path: "plugins/\(name)")
}

/// A publisher for a service that speaks HTTP, with the files of a folder built in.
func servicePublisher(
    _ name: String, _ dependencies: Target.Dependency..., embedding folder: String? = nil
) -> Target {
    .executableTarget(
        name: "ork-publisher-\(name)",
        dependencies: dependencies + ["CurlHTTP", "HTTP", "JSON", "PublisherKit", "Secrets"], path: "plugins/\(name)",
        resources: resources(folder, in: "plugins/\(name)"))
}

/// The files of a folder of the target's, which are built into the code.
func resources(_ folder: String?, in path: String) -> [Resource]? {
    folder.map { folder in
        withoutSwift("\(path)/\(folder)").sorted().map { .embedInCode("\(folder)/\($0)") }
    }
}

/// What several suites use.
func support(_ name: String, _ dependencies: Target.Dependency...) -> Target {
    .target(name: name, dependencies: dependencies, path: "Tests/\(name)")
}

/// The tests in `Tests/NAMETests`.
func suite(_ name: String, _ dependencies: Target.Dependency...) -> Target {
    .testTarget(
        name: "\(name)Tests",
        dependencies: dependencies + [
            "HTTP", "JSON", "PublisherHosting", "PublisherKit", "Secrets", "Sodium", "TestSupport", "Timestamps",
            .systemPackage,
        ],
        path: "Tests/\(name)Tests")
}

/// What lies in a target's folder and is not Swift: a README, scripts, fixtures.
func withoutSwift(_ path: String) -> [String] {
    let folder = Context.packageDirectory + "/" + path
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { name in
        let below = FileManager.default.enumerator(atPath: "\(folder)/\(name)")
        return !name.hasSuffix(".swift") && !(below?.contains { "\($0)".hasSuffix(".swift") } ?? false)
    }
}
