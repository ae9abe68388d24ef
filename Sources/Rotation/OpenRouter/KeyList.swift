import HTTP
import JSON
package import Secrets

/// A list of the keys that something is for: those of a guardrail, of a provider's key (BYOK) or of an observability
/// destination.
package struct KeyList: Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable {
        case guardrail, byok, observability

        /// How many keys a list takes; `nil` where no bound is documented.
        package var capacity: Int? { self == .byok ? 100 : nil }
    }

    package let kind: Kind
    package let id: String
    /// As people called it, else its ID.
    package let name: String
    /// Of whose keys it is; `nil`: of any workspace's.
    package let workspaceID: String?
    /// `nil`: it is for every key.
    package let hashes: [KeyHash]?

    package init(kind: Kind, id: String, name: String, workspaceID: String?, hashes: [KeyHash]?) {
        self.kind = kind
        self.id = id
        self.name = name
        self.workspaceID = workspaceID
        self.hashes = hashes
    }

    package init(_ key: BYOKKey) {
        self.init(
            kind: .byok, id: key.id, name: key.name ?? key.id, workspaceID: key.workspaceID,
            hashes: key.allowedKeyHashes)
    }

    package init(_ destination: ObservabilityDestination) {
        self.init(
            kind: .observability, id: destination.id, name: destination.name ?? destination.id,
            workspaceID: destination.workspaceID, hashes: destination.keyHashes)
    }

    /// Whether it is for some keys, this one among them.
    package func names(_ hash: KeyHash) -> Bool { hashes?.contains(hash) ?? false }

    /// The same list with these keys.
    package func with(_ hashes: [KeyHash]?) -> KeyList {
        KeyList(kind: kind, id: id, name: name, workspaceID: workspaceID, hashes: hashes)
    }
}

/// One answer about a list of keys. A guardrail's has pages.
package struct KeyListPage: Sendable, Hashable {
    /// The list with the keys of this page; `nil`: there is no such list any more.
    package let list: KeyList?
    /// Where the pages behind this one begin.
    package let furtherOffsets: [Int]
}

extension ManagementAPI {
    /// Reads a list that is known, or one page of it.
    package func keyList(_ list: KeyList, offset: Int = 0) -> APICall<KeyListPage> {
        let missing = KeyListPage(list: nil, furtherOffsets: [])
        switch list.kind {
        case .guardrail:
            let query = [("limit", String(Self.pageSize)), ("offset", String(offset))]
            return endpoint.call(.get, "/guardrails/\(list.id)/assignments/keys", query: query, missing: missing) {
                fields throws(OpenRouterError) in
                let page = try Page(fields, at: offset, GuardrailAssignment.init)
                return KeyListPage(
                    list: list.with(page.rows.map(\.keyHash)), furtherOffsets: page.furtherOffsets)
            }
        case .byok, .observability:
            return endpoint.call(.get, Self.path(of: list), missing: missing) { fields throws(OpenRouterError) in
                KeyListPage(list: try Self.read(fields, list.kind), furtherOffsets: [])
            }
        }
    }

    /// Puts these keys in the place of all that a list has; `nil` if it does not exist any more.
    ///
    /// The last writer wins: there is no condition to set. Neither `null` nor an empty list can be written: the one lets
    /// every key in, the other is refused.
    package func replace(_ list: KeyList, with first: KeyHash, _ others: [KeyHash]) -> APICall<KeyList?> {
        precondition(list.kind != .guardrail, "a guardrail's keys are assigned, not replaced")
        let field = list.kind == .byok ? "allowed_api_key_hashes" : "api_key_hashes"
        let hashes = ([first] + others).map { JSONValue.string($0.description) }
        let kind = list.kind
        return endpoint.call(.patch, Self.path(of: list), body: [field: .array(hashes)], missing: KeyList?.none) {
            fields throws(OpenRouterError) in try Self.read(fields, kind)
        }
    }

    /// Assigns keys to a guardrail, and takes them from the one that they had. Answers how many were assigned, as hashes that
    /// OpenRouter does not know are passed over; `nil` if there is no such guardrail.
    package func assign(_ hashes: [KeyHash], toGuardrail id: String) -> APICall<Int?> {
        change(hashes, "/guardrails/\(id)/assignments/keys", counted: "assigned_count")
    }

    /// Takes keys from a guardrail. Answers how many it had; `nil` if there is no such guardrail.
    package func unassign(_ hashes: [KeyHash], fromGuardrail id: String) -> APICall<Int?> {
        change(hashes, "/guardrails/\(id)/assignments/keys/remove", counted: "unassigned_count")
    }

    // To say it again changes nothing more.
    private func change(_ hashes: [KeyHash], _ path: String, counted field: String) -> APICall<Int?> {
        let body: JSONValue = ["key_hashes": .array(hashes.map { .string($0.description) })]
        return endpoint.call(.post, path, body: body, missing: Int?.none, isIdempotent: true) {
            fields throws(OpenRouterError) in try fields.count(field)
        }
    }

    private static func path(of list: KeyList) -> String {
        list.kind == .byok ? "/byok/\(list.id)" : "/observability/destinations/\(list.id)"
    }

    private static func read(_ fields: AnswerFields, _ kind: KeyList.Kind) throws(OpenRouterError) -> KeyList {
        let data = try fields.fields("data")
        return kind == .byok ? KeyList(try BYOKKey(data)) : KeyList(try ObservabilityDestination(data))
    }
}

extension OpenRouterClient {
    private enum Part<Other: Sendable>: Sendable {
        case page(KeyListPage)
        case other(Other)
    }

    /// Reads lists as a whole, all in one batch, and `other` with them; in a second one what a guardrail has beyond a page.
    /// The answers stand in the order of the lists; `nil` is a list that does not exist any more.
    package func read<Other: Sendable>(
        _ lists: [KeyList], _ api: ManagementAPI, with other: APICall<Other>
    ) -> (lists: [Result<KeyList?, OpenRouterError>], other: Result<Dated<Other>, OpenRouterError>) {
        let calls = lists.map { api.keyList($0).map { Part<Other>.page($0) } }
        var pages: [Result<KeyListPage, OpenRouterError>] = []
        var answer: Result<Dated<Other>, OpenRouterError> = .failure(
            OpenRouterError(.unreachable, "no answer", mayHaveArrived: true))
        for result in send(all: calls + [other.map { .other($0) }]) {
            switch result {
            case .success(let dated):
                switch dated.value {
                case .page(let page): pages.append(.success(page))
                case .other(let value): answer = .success(Dated(value: value, date: dated.date))
                }
            case .failure(let error) where pages.count < lists.count: pages.append(.failure(error))
            case .failure(let error): answer = .failure(error)
            }
        }
        return (readOn(lists, api, from: pages), answer)
    }

    /// Reads lists as a whole, all in one batch.
    package func read(_ lists: [KeyList], _ api: ManagementAPI) -> [Result<KeyList?, OpenRouterError>] {
        readOn(lists, api, from: send(all: lists.map { api.keyList($0) }).map { $0.map(\.value) })
    }

    private func readOn(
        _ lists: [KeyList], _ api: ManagementAPI, from pages: [Result<KeyListPage, OpenRouterError>]
    ) -> [Result<KeyList?, OpenRouterError>] {
        var whole = pages.map { $0.map(\.list) }
        var further: [(index: Int, call: APICall<KeyListPage>)] = []
        for (index, page) in pages.enumerated() {
            for offset in (try? page.get())?.furtherOffsets ?? [] {
                further.append((index, api.keyList(lists[index], offset: offset)))
            }
        }
        for (index, answer) in zip(further.map(\.index), send(all: further.map(\.call))) {
            whole[index] = whole[index].flatMap { list in
                answer.map { dated in
                    // A guardrail that is deleted while it is read is gone.
                    guard let list, let more = dated.value.list else { return nil }
                    return list.with((list.hashes ?? []) + (more.hashes ?? []))
                }
            }
        }
        return whole
    }
}
