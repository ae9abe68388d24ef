import FoundationEssentials

/// A repository and its environments.
struct Repository {
    let id: Int
    let owner: String
    var name: String
    let isPrivate: Bool
    let createdAt: Date
    var environments: [Environment]
    /// Names that lead here since it was renamed, in lower case.
    var formerNames: Set<String> = []

    struct Environment {
        let id: Int
        let name: String
    }

    var fullName: String { owner + "/" + name }

    func environment(_ name: String) -> Environment? {
        environments.first { $0.name.lowercased() == name.lowercased() }
    }
}

/// An owner of repositories.
struct Organisation {
    let id: Int
    let login: String
    let createdAt: Date
}
