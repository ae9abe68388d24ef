import FoundationEssentials
import HTTP
import JSON
import PublisherPlugin
import Secrets
import ServiceClient
import Timestamps

/// One secret at GitHub, and the time that there is for it.
struct SecretTarget: ServiceTarget {
    let settings: SecretSettings
    let client: ServiceClient
    let keys: PublicKeys
    let deadline: Date

    var scope: SecretScope { settings.scope }
    /// GitHub does not tell cases apart.
    var place: String { path.joined(separator: "/").lowercased() }
    private var keyPlace: [String] { [client.address.description] + scope.secretsPath }
    private var path: [String] { scope.secretsPath + [settings.name.description] }

    var claims: [(field: String, thing: String)] {
        let variable = settings.companion.map { (scope.variablesPath + [$0.description]).joined(separator: "/") }
        return [("with.name", place)] + (variable.map { [("with.companion", $0.lowercased())] } ?? [])
    }

    /// What GitHub says of a secret; its value is not among it.
    struct Metadata {
        let updatedAt: Date
        /// Of a secret of an organization.
        let visibility: String?
        /// When this was so, by the clock of what answered.
        let shownAt: Date?
    }

    /// Reads what GitHub says of the secret, `nil` if there is none.
    ///
    /// With `moment`, it was written then or later, and is asked for again while GitHub shows an earlier state.
    func metadata(since moment: Date? = nil, mustExist: Bool = false) throws(ServiceError) -> Metadata? {
        let call = ServiceCall(
            .get, path, to: "read when \(settings.secret) was written", field: "with.name",
            permission: scope.secretPermission)
        let answer = try find(call) { answer throws(ServiceError) in
            guard let answer else { return !mustExist }
            guard let moment else { return true }
            return try answer.object().date("updated_at") >= moment
        }
        guard let answer else { return nil }
        let object = try answer.object()
        return Metadata(
            updatedAt: try object.date("updated_at"), visibility: object["visibility"]?.string,
            shownAt: answer.response.date)
    }

    /// The key that the secret is sealed to. That it can be read shows that the place exists and the token sees it.
    func publicKey() throws(ServiceError) -> PublicKey {
        try keys.value(of: keyPlace) { () throws(ServiceError) in
            let answer = try find(
                ServiceCall(
                    .get, scope.secretsPath + ["public-key"],
                    to: "read the public key for secrets of \(scope.place)", field: scope.field,
                    permission: scope.secretPermission))
            guard let answer else { throw try missing() }
            try checkScopes(answer)
            return try PublicKey(answer)
        }
    }

    /// Writes the secret. A public key that GitHub has replaced meanwhile is fetched once more.
    func put(_ secret: Secret, _ visibility: Visibility?) throws(ServiceError) -> Written {
        let key = try publicKey()
        do throws(ServiceError) {
            return try put(secret, key, visibility)
        } catch {
            guard error.status == 422 else { throw error }
            keys.forget(keyPlace) { $0.id == key.id }
            do throws(ServiceError) {
                let fresh = try publicKey()
                guard fresh.id != key.id else { throw error }
                return try put(secret, fresh, visibility, isRepetition: error.mayHaveTakenEffect)
            } catch let second {
                throw second.doubted(error.mayHaveTakenEffect)
            }
        }
    }

    private func put(
        _ secret: Secret, _ key: PublicKey, _ visibility: Visibility?, isRepetition: Bool = false
    ) throws(ServiceError) -> Written {
        guard let box = key.seal(secret) else {
            throw ServiceError(
                PublisherError(
                    .unavailable, "nothing can be sealed to the public key that GitHub gives for \(scope.place)",
                    hint: ServiceAnswer.surpriseHint))
        }
        var body: JSONObject = ["encrypted_value": .string(box), "key_id": .string(key.id)]
        // The reference has numbers for all stores by now, and had texts for Dependabot; gh and PyGithub send those.
        visibility?.add(to: &body, asTexts: scope.store == .dependabot)
        var call = ServiceCall(
            .put, path, body: .object(body), statuses: [201, 204], to: "write \(settings.secret)", field: "with.name",
            permission: scope.secretPermission)
        call.secret = secret
        let answer = try client.send(call, until: deadline)
        return Written(
            answeredAt: answer.response.date,
            isNew: isRepetition || answer.isRepetition ? nil : answer.status == 201)
    }

    /// Why there is nothing at the scope's paths: GitHub answers 404 also for what a token may not see.
    private func missing() throws(ServiceError) -> ServiceError {
        let owner = try find(
            ServiceCall(.get, scope.ownerPath, to: "see \(scope.owner)", field: scope.field))
        let error: PublisherError
        switch (owner != nil, scope) {
        case (true, .environment(let repository, let environment)):
            error = PublisherError(
                .notFound, "\(repository) has no environment \(environment) that the token in GITHUB_TOKEN sees",
                hint: "make it in the repository's settings, or give the token \(scope.secretPermission)",
                field: scope.field)
        case (true, _):
            error = PublisherError(
                .denied, "the token in GITHUB_TOKEN sees \(scope.owner), but not its secrets",
                hint: "give it \(scope.secretPermission)", field: scope.field)
        case (false, .organization):
            error = PublisherError(
                .notFound, "\(scope.owner) does not exist, or the token in GITHUB_TOKEN does not see it",
                hint: "look at its name; a user's account is no organization", field: scope.field)
        case (false, .repository), (false, .environment):
            error = PublisherError(
                .notFound, "\(scope.owner) does not exist, or the token in GITHUB_TOKEN does not see it",
                hint: "look at its name, and whether the token was made for this repository", field: "with.repository")
        }
        return ServiceError(error, status: 404)
    }

    /// Refuses a classic token that may read but not write; others do not tell their rights.
    private func checkScopes(_ answer: ServiceAnswer) throws(ServiceError) {
        let list = answer.response[header: "x-oauth-scopes"] ?? ""
        let scopes = Set(list.split { $0 == "," || $0 == " " }.map(String.init))
        guard !scopes.isEmpty, scopes.isDisjoint(with: scope.classicScopes) else { return }
        throw ServiceError(
            PublisherError(
                .denied, "the classic token in GITHUB_TOKEN may not write secrets of \(scope.place)",
                hint: "give it \(scope.secretPermission)", field: scope.field))
    }
}
