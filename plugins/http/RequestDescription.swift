import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets

/// One request of a description: how it is asked, and which answers are good.
struct RequestDescription: Sendable {
    private enum Body {
        case json(JSONValue)
        case form([(name: Template, value: Template)])
        /// The braces of the query are its own: what changes is in its variables.
        case graphQL(query: String, variables: JSONValue)
    }

    let method: HTTPRequest.Method
    /// As it is written: for people.
    let written: String
    /// GraphQL says what went wrong in an answer that looks like a good one.
    let isGraphQL: Bool
    /// Where a good answer has `true`.
    let success: Pointer?
    private let path: [Template]
    /// What stands behind the path and a colon.
    private let action: String?
    private let query: [(name: String, value: Template)]
    private let headers: [(name: String, value: String)]
    private let body: Body?
    private let statuses: Set<Int>

    /// The members that every request may have.
    static let members =
        methods.map(\.key) + ["json", "form", "graphql", "variables", "headers", "statuses", "success"]
    /// A request that removes something has no place here.
    private static let methods: [(key: String, method: HTTPRequest.Method)] = [
        ("get", .get), ("post", .post), ("put", .put), ("patch", .patch),
    ]

    /// Only the body of `write` may hold the secret.
    init(_ fields: DescriptionFields, mayHoldSecret: Bool = false) throws(PublisherError) {
        isGraphQL = fields["graphql"] != nil
        let named = Self.methods.filter { fields[$0.key] != nil }
        guard named.count == 1 || named.isEmpty && isGraphQL else {
            throw Settings.error(
                fields.name, "'\(fields.name)' does not say one method and its path",
                hint: "write one of get, post, put, patch with a path, as put: /apps/shop/secrets/KEY")
        }
        method = named.first?.method ?? .post
        let address = named.isEmpty ? "" : try fields.text(named[0].key) ?? ""
        written = "\(method.rawValue) \(address.isEmpty ? "/" : address)"
        (path, action, query) = try Self.address(address, fields)
        headers = try fields.pairs("headers")
        try Self.check(headers, field: "\(fields.name).headers")
        success = try fields.pointer("success")
        statuses = try fields.statuses("statuses") ?? Set(200...299)
        guard !statuses.isEmpty else { throw fields.error("statuses", isNo: "empty: no answer would be a good one") }
        body = try Self.body(fields)
        guard body == nil || method != .get else {
            throw Settings.error(fields.name, "'\(fields.name)' is a GET with a body")
        }
        let holdsSecret = !Values.secrets.isDisjoint(with: bodyNames)
        guard Values.secrets.isDisjoint(with: addressNames), mayHoldSecret || !holdsSecret else {
            throw Settings.error(
                fields.name, "'\(fields.name)' has {secret} where the key may not be",
                hint: "the key goes into the body of 'write' and nowhere else")
        }
        guard !mayHoldSecret || holdsSecret else {
            throw Settings.error(
                fields.name, "'\(fields.name)' has no {secret}: it would not write the key",
                hint: #"put "{secret}" where the key goes, as json: {value: "{secret}"}"#)
        }
    }

    /// The call, with its values. `extra` are statuses that the caller understands, too.
    func call(
        _ values: Values, extra: Set<Int> = [], to purpose: String, field: String?, permission: String?
    ) throws(PublisherError) -> ServiceCall {
        var segments: [String] = []
        for template in path {
            let segment = try template.text(values) ?? ""
            // They would lead somewhere else; a value may come from an answer.
            guard !["", ".", ".."].contains(segment), segment.utf8.count <= 1024 else {
                throw PublisherError(
                    .configuration, "a value in the path \(written) is empty, a dot, two dots or too long",
                    hint: "a placeholder stands for the name of one thing", field: field)
            }
            segments.append(segment)
        }
        var pairs: [(String, String)] = []
        for (name, template) in query { if let value = try template.text(values) { pairs.append((name, value)) } }
        var call = ServiceCall(
            method, segments, query: pairs, statuses: statuses.union(extra), to: purpose, field: field,
            permission: permission)
        switch body {
        case .json(let json): call.body = try json.filled(values)
        case .graphQL(let query, let variables):
            call.body = ["query": .string(query), "variables": try variables.filled(values) ?? [:]]
        case .form(let fields):
            var form: [(String, String)] = []
            for (name, value) in fields {
                if let name = try name.text(values), let value = try value.text(values) { form.append((name, value)) }
            }
            call.form = form
        case nil: break
        }
        call.headers = headers
        call.action = action
        return call
    }

    /// The names of its placeholders.
    var names: Set<String> { Set(addressNames + bodyNames) }

    /// All that it says, but the secret.
    func identity(_ values: Values) throws(PublisherError) -> String {
        let call = try call(values.holding("…"), to: "", field: nil, permission: nil)
        let query = call.query.map { " \($0)=\($1)" } + (call.form ?? []).map { " \($0)=\($1)" }
        let action = call.action.map { ":\($0)" } ?? ""
        return call.path.map { "/" + HTTPURL.encode($0) }.joined() + action + query.joined() + (call.body?.text() ?? "")
    }

    private var addressNames: [String] { path.flatMap(\.names) + query.flatMap { $0.value.names } }

    private var bodyNames: [String] {
        switch body {
        case .json(let json), .graphQL(_, let json): json.placeholders
        case .form(let fields): fields.flatMap { $0.name.names + $0.value.names }
        case nil: []
        }
    }

    private static func address(
        _ text: String, _ fields: DescriptionFields
    ) throws(PublisherError) -> ([Template], action: String?, [(name: String, value: Template)]) {
        let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = parts.first ?? ""
        guard path.isEmpty || path.hasPrefix("/"), !path.contains("//"), !text.contains("#") else {
            throw Settings.error(
                fields.name, "the path in '\(fields.name)' has to begin with one slash, and cannot have // or #",
                hint: "the path is appended to 'url', such as /apps/shop/secrets/KEY")
        }
        var segments = path.split(separator: "/").map(String.init)
        var action: String?
        if let last = segments.last, let colon = last.lastIndex(of: ":") {
            let word = last[last.index(after: colon)...]
            if !word.isEmpty, word.utf8.allSatisfy(\.isASCIIAlphanumeric) {
                action = String(word)
                segments[segments.count - 1] = String(last[..<colon])
            }
        }
        let pairs = (parts.dropFirst().first ?? "").split(separator: "&").map { pair in
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (name: String(halves[0]), value: Template(halves.count > 1 ? String(halves[1]) : ""))
        }
        return (segments.map { Template($0) }, action, pairs)
    }

    private static func body(_ fields: DescriptionFields) throws(PublisherError) -> Body? {
        let named = ["json", "form", "graphql"].filter { fields[$0] != nil }
        guard named.count <= 1, fields["variables"] == nil || named == ["graphql"] else {
            throw Settings.error(
                fields.name, "'\(fields.name)' has more than one body", hint: "take one of json, form, graphql")
        }
        if let json = fields["json"] { return .json(json) }
        if fields["form"] != nil {
            return .form(try fields.pairs("form").map { (Template($0.name), Template($0.value)) })
        }
        return try fields.text("graphql").map { .graphQL(query: $0, variables: fields["variables"] ?? [:]) }
    }

    /// Fields that hold a credential have a place of their own.
    static func check(_ headers: [(name: String, value: String)], field: String) throws(PublisherError) {
        let own = ["authorization", "cookie", "host", "content-length", "proxy-authorization"]
        if let header = headers.first(where: { own.contains($0.name.lowercased()) || $0.value.contains("{") }) {
            throw Settings.error(
                field, "'headers' cannot have \(header.name) with this value",
                hint: "credentials go into token, header or basic, which name the variable that has them")
        }
    }
}

extension Values {
    /// The placeholders that stand for the key, and for its base64 (RFC 4648 §4).
    static let secrets: Set<String> = ["secret", "secret_base64"]

    /// The same with the key.
    func holding(_ key: String) -> Values {
        adding("secret", key).adding("secret_base64", Data(key.utf8).base64EncodedString())
    }
}
