import Documents
import Secrets

extension FuzzTarget {
    /// The formats of documents: the first line is the place, the second one the value, and the rest the document.
    static let documents: [FuzzTarget] = [
        document(.dotenv, ["export ", "NAME=", "\nNAME='", "${NAME}", "$(", "\\\n", "`", " # c"]),
        document(.ini, ["[s]\n", "[DEFAULT]\n", "NAME = ", "\n  more", ": ", "; c\n", "%(NAME)s"]),
        document(
            .yaml,
            ["NAME: ", "- ", "&a ", "*a", "? ", ": |\n  ", ">-\n", "---\n", "{a: ", "!!str ", " # c", "<<: *a\n"]),
        document(.json, ["{\"NAME\": ", ", \"x\": [", "\\u00e9", "}", "// c"]),
    ]

    private static func document(_ format: DocumentFormat, _ words: [String]) -> FuzzTarget {
        FuzzTarget(name: "document-\(format.rawValue)", words: words) { try DocumentEdit($0, format)?.hold() }
    }
}

/// A value that is put into a document.
private struct DocumentEdit {
    private let format: DocumentFormat
    private let place: Place
    private let value: String
    private let bytes: [UInt8]

    /// `nil` for what cannot be a place in this format.
    init?(_ input: [UInt8], _ format: DocumentFormat) {
        let (name, rest) = input.firstLine
        let (value, bytes) = rest.firstLine
        guard let place = try? Place(name, in: format) else { return nil }
        self.format = format
        self.place = place
        self.value = value
        self.bytes = bytes
    }

    func hold() throws {
        let before: [UInt8]?
        let after: [UInt8]
        do throws(DocumentError) {
            let document = try Document(bytes, format: format)
            before = try document.value(at: place)?.copyBytes()
            after = try document.replacing(place, with: Secret(value))
        } catch {
            return try requireSilence(error.description + (error.hint ?? ""), of: "an error")
        }
        try require(read(after) == Array(value.utf8), "what is written is read")
        try require(replaced(after, value) == after, "what is written again changes nothing")
        try holdRest(before, after)
        guard let before, let text = String(validating: before, as: UTF8.self) else { return }
        guard let back = replaced(after, text) else { return }
        try require(read(back) == before, "what was there is there again")
        try require(replaced(back, value).map { read($0) == Array(value.utf8) } ?? true, "and so on")
    }

    /// Every line but that of the value stays where it is, comments too, and every other name has its value.
    private func holdRest(_ old: [UInt8]?, _ after: [UInt8]) throws {
        let head = zip(bytes, after).prefix { $0 == $1 }.count
        let tail = zip(bytes.dropFirst(head).reversed(), after.dropFirst(head).reversed()).prefix { $0 == $1 }.count
        let removed = bytes[head..<(bytes.count - tail)]
        // A file of nothing but blanks becomes a document.
        if removed.isEmpty || bytes.allSatisfy({ $0 == 0x20 || 0x09...0x0D ~= $0 }) { return }
        try require(
            old != nil || removed.allSatisfy { "null~ \r\n\t{}".utf8.contains($0) }, "what is added takes nothing away")
        let isQuoted = removed.contains { "\"'".utf8.contains($0) } || old?.contains(10) ?? false
        guard !isQuoted else { return }
        try require(!removed.contains(UInt8(ascii: "#")) || old?.contains(UInt8(ascii: "#")) ?? false, "comments stay")
        try require(format == .yaml || !removed.contains(10), "one line changes")
        for name in names where name != place {
            guard let value = try? Document(bytes, format: format).value(at: name) else { continue }
            try require(
                (try? Document(after, format: format).value(at: name)) == value, "other names keep their values")
        }
    }

    /// What looks like a name at the start of a line.
    private var names: [Place] {
        let lines = bytes.split { $0 == 10 || $0 == 13 }.prefix(20)
        let words = lines.map { line in
            line.drop { !isWord($0) }.prefix(while: isWord)
        }
        return words.compactMap { try? Place(String(decoding: $0, as: UTF8.self), in: format) }
    }

    private func isWord(_ byte: UInt8) -> Bool { byte.isASCIIAlphanumeric || byte == UInt8(ascii: "_") }

    private func read(_ bytes: [UInt8]) -> [UInt8]? {
        guard let document = try? Document(bytes, format: format) else { return nil }
        return (try? document.value(at: place))?.copyBytes()
    }

    private func replaced(_ bytes: [UInt8], _ value: String) -> [UInt8]? {
        try? Document(bytes, format: format).replacing(place, with: Secret(value))
    }
}
