import FoundationEssentials
import Rotation
import TestSupport

@testable import InitCLI

/// A folder with a project in it, which is gone with its last reference.
struct Project {
    private let directory: TemporaryDirectory

    /// Files by their paths, and where it is pushed to.
    init(_ files: [String: String], origin: String? = nil) throws {
        directory = try TemporaryDirectory()
        var files = files
        if let origin {
            files[".git/HEAD"] = "ref: refs/heads/main\n"
            files[".git/refs/.keep"] = ""
            files[".git/objects/.keep"] = ""
            files[".git/config"] = "[core]\n\trepositoryformatversion = 0\n[remote \"origin\"]\n\turl = \(origin)\n"
        }
        for (path, text) in files {
            let folder = directory.file(path).split(separator: "/").dropLast().map { "/\($0)" }.joined()
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try directory.write(text, to: path)
        }
    }

    var folder: ProjectFolder { ProjectFolder(directory.path) }

    /// What is proposed for it, as lines of `ork.yaml`, and what is said beside.
    func proposals(_ system: CISystem, name: String = "OPENROUTER_API_KEY") -> (targets: [String], others: [String]) {
        let proposals = Proposal.all(in: folder, for: system, name: name)
        let others = proposals.compactMap { proposal -> String? in
            switch proposal {
            case .target: nil
            case .incomplete(let file, _, let flag, _): "\(file): \(flag)"
            case .remark(let text): text
            }
        }
        return (Proposal.targets(proposals).map(\.line), others)
    }
}
