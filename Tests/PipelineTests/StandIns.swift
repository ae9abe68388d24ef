import TestSupport

/// What stands for actions of GitHub that act cannot fetch here. act fetches every action of a job before it runs it.
enum StandIns {
    private static let actions = [
        ("actions/cache@8b402f58fbc84540c8b491a91e594a4576fec3d7", "Cache"),
        ("actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02", "UploadArtifact"),
    ]

    /// The commit of ork that the user's workflows name.
    static let commit = String(repeating: "0123456789", count: 4)

    /// Options of act.
    static let options: [String] = actions.flatMap { action, folder in
        ["--local-repository", "\(action)=\(Python.file(folder))"]
    }

    /// The same with ork's own actions, from a copy of its repository.
    static func options(withActionsOf ork: String) -> [String] {
        options + ["--local-repository", "acme/ork@\(commit)=\(ork)"]
    }
}
