import HTTP
import JSON
import PublisherKit
import Secrets

extension KVTarget {
    /// Writes the earlier key as a new version, over the one that was read. All versions stay.
    func rollback(_ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        var target = self
        let key = try earlierKey(request)
        target.secret = key
        return try target.publish(key, request)
    }

    /// How many versions are looked through. A secret keeps ten unless its settings say otherwise (`max_versions`).
    private static let limit = 100

    /// The key that came along, or the one in the newest version that has it.
    private func earlierKey(_ request: PublisherRequest) throws(ServiceError) -> Secret {
        if let secret = request.secret { return secret }
        let held = try read()
        // What may not be written is told as such before anything is looked for.
        _ = try judge(held, request)
        if let key = held.key(settings.field, request.digest) { return key }
        guard try version() == .two else { throw unknown("KV version 1 keeps no earlier values") }
        for number in (1..<max(1, held.version)).reversed().prefix(Self.limit) {
            guard let earlier = try read(version: number) else { break }
            if let key = earlier.key(settings.field, request.digest) { return key }
        }
        throw unknown("no version of the secret holds it any more")
    }

    /// One version of the secret; `nil` if Vault has dropped it, and with it all that came before.
    private func read(version number: Int) throws(ServiceError) -> KVSecret? {
        var call = call(.get, secondPath, statuses: [200, 404], to: "read version \(number) of")
        call.query = [("version", String(number))]
        let answer = try client.send(call, until: deadline)
        if Self.isAbsent(answer) { return nil }
        guard let metadata = Self.metadata(answer) else { throw refusal(answer, call) }
        // One that was deleted or destroyed has metadata alone.
        return KVSecret(fields: try answer.object()["data"]?["data"]?.object, metadata: metadata)
    }

    private func unknown(_ reason: String) -> ServiceError {
        ServiceError(
            PublisherError(
                .notFound, "the earlier key of \(settings.name) is not known: \(reason)",
                hint: "write it there by hand if somebody has it", field: "with.path"))
    }
}
