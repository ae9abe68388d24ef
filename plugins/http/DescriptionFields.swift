import JSON
import PublisherKit
import Wording

/// The members of one part of a description, such as `write`, read by type. A member that the part does not have is an error.
struct DescriptionFields {
    private let object: JSONObject
    /// What the part is called in messages: `write`.
    let name: String

    init(_ value: JSONValue, _ name: String, knowing known: [String]) throws(PublisherError) {
        guard let object = value.object else {
            throw Settings.error(name, "'\(name)' is not an object", hint: "it takes \(known.joined(separator: ", "))")
        }
        if let key = object.keys.first(where: { !known.contains($0) }) {
            let question = NearNames(to: key, among: known).question.map { "; \($0)" } ?? ""
            throw Settings.error(
                "\(name).\(key)", "'\(name)' has no '\(key)'\(question)",
                hint: "it takes \(known.joined(separator: ", "))")
        }
        self.object = object
        self.name = name
    }

    /// The members of the whole description.
    init(_ description: JSONObject) {
        object = description
        name = ""
    }

    subscript(key: String) -> JSONValue? { object[key] }

    func error(_ key: String, isNo what: String) -> PublisherError {
        name.isEmpty
            ? Settings.error(key, "'\(key)' is \(what)")
            : Settings.error("\(name).\(key)", "'\(key)' in '\(name)' is \(what)")
    }

    func text(_ key: String) throws(PublisherError) -> String? {
        guard let value = object[key] else { return nil }
        guard let text = value.string, !text.isEmpty else { throw error(key, isNo: "no text") }
        return text
    }

    /// A pointer, or a list of them.
    func pointers(_ key: String) throws(PublisherError) -> [Pointer] {
        try words(key).map { text throws(PublisherError) in try pointer(text, key) }
    }

    private func pointer(_ text: String?, _ key: String) throws(PublisherError) -> Pointer {
        guard let pointer = text.flatMap({ Pointer($0) }) else {
            throw error(key, isNo: "no JSON pointer, as /data/value")
        }
        return pointer
    }

    func flag(_ key: String) throws(PublisherError) -> Bool {
        guard let value = object[key] else { return false }
        guard let flag = value.bool else { throw error(key, isNo: "neither true nor false") }
        return flag
    }

    /// A text, or a list of them.
    func words(_ key: String) throws(PublisherError) -> [String] {
        guard let value = object[key] else { return [] }
        guard let words = value.strings ?? value.string.map({ [$0] }), !words.isEmpty else {
            throw error(key, isNo: "no list of texts")
        }
        return words
    }

    func pointer(_ key: String) throws(PublisherError) -> Pointer? {
        try object[key].map { value throws(PublisherError) in try pointer(value.string, key) }
    }

    /// Statuses of HTTP; `nil` without the key.
    func statuses(_ key: String) throws(PublisherError) -> Set<Int>? {
        guard let value = object[key] else { return nil }
        let statuses = value.elements(\.integer) ?? value.integer.map { [$0] }
        guard let statuses, statuses.allSatisfy((200...599).contains),
            !statuses.contains(where: (300..<400).contains)
        else { throw error(key, isNo: "no list of statuses, as [200, 201]; redirects are never followed") }
        return Set(statuses)
    }

    /// Names and texts.
    func pairs(_ key: String) throws(PublisherError) -> [(name: String, value: String)] {
        guard let value = object[key] else { return [] }
        let pairs = value.object?.members.compactMap { key, value in value.string.map { (name: key, value: $0) } }
        guard let pairs, pairs.count == value.object?.members.count else {
            throw error(key, isNo: "no object with texts")
        }
        return pairs
    }
}
