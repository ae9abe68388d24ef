import FoundationEssentials
import SystemPackage
import TestSupport

/// The real `kubectl`.
enum Kubectl {
    /// What it prints, and whether it ended with 0.
    static func run(_ arguments: [String], kubeconfig: String = "/dev/null") async throws -> (
        text: String, isDone: Bool
    ) {
        let folder = try TemporaryDirectory()
        let kubectl = FilePath(try Python.interpreter()).removingLastComponent().appending("kubectl")
        let result = try await CommandRun(
            [kubectl.string, "--kubeconfig", kubeconfig, "--cache-dir", folder.path] + arguments,
            environment: ["PATH": "/usr/bin:/bin", "HOME": folder.path])
        return (result.output + result.errors, result.succeeded)
    }
}
