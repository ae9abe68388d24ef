/// Where in a document a value stands.
///
/// dotenv: the name alone. JSON and YAML: the keys from the root, joined by dots; numbers are indexes where the document
/// has a list. INI: `section.name`, or `name` for the part before the first section; the last dot divides.
/// `\.` is a dot that belongs to a key and `\\` a backslash. Raw: nothing.
package struct Place: Hashable, Sendable {
    /// The keys from the root; for INI the section, if there is one, and the name.
    package let path: [String]

    /// Reads the text of a place for documents of `format`; errors are of code `place`.
    package init(_ text: String, in format: DocumentFormat) throws(DocumentError) {
        switch format {
        case .raw:
            guard text.isEmpty else { throw DocumentError(.place, "in a raw file the whole file is the value") }
            path = []
        case .dotenv:
            guard Self.isVariableName(text) else {
                throw DocumentError(
                    .place, "not a name that a dotenv file can hold", hint: "use letters, digits and underscores")
            }
            path = [text]
        case .json, .yaml:
            path = try Self.split(text)
        case .ini:
            let parts = try Self.split(text)
            let name = parts[parts.count - 1]
            let section = parts.dropLast().joined(separator: ".")
            guard Self.isPlainText(name, without: "=:[]\"'"), !"#;".contains(name.prefix(1)) || name.isEmpty,
                Self.isPlainText(section, without: "[]") || parts.count == 1
            else { throw DocumentError(.place, "not a name that an INI file can hold") }
            path = parts.count == 1 ? [name] : [section, name]
        }
    }

    private static func isVariableName(_ text: String) -> Bool {
        guard let first = text.utf8.first, !(48...57).contains(first) else { return false }
        return text.utf8.allSatisfy { $0.isASCIIAlphanumeric || [0x5F, 0x2D, 0x2E].contains($0) }
    }

    private static func isPlainText(_ text: String, without others: String) -> Bool {
        let hasBlankEnd = text.first == " " || text.last == " "
        return !text.isEmpty && !hasBlankEnd
            && text.unicodeScalars.allSatisfy {
                $0.properties.generalCategory != .control && !others.contains(Character($0))
            }
    }

    private static func split(_ text: String) throws(DocumentError) -> [String] {
        var parts = [""]
        var scalars = text.unicodeScalars.makeIterator()
        while let scalar = scalars.next() {
            switch scalar {
            case ".": parts.append("")
            case "\\":
                guard let next = scalars.next(), next == "." || next == "\\" else {
                    throw DocumentError(.place, "a backslash in a name stands before a dot or a backslash only")
                }
                parts[parts.count - 1].unicodeScalars.append(next)
            default: parts[parts.count - 1].unicodeScalars.append(scalar)
            }
        }
        let isText = parts.allSatisfy { part in
            !part.isEmpty && part.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
        }
        guard isText else {
            throw DocumentError(
                .place, "a key of the name is empty", hint: "write a dot that belongs to a key as '\\.'")
        }
        return parts
    }
}

extension UInt8 {
    var isASCIIAlphanumeric: Bool {
        (48...57).contains(self) || (65...90).contains(self) || (97...122).contains(self)
    }
}
