import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import Timestamps

/// One secret of a vault, and the time that there is for it.
struct SecretTarget: ServiceTarget {
    let settings: SecretSettings
    let client: ServiceClient
    let clock: any WallClock
    let deadline: Date
    /// What no message may repeat.
    let secret: Secret?

    var place: String { "\(settings.address) \(settings.name.lowercased())" }

    var claims: [(field: String, thing: String)] { [("with.name", place)] }

    /// Reads the version that consumers get; `nil` if there is none.
    func read() throws(ServiceError) -> SecretVersion? {
        do throws(ServiceError) { return try read(version: "") } catch {
            guard error.reason != Self.disabled else {
                throw ServiceError(
                    PublisherError(
                        .conflict, "\(settings.thing) is disabled: somebody has taken it out of use",
                        hint:
                            "az keyvault secret set-attributes --enabled true brings it back; then run the step again",
                        field: "with.name"), status: error.status, reason: error.reason)
            }
            guard error.status == 404, error.reason == "SecretNotFound" else { throw error }
            guard try !isDeleted() else { throw ServiceError(KeyVault.deleted("read \(settings.thing)")) }
            return nil
        }
    }

    /// Reads one version; `nil` if it is not there, or not for reading.
    func read(_ id: VersionID) throws(ServiceError) -> SecretVersion? {
        do throws(ServiceError) { return try read(version: id.description) } catch {
            guard [404, 403].contains(error.status), ["SecretNotFound", Self.disabled].contains(error.reason) else {
                throw error
            }
            return nil
        }
    }

    /// The word for a version that is switched off.
    private static let disabled = "SecretDisabled"

    private func read(version: String) throws(ServiceError) -> SecretVersion {
        // With the slash at the end, as Azure's own clients send it.
        let call = call(.get, ["secrets", settings.name, version], to: "read \(settings.thing)", permission: "Get")
        return try SecretVersion(client.send(call, until: deadline), of: settings, now: clock.now)
    }

    /// Whether the name is one of the deleted secrets that can still be recovered.
    private func isDeleted() throws(ServiceError) -> Bool {
        var call = call(
            .get, ["deletedsecrets", settings.name], to: "look for deleted \(settings.thing)", permission: "Get")
        // Who may not know it hears of it when writing.
        call.statuses = [200, 403, 404]
        return try client.send(call, until: deadline).status == 200
    }

    /// Makes a version, with what `base` has beside its value. Sent once: each time makes another one.
    func write(_ secret: Secret, over base: SecretVersion?) throws(ServiceError) -> VersionID {
        guard let text = secret.revealed() else {
            throw ServiceError(PublisherError(.configuration, "the key is not UTF-8, which a secret has to be"))
        }
        var call = call(.put, ["secrets", settings.name], to: "write \(settings.thing)", permission: "Get and Set")
        call.body = .object(settings.body(text, over: base, now: clock.now))
        call.secret = secret
        call.isIdempotent = false
        let answer = try client.send(call, until: deadline)
        guard let id = VersionID(address: try answer.object().string("id"), of: settings.name) else {
            throw answer.surprise("about another secret")
        }
        return id
    }

    /// The names of all versions, the newest first.
    func versions() throws(ServiceError) -> [VersionID] {
        var versions: [(id: VersionID, madeAt: Int)] = []
        var token: String?
        // A page has 25 at most.
        for _ in 1...100 {
            var call = call(
                .get, ["secrets", settings.name, "versions"], to: "list the versions of \(settings.thing)",
                permission: "Get, List and Set")
            call.query.append(("maxresults", "25"))
            if let token { call.query.append(("$skiptoken", token)) }
            let answer = try client.send(call, until: deadline).object()
            for item in try answer.list("value") {
                guard let id = VersionID(address: item["id"]?.string, of: settings.name) else { continue }
                versions.append((id, item["attributes"]?["created"]?.integer ?? 0))
            }
            guard let next = Self.skipToken(answer["nextLink"]?.string), next != token else { break }
            token = next
        }
        return versions.sorted { $0.madeAt > $1.madeAt }.map(\.id)
    }

    /// Where a list goes on: of the address that is given for that only the token counts, and no other server is asked.
    private static func skipToken(_ link: String?) -> String? {
        link.flatMap { URLComponents(string: $0) }?.queryItems?.first { $0.name == "$skiptoken" }?.value
    }

    private func call(
        _ method: HTTPRequest.Method, _ path: [String], to purpose: String, permission: String
    ) -> ServiceCall {
        var call = ServiceCall(
            method, path, query: [("api-version", KeyVault.version)], to: purpose, field: "with.name",
            permission: permission)
        call.secret = secret
        return call
    }
}
