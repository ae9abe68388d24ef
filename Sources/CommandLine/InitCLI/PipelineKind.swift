import ArgumentParser

/// How a pipeline is divided.
package enum PipelineKind: String, ExpressibleByArgument, CaseIterable, Sendable {
    case simple, staged

    /// How to choose, in a line.
    static let choice =
        "simple: one job holds all secrets and asks nobody; staged: each stage its own, and people approve"

    /// What a folder has that was set up with `ork-init`.
    static func setUp(for system: CISystem, in folder: ProjectFolder) -> PipelineKind {
        let pipeline = folder.text(of: system == .github ? Draft.gitHubPipeline : Draft.gitLabPipeline) ?? ""
        let isSimple = pipeline.contains("/ci-templates/github/rotate@") || pipeline.contains("/ork-simple.yml")
        return isSimple ? .simple : .staged
    }
}
