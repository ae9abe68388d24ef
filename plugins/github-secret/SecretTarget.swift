import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
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

extension SecretTarget {
    /// Sends a call for what need not be there, `nil` if GitHub says that it is not; again for a while, if it reads and
    /// `isSettled` does not hold.
    ///
    /// GitHub says so in words. Any other 404 is something else's, and tells nothing of what is there.
    func find(
        _ call: ServiceCall, untilSettled isSettled: (ServiceAnswer?) throws(ServiceError) -> Bool = { _ in true }
    ) throws(ServiceError) -> ServiceAnswer? {
        var call = call
        call.statuses.insert(404)
        let answer = try client.send(call, until: deadline) { answer throws(ServiceError) in
            try isSettled(answer.status == 404 ? nil : answer)
        }
        guard answer.status == 404 else { return answer }
        guard answer.words != nil else { throw client.refusal(answer, to: call) }
        return nil
    }
}

extension SecretTarget {
    /// A write that GitHub says is done.
    struct Written {
        /// By the clock of what answered.
        let answeredAt: Date?
        /// Whether there was none before; `nil` if an earlier try of the same write may have made it.
        let isNew: Bool?
    }

    /// What was seen before the write.
    enum Before {
        case nothingRead
        /// The time of the write before, if there was a secret.
        case read(Date?)
    }

    /// How much earlier than the answer to a write its time may be.
    private static let lag: TimeInterval = 5
    /// How much later: both are whole seconds, and a server may keep the one for its `Date` a moment.
    private static let lead: TimeInterval = 1

    /// The time that GitHub gives for this write, and for no other one before or after it.
    ///
    /// `nil` where its clocks do not tell: those of what answers and of what keeps the secrets may differ. Then only a
    /// time that has changed since `before` can be this write's.
    func time(of written: Written, after before: Before) throws(ServiceError) -> Date? {
        let earliest = written.answeredAt?.addingTimeInterval(-Self.lag)
        guard let metadata = try metadata(since: earliest, mustExist: true) else {
            throw ServiceError(
                PublisherError(
                    .unavailable, "GitHub does not show it",
                    hint: "run the step again; writing the same key twice does no harm"))
        }
        let time = metadata.updatedAt
        if let answeredAt = written.answeredAt, let earliest, time >= earliest {
            if time <= answeredAt.addingTimeInterval(Self.lead) { return time }
            // Nobody can have written after it was shown, so that is a clock ahead of the other.
            guard let shownAt = metadata.shownAt, time > shownAt else {
                throw ServiceError(
                    PublisherError(
                        .conflict, "something else wrote it again at \(time.rfc3339)",
                        hint: "find out what writes it, and run the step again", field: "with.name"))
            }
        }
        switch before {
        case .nothingRead: return nil
        case .read(let earlier?) where time <= earlier:
            throw ServiceError(
                PublisherError(
                    .unavailable, "GitHub shows no later time for it than before",
                    hint: "run the step again, which does no harm; if it stays so, look at the clocks of its servers"))
        case .read: return time
        }
    }
}
