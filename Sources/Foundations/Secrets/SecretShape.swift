/// Texts that have the shape of a secret, which belongs into an environment variable and nowhere else.
package enum SecretShape: CaseIterable {
    case openRouterKey, identity, gitHubToken, gitHubFineGrainedToken, gitLabToken, privateKey

    /// The offset of the first byte of the first such text.
    package static func first(in bytes: [UInt8]) -> (shape: SecretShape, offset: Int)? {
        for offset in bytes.indices {
            // All of them begin with one of these bytes; the rest is not worth a second look.
            guard bytes[offset] == 0x2D || bytes[offset] == 0x67 || bytes[offset] == 0x6F || bytes[offset] == 0x73
            else { continue }
            let rest = bytes[offset...]
            if let shape = allCases.first(where: { $0.begins(rest) }) { return (shape, offset) }
        }
        return nil
    }

    /// The shapes of all such texts.
    package static func all(in bytes: [UInt8]) -> Set<SecretShape> {
        var shapes: Set<SecretShape> = []
        var rest = bytes
        while let (shape, offset) = first(in: rest) {
            shapes.insert(shape)
            rest = Array(rest[(offset + 1)...])
        }
        return shapes
    }

    /// The text without such texts, each replaced to the end of its word; a private key to the end of all.
    package static func masking(_ text: String) -> String {
        var rest = Array(text.utf8)
        var masked: [UInt8] = []
        while let (shape, offset) = first(in: rest) {
            masked += rest[..<offset] + Array(Redactor.placeholder.utf8)
            let behind = rest[(offset + shape.prefix.utf8.count)...]
            rest = shape == .privateKey ? [] : Array(behind.drop(while: isWord))
        }
        return String(decoding: masked + rest, as: UTF8.self)
    }

    /// What to tell the user.
    package var message: String { message(instead: "name an environment variable") }

    /// What to tell the user, where there is a word for what to write `instead`.
    package func message(instead way: String) -> String { message(", and \(way) instead") }

    /// What to tell the user, where what it is for is said at another place, in this sentence.
    package func message(elsewhere sentence: String) -> String { message("; \(sentence)") }

    private func message(_ way: String) -> String {
        "this looks like \(noun); take it out, because others may have read it\(way); "
            + "if it is in use, replace it before you revoke it"
    }

    private var noun: String {
        switch self {
        case .openRouterKey: "an OpenRouter key"
        case .identity: "a private ork identity"
        case .gitHubToken, .gitHubFineGrainedToken: "a GitHub token"
        case .gitLabToken: "a GitLab token"
        case .privateKey: "a private key"
        }
    }

    private var prefix: String {
        switch self {
        case .openRouterKey: "sk-or-v1-"
        case .identity: "ork-identity-1:"
        case .gitHubToken: "gh"
        case .gitHubFineGrainedToken: "github_pat_"
        case .gitLabToken: "glpat-"
        case .privateKey: "-----BEGIN "
        }
    }

    private func begins(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard bytes.starts(with: prefix.utf8) else { return false }
        var body = bytes.dropFirst(prefix.utf8.count)
        switch self {
        case .privateKey:
            let line = body.prefix(40).prefix { $0 != 0x0A }
            return String(decoding: line, as: UTF8.self).contains("PRIVATE KEY-----")
        case .gitHubToken:
            // ghp_, gho_, ghu_, ghs_, ghr_ and 36 characters.
            guard let kind = body.first, "pousr".utf8.contains(kind), body.dropFirst().first == 0x5F else {
                return false
            }
            body = body.dropFirst(2)
        default: break
        }
        // OpenRouter's labels show 3 characters of a key, and a public identity has another prefix.
        return body.prefix(16).count { Self.isWord($0) } == 16
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        byte.isASCIIAlphanumeric || byte == 45 || byte == 95
    }
}
