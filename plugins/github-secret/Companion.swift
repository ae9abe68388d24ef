import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import Timestamps

/// What a variable beside the secret says of it, since the secret itself cannot be read. All of it may be public.
struct Companion: Equatable {
    /// Which secret, as `actions/OPENROUTER_API_KEY`.
    let secret: String
    /// Of the value that it holds.
    let digest: Digest
    /// The rotation that wrote it.
    let rotation: String
    /// When it was written, as GitHub says: any later time is another write.
    let updatedAt: Date

    /// What the secret of these settings is called in its variable.
    static func secret(_ settings: SecretSettings) -> String { "\(settings.scope.store.rawValue)/\(settings.name)" }
}

extension Companion {
    /// The value of the variable; `nil` for anything that is not one of ours.
    init?(parsing value: String) {
        guard let object = try? JSONValue(parsing: Array(value.utf8)),
            let secret = object["secret"]?.string, Self.isSecret(secret),
            let digest = object["digest"]?.string.flatMap({ Digest($0) }), let rotation = object["rotation"]?.string,
            Self.isRotation(rotation),
            let updatedAt = object["updated_at"]?.string.flatMap(Date.init(rfc3339:))
        else { return nil }
        self.init(secret: secret, digest: digest, rotation: rotation, updatedAt: updatedAt)
    }

    /// `STORE/NAME`, as `secret(_:)` writes it.
    private static func isSecret(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, SecretStore(rawValue: parts[0]) != nil,
            let name = try? SecretName(parts[1], setting: "name")
        else { return false }
        return name.description == parts[1]
    }

    /// A word without anything that a message could stumble over; those of ork are ULIDs.
    private static func isRotation(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                byte.isASCIIAlphanumeric
                    || "-_.".utf8.contains(byte)
            }
    }

    var value: String {
        let object: JSONValue = [
            "secret": .string(secret), "digest": .string("\(digest)"), "rotation": .string(rotation),
            "updated_at": .string(updatedAt.rfc3339),
        ]
        return object.text()
    }
}

extension Companion {
    /// What the secret holds, as far as this rotation is concerned.
    enum Held {
        case successor
        /// Nothing, a predecessor, or what an earlier try of this rotation wrote.
        case replaceable
    }

    /// How much the clocks of ork and of GitHub may differ.
    private static let skew: TimeInterval = 300

    /// Tells what the secret holds, and refuses to let a value go that this rotation does not know. `writtenAt` is
    /// `nil` if there is no secret.
    func judge(
        _ writtenAt: Date?, for request: PublisherRequest, _ settings: SecretSettings, variable: SecretName
    ) throws(PublisherError) -> Held {
        if request.isOlder(than: rotation) {
            throw PublisherError(
                .conflict, "\(settings.secret) was written by a later rotation (\(rotation))",
                hint: "finish that one; to write all the same, delete the variable \(variable)",
                field: "with.companion")
        }
        guard let writtenAt else { return .replaceable }
        guard writtenAt == updatedAt else {
            // Written since then: by an earlier try of this rotation that was cut off, or by somebody else. One that
            // wrote the companion too had finished.
            let isFinished = rotation == request.rotation && digest == request.digest
            let isInTime =
                ULID(request.rotation).map { writtenAt > $0.date.addingTimeInterval(-Self.skew) } ?? false
            let mayBeOurs = isInTime && !isFinished
            guard request.expect == nil || mayBeOurs else {
                throw PublisherError(
                    .conflict,
                    "\(settings.secret) was written at \(writtenAt.rfc3339), after the variable \(variable), by something else",
                    hint: "find out what writes it; to write all the same, delete the variable \(variable)",
                    field: "with.name")
            }
            return .replaceable
        }
        switch request.compare(held: digest) {
        case .same: return .successor
        case .nothing, .expected: return .replaceable
        case .other:
            throw PublisherError(
                .conflict, "\(settings.secret) holds a value that this rotation does not know",
                hint: "check that name and place are right;"
                    + " to write all the same, delete the variable \(variable)", field: "with.name")
        }
    }
}

extension SecretTarget {
    /// Reads the companion, `nil` if there is none. A variable of the name that is not one is refused.
    func companion(_ variable: SecretName) throws(ServiceError) -> Companion? {
        let answer = try find(
            ServiceCall(
                .get, path(variable), to: "read \(name(variable))", field: "with.companion",
                permission: scope.variablePermission))
        guard let answer else { return nil }
        guard let companion = Companion(parsing: try answer.object().string("value")) else {
            throw ServiceError(
                Settings.error(
                    "companion", "\(name(variable)) is not one that ork wrote",
                    hint: "give 'companion' another name, or delete the variable if nobody needs it"))
        }
        guard companion.secret == Companion.secret(settings) else {
            throw ServiceError(
                Settings.error(
                    "companion", "\(name(variable)) is about another secret (\(DisplayText.line(companion.secret)))",
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
