package import FoundationEssentials
package import HTTP
import JSON
package import Secrets

/// Makes the calls that need a management key.
package struct ManagementAPI: Sendable {
    let endpoint: Endpoint

    /// `baseURL` is the address up to and with the version, such as `https://openrouter.ai/api/v1`.
    package init(baseURL: HTTPURL, managementKey: Secret) {
        endpoint = Endpoint(baseURL: baseURL, key: managementKey, audience: .management)
    }

    /// How many rows a list has at most; the list of keys tells no total and ends with a shorter page.
    package static let pageSize = 100

    /// One page of a workspace's keys, disabled and expired ones too; of the default workspace if `nil`.
    package func listKeys(workspace: String? = nil, offset: Int = 0) -> APICall<[Key]> {
        var query = [("include_disabled", "true"), ("include_expired", "true"), ("offset", String(offset))]
        if let workspace { query.append(("workspace_id", workspace)) }
        return endpoint.call(.get, "/keys", query: query) { fields throws(OpenRouterError) in
            try fields.list("data").read(Key.init)
        }
    }

    /// One key; `nil` if there is none.
    package func key(_ hash: KeyHash) -> APICall<Key?> {
        endpoint.call(.get, "/keys/\(hash)", missing: Key?.none) { fields throws(OpenRouterError) in
            try Key(fields.fields("data"))
        }
    }

    /// Makes a key. It is sent once: OpenRouter takes no idempotency key, and would make a second one.
    package func createKey(_ new: NewKey) -> APICall<CreatedKey> {
        endpoint.call(.post, "/keys", body: new.json, accepted: [200, 201], read: CreatedKey.init)
    }

    /// Changes a key; `nil` if there is none.
    package func updateKey(_ hash: KeyHash, _ change: KeyChange) -> APICall<Key?> {
        endpoint.call(
            .patch, "/keys/\(hash)", body: change.json, missing: Key?.none
        ) { fields throws(OpenRouterError) in
            try Key(fields.fields("data"))
        }
    }

    /// Deletes a key for good; `false` if it was gone already.
    package func deleteKey(_ hash: KeyHash) -> APICall<Bool> {
        endpoint.call(.delete, "/keys/\(hash)", missing: false) { fields throws(OpenRouterError) in
            guard try fields.bool("deleted") else { throw fields.error("deleted") }
            return true
        }
    }

    /// How many requests a key made between two moments of the provider's clock: to the minute where that is served, else to
    /// the hour or the day. `isClosed` is whether nothing since `start` may be missed, at the price that what was shortly
    /// before it is counted as well.
    package func requestCounts(
        _ hash: KeyHash, from start: Date, to end: Date, isClosed: Bool
    ) -> APICall<RequestCount> {
        let window = AnalyticsWindow(from: start, to: end, isClosed: isClosed)
        return analytics(window.requests(of: hash)) { answer throws(OpenRouterError) in
            try RequestCount(answer, end: end)
        }
    }

    /// In which hours of the last 30 days a key was used; `nil` where analytics cannot be narrowed to the key.
    package func habit(of hash: KeyHash, at now: Date) -> APICall<KeyHabit?> {
        let window = AnalyticsWindow(from: now.addingTimeInterval(-KeyHabit.reach), to: now, isClosed: false)
        return analytics(window.requests(of: hash)) { answer throws(OpenRouterError) in
            try answer.hasWarnings() ? nil : KeyHabit(answer)
        }
    }

    /// Who used a key between two moments of the provider's clock, the most frequent first; `nil` where analytics cannot be
    /// narrowed to the key.
    package func uses(_ hash: KeyHash, from start: Date, to end: Date) -> APICall<[KeyUse]?> {
        analytics(KeyUse.query(hash, from: start, to: end)) { answer throws(OpenRouterError) in
            try answer.hasWarnings()
                ? nil : answer.list("data").read(KeyUse.init).sorted { $0.requests > $1.requests }
        }
    }

    /// A question to analytics, which changes nothing.
    private func analytics<Answer: Sendable>(
        _ question: JSONValue, _ read: @escaping @Sendable (AnswerFields) throws(OpenRouterError) -> Answer
    ) -> APICall<Answer> {
        endpoint.call(.post, "/analytics/query", body: question, isIdempotent: true) {
            fields throws(OpenRouterError) in try read(fields.fields("data"))
        }
    }
}
