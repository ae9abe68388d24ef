import CGit2

/// The name of an object: 40 lowercase hexadecimal digits.
package struct ObjectID: Sendable, Hashable, CustomStringConvertible {
    package let description: String

    /// `nil` if `text` is no name of an object.
    package init?(_ text: String) {
        guard text.utf8.count == 40, text.utf8.allSatisfy({ Self.digits.contains($0) }) else { return nil }
        description = text
    }

    private static let digits = Set("0123456789abcdef".utf8)

    /// What a branch that is not there is at.
    static let nothing = ObjectID(git_oid())

    init(_ id: git_oid) {
        var id = id
        var text = [CChar](repeating: 0, count: 41)
        _ = unsafe git_oid_tostr(&text, text.count, &id)
        description = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The form that libgit2 takes.
    var raw: git_oid {
        var id = git_oid()
        // It holds digits only, which is all that this call refuses.
        _ = unsafe git_oid_fromstr(&id, description)
        return id
    }
}
