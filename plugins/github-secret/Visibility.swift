import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets

/// Which repositories may read something of their organization, as it goes into a request.
struct Visibility {
    /// In GitHub's words: all, private, selected.
    let word: String
    /// The repositories, if they are selected.
    var repositories: [Int] = []
    /// Their names in lower case, if GitHub gave them.
    var names: Set<String>?

    func add(to body: inout JSONObject, asTexts: Bool = false) {
        body["visibility"] = .string(word)
        guard word == Self.selected else { return }
        body["selected_repository_ids"] = .array(
            repositories.map { asTexts ? .string("\($0)") : .number(JSONNumber($0)) })
    }

    static let selected = "selected"
}

extension SecretTarget {
    /// What the secret's visibility is to be: what it is, for a write that says nothing or too little would change it;
    /// what the settings say, if there is no secret yet. `nil` if it belongs to no organization.
    func visibility(_ metadata: Metadata?) throws(ServiceError) -> Visibility? {
        guard case .organization(let organization, _, let made) = scope else { return nil }
        if let metadata {
            guard let word = metadata.visibility else {
                throw ServiceError(
                    PublisherError(
                        .unavailable, "GitHub does not say which repositories may read \(settings.secret)",
                        hint: "run the step again; writing it without that could change it"))
            }
            guard word == Visibility.selected else { return Visibility(word: word) }
            return try selected()
        }
        switch made {
        case .all: return Visibility(word: "all")
        case .private: return Visibility(word: "private")
        case .selected(let repositories):
            var ids: [Int] = []
            for repository in repositories { ids.append(try id(of: repository)) }
            return Visibility(word: Visibility.selected, repositories: ids)
        case nil:
            throw ServiceError(
                Settings.error(
                    "visibility", "\(organization) has no secret \(settings.name), and nothing says who may read it",
                    hint: "set 'visibility' to all, private or selected"))
        }
    }

    /// A word on a wish that is not fulfilled, for people.
    func unheeded(_ visibility: Visibility?, _ metadata: Metadata?) -> String? {
        guard let visibility, metadata != nil, case .organization(_, _, let made?) = scope else { return nil }
        let wish =
            switch made {
            case .all: "all"
            case .private: "private"
            case .selected: Visibility.selected
            }
        guard wish == visibility.word else {
            return "its visibility stays \(DisplayText.line(visibility.word, limit: 40)),"
                + " as 'visibility' is only for a secret that is made"
        }
        guard case .selected(let repositories) = made,
            visibility.names != Set(repositories.map { $0.description.lowercased() })
        else { return nil }
        return "its selected repositories stay what they are, as 'selected_repositories' is only for a secret that is"
            + " made"
    }

    /// The repositories that the secret is for now, all pages of them. Each page brings new ones, or is the last.
    private func selected() throws(ServiceError) -> Visibility {
        var ids: Set<Int> = []
        var names: Set<String> = []
        var page = 1
        while true {
            let answer = try client.send(
                ServiceCall(
                    .get, scope.secretsPath + [settings.name.description, "repositories"],
                    query: [("per_page", "100"), ("page", "\(page)")],
                    to: "read which repositories may read \(settings.secret)", field: scope.field,
                    permission: scope.secretPermission), until: deadline)
            let object = try answer.object()
            let known = ids.count
            for repository in try object.list("repositories") {
                ids.insert(try repository.integer("id"))
                if let name = repository["full_name"]?.string { names.insert(name.lowercased()) }
            }
            let total = try object.integer("total_count")
            if ids.count < total, ids.count > known {
                page += 1
                continue
            }
            guard ids.count == total else {
                throw ServiceError(
                    PublisherError(
                        .unavailable, "the repositories that may read \(settings.secret) changed while they were read",
                        hint: "run the step again"))
            }
            return Visibility(
                word: Visibility.selected, repositories: ids.sorted(), names: names.count == total ? names : nil)
        }
    }

    private func id(of repository: RepositoryName) throws(ServiceError) -> Int {
        let answer = try client.send(
            ServiceCall(
                .get, repository.path, to: "see \(repository)", field: "with.selected_repositories",
                permission: "the repository permission \"Metadata\" (read) for it"), until: deadline)
        return try answer.object().integer("id")
    }
}
