package import FoundationEssentials
import SandboxWire
package import Secrets
import Sodium

/// What a test, or somebody else who administers GitLab, does to the world without a request.
extension GitLabSandbox {
    /// Adds a project and the groups that it lies in, and returns its id; that of the one which is there already.
    @discardableResult
    package mutating func addProject(_ path: String, at now: Date = Date(timeIntervalSince1970: 1_767_225_600)) -> Int {
        add(.project, path, at: now)
    }

    /// Adds a group and those above it, and returns its id; that of the one which is there already.
    @discardableResult
    package mutating func addGroup(_ path: String, at now: Date = Date(timeIntervalSince1970: 1_767_225_600)) -> Int {
        add(.group, path, at: now)
    }

    /// Moves a project, which GitLab remembers.
    package mutating func moveProject(_ path: String, to newPath: String) {
        guard let index = index(of: .project(path)) else { return }
        containers[index].formerPaths.append(containers[index].path)
        containers[index].path = newPath
        if !containers[index].parent.isEmpty { addGroup(containers[index].parent, at: containers[index].createdAt) }
    }

    private mutating func add(_ kind: Container.Kind, _ path: String, at now: Date) -> Int {
        if let there = containers.first(where: { $0.kind == kind && $0.isAt(path) }) { return there.id }
        let container = Container(id: nextID(), kind: kind, path: path, createdAt: now)
        if !container.parent.isEmpty { addGroup(container.parent, at: now) }
        containers.append(container)
        return container.id
    }

    /// Makes a token. Roles are given by the path of a project or group, and hold for what lies below.
    package mutating func addToken(
        _ kind: Token.Kind = .personal, scopes: [String] = ["api"], roles: [String: Token.Role] = [:],
        isAdministrator: Bool = false, expiresAt: Date? = nil,
        at now: Date = Date(timeIntervalSince1970: 1_767_225_600)
    ) -> Secret {
        let secret = Secret(kind.prefix + random.hex(20))
        let id = nextID()
        tokens[Digest(of: secret)] = Token(
            id: id, kind: kind, scopes: scopes, roles: roles, isAdministrator: isAdministrator, createdAt: now,
            expiresAt: expiresAt)
        return secret
    }

    /// Revokes a token.
    package mutating func revoke(_ token: Secret) { tokens[Digest(of: token)]?.isRevoked = true }

    /// The variables of a place in the order of their creation; none if there is no such place.
    package func variables(of owner: VariableOwner) -> [Variable] {
        index(of: owner).map { containers[$0].variables } ?? []
    }

    /// Makes a variable, or gives the one of this key and scope another value and these flags.
    package mutating func setVariable(
        _ key: String, _ value: String, of owner: VariableOwner, kind: Variable.Kind = .environment,
        isProtected: Bool = false, isMasked: Bool = false, isHidden: Bool = false, isRaw: Bool = false,
        environmentScope: String = "*", description: String? = nil
    ) {
        guard let index = index(of: owner) else { return }
        let place = containers[index].variables.firstIndex {
            $0.key == key && $0.environmentScope == environmentScope
        }
        let id = place.map { containers[index].variables[$0].id } ?? nextID()
        let variable = Variable(
            id: id, key: key, value: Secret(value), kind: kind, isProtected: isProtected,
            isMasked: isMasked || isHidden,
            isHidden: isHidden, isRaw: isRaw, environmentScope: environmentScope, description: description)
        if let place {
            containers[index].variables[place] = variable
        } else {
            containers[index].variables.append(variable)
        }
    }

    /// Takes a variable away.
    package mutating func removeVariable(_ key: String, of owner: VariableOwner, environmentScope: String = "*") {
        guard let index = index(of: owner) else { return }
        containers[index].variables.removeAll { $0.key == key && $0.environmentScope == environmentScope }
    }

    func index(of owner: VariableOwner) -> Int? {
        switch owner {
        case .instance: 0
        case .project(let path): containers.firstIndex { $0.kind == .project && $0.isAt(path) }
        case .group(let path): containers.firstIndex { $0.kind == .group && $0.isAt(path) }
        }
    }
}
