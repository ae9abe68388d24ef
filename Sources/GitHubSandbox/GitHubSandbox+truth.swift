package import Secrets

/// What a test reads past the API.
extension GitHubSandbox {
    /// What was sealed and opened again; `nil` if there is no such secret, or if its box does not open.
    package func plaintext(store: SecretStore = .actions, scope: Scope, name: String) -> Secret? {
        stored(store: store, scope: scope, name: name)?.plaintext
    }

    /// A secret as it is stored.
    package func stored(store: SecretStore = .actions, scope: Scope, name: String) -> StoredSecret? {
        place(scope).flatMap { secrets[Shelf(store: store, place: $0)]?[name.uppercased()] }
    }

    /// A variable as it is stored.
    package func variable(scope: Scope, name: String) -> StoredVariable? {
        place(scope).flatMap { variables[$0]?[name.uppercased()] }
    }

    func place(_ scope: Scope) -> Place? {
        switch scope {
        case .organisation(let name): organisations[name.lowercased()] == nil ? nil : .organisation(name.lowercased())
        case .repository(let name): repository(named: name).map { .repository($0.id) }
        case .environment(let name, let owner):
            repository(named: owner).flatMap { repository in
                repository.environment(name).map { .environment(repository.id, $0.name) }
            }
        }
    }

    func scope(_ place: Place) -> Scope {
        switch place {
        case .organisation(let name): .organisation(organisations[name]?.login ?? name)
        case .repository(let id): .repository(repository(id)?.fullName ?? "")
        case .environment(let id, let name): .environment(name, of: repository(id)?.fullName ?? "")
        }
    }
}
