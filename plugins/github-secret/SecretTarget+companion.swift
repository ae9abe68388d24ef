import FoundationEssentials
import HTTP
import JSON
import PublisherPlugin
import Secrets
import ServiceClient

extension SecretTarget {
    /// Reads the companion, `nil` if there is none. A variable of the name that is not one is refused.
    func companion(_ variable: SecretName) throws(ServiceError) -> Companion? {
        let answer = try find(
            ServiceCall(
                .get, path(variable), to: "read \(name(variable))", field: "with.companion",
                permission: scope.variablePermission))
        guard let answer else { return nil }
        guard let companion = Companion(parsing: try answer.object().text("value")) else {
            throw ServiceError(
                Settings.error(
                    "companion", "\(name(variable)) is not one that ork wrote",
                    hint: "give 'companion' another name, or delete the variable if nobody needs it"))
        }
        guard companion.secret == Companion.secret(settings) else {
            throw ServiceError(
                Settings.error(
                    "companion", "\(name(variable)) is about another secret (\(ForeignText.line(companion.secret)))",
                    hint: "give each secret a companion of its own"))
        }
        return companion
    }

    /// Writes the companion. `exists` is what was seen; if it is not so any more, the other call is made,
    /// after a look at what is there.
    func write(
        _ companion: Companion, to variable: SecretName, exists: Bool, _ visibility: Visibility?
    ) throws(ServiceError) {
        var exists = exists
        for _ in 1...3 {
            if exists {
                if try find(change(companion, variable)) != nil { return }
                exists = false
            } else {
                let call = creation(companion, variable, visibility)
                guard try client.send(call, until: deadline).status == 409 else { return }
                // Made meanwhile: by an earlier try of this call, or by something else for something else.
                exists = try self.companion(variable) != nil
            }
        }
        throw ServiceError(
            PublisherError(
                .unavailable, "\(name(variable)) comes and goes",
                hint: "look who else writes it, and run the step again"))
    }

    private func creation(
        _ companion: Companion, _ variable: SecretName, _ visibility: Visibility?
    ) -> ServiceCall {
        var body: JSONObject = ["name": .string(variable.description), "value": .string(companion.value)]
        visibility?.add(to: &body)
        var call = ServiceCall(
            .post, scope.variablesPath, body: .object(body), statuses: [201, 409], to: "make \(name(variable))",
            field: "with.companion", permission: scope.variablePermission)
        // A second one finds the first (409), which is then changed to the same.
        call.isIdempotent = true
        return call
    }

    /// Leaves its visibility as it is.
    private func change(_ companion: Companion, _ variable: SecretName) -> ServiceCall {
        ServiceCall(
            .patch, path(variable), body: ["name": .string(variable.description), "value": .string(companion.value)],
            statuses: [204], to: "change \(name(variable))", field: "with.companion",
            permission: scope.variablePermission)
    }

    private func path(_ variable: SecretName) -> [String] { scope.variablesPath + [variable.description] }

    private func name(_ variable: SecretName) -> String { "the variable \(variable) of \(scope.place)" }
}
