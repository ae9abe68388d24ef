import Documents
import JSON
import YAML

/// The text of a file that SOPS keeps: what can be told without a key.
struct SOPSText {
    private let bytes: [UInt8]
    private let format: DocumentFormat

    private static let mark = Array("ENC[AES256_GCM,".utf8)

    init(_ bytes: [UInt8], _ format: DocumentFormat) {
        self.bytes = bytes
        self.format = format
    }

    static func isCiphertext(_ bytes: [UInt8]) -> Bool { bytes.starts(with: mark) }

    /// The same file without what sops has added, its values still encrypted; nothing for a raw file.
    var withoutMetadata: [UInt8] {
        switch format {
        case .raw: return bytes
        case .dotenv: return text(lines.filter { !$0.hasPrefix("sops_") })
        case .ini:
            guard let start = lines.firstIndex(where: { $0.trimmed == "[sops]" }) else { return bytes }
            let rest = lines[(start + 1)...].drop { !$0.trimmed.hasPrefix("[") }
            return text(Array(lines[..<start]) + rest)
        case .json:
            guard let object = (try? JSONValue(parsing: bytes))?.object else { return bytes }
            var kept = object
            kept["sops"] = nil
            return JSONValue.object(kept).bytes()
        case .yaml:
            guard let root = try? YAMLNode.parse(bytes, allowing: [.mergeKeys, .foreignTags]),
                let entries = root.mapping, let index = entries.firstIndex(where: { $0.key.text == "sops" })
            else { return bytes }
            let start = entries[index].key.start.offset
            let end = index + 1 < entries.count ? entries[index + 1].key.start.offset : bytes.count
            return Array(bytes[..<start] + bytes[end...])
        }
    }

    /// How many encrypted values, and comments, a text has.
    func ciphertexts(in text: [UInt8]) -> Int {
        if format == .raw { return 1 }
        return text.indices.count { text[$0...].starts(with: Self.mark) }
    }

    private var lines: [Substring] { Self.lines(of: bytes) }

    /// As sops divides a text; a carriage return belongs to its line.
    static func lines(of bytes: [UInt8]) -> [Substring] {
        bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map {
            Substring(decoding: $0, as: UTF8.self)
        }
    }

    private func text(_ lines: [Substring]) -> [UInt8] { Array(lines.joined(separator: "\n").utf8) }
}

extension Substring {
    /// Without blanks, quotes, list marks and commas around it.
    var trimmed: Substring {
        let around: Set<Character> = [" ", "\t", "\r", "\"", "'", "-", ","]
        let start = drop { around.contains($0) }
        return start.prefix(
            start.lastIndex { !around.contains($0) }.map { start.distance(from: start.startIndex, to: $0) + 1 } ?? 0)
    }
}
