import FoundationEssentials
import JSON
import Secrets
import Sodium
import TestSupport

/// A secret in every encoding, each between two marks, and the search for what came through of it.
struct Chatter {
    /// What is printed, by the number of its encoding.
    private let encoded: [[UInt8]]
    private let quarters: [[[UInt8]]]

    /// `compressed` is the secret in base64 of gzip, which only another program can make.
    init(_ secret: Secret, compressed: String) {
        encoded = Self.encodings.map { $0.apply(secret.copyBytes()) } + [Array(compressed.utf8)]
        quarters = encoded.map(Self.quarters)
    }

    /// Those that the redactor promises to find, and behind them those that it says it cannot.
    private static let encodings =
        Encoding.all + Encoding.exceptions + [
            Encoding("SHA-256") { Array(Digest(of: $0).hex.utf8) }
        ]

    /// The names of all encodings, by number.
    static let names = encodings.map(\.name) + ["base64 of gzip"]

    /// The whole as the log of a program.
    var log: [UInt8] {
        encoded.enumerated().flatMap { number, bytes in
            Array("(start \(number))\n".utf8) + bytes + Array("\n(stop \(number))\n".utf8)
        }
    }

    /// One encoding as a text within an answer.
    func text(_ number: Int) -> String {
        "(start \(number))\(String(decoding: encoded[number], as: UTF8.self))(stop \(number))"
    }

    /// The numbers of the encodings of which something shows a quarter or more.
    func shown(in output: String) -> Set<Int> {
        var shown: Set<Int> = []
        for section in output.split(separator: "(start ").dropFirst() {
            guard let number = Int(section.prefix { $0 != ")" }), encoded.indices.contains(number) else { continue }
            let text = section.firstRange(of: "(stop ").map { section[..<$0.lowerBound] } ?? section
            let letters = Self.letters(String(text))
            if quarters[number].contains(where: { letters.firstRange(of: $0) != nil }) { shown.insert(number) }
        }
        return shown
    }

    private static func quarters(_ bytes: [UInt8]) -> [[UInt8]] {
        let letters = letters(String(decoding: bytes, as: UTF8.self))
        let length = max(12, letters.count / 4)
        return stride(from: 0, through: max(0, letters.count - length), by: length).map { start in
            Array(letters[start..<min(start + length, letters.count)])
        }
    }

    /// The letters and digits, without what a step puts before each line and in the place of what cannot be shown.
    private static func letters(_ text: String) -> [UInt8] {
        let lines = text.split(separator: "\n").map { line -> Substring in
            guard line.hasPrefix("ork-"), let end = line.firstRange(of: ": ")?.upperBound else { return line }
            let rest = line[end...]
            let name = rest.prefix { $0 != ":" }
            return publishers.contains(String(name)) ? rest.dropFirst(name.count + 2) : rest
        }
        let shown = ["0", "feff", "200b", "fffd"].reduce(lines.joined()) {
            $0.replacing("\\u{\($1)}", with: "")
        }
        return shown.utf8.filter { (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) }
    }

    /// The secrets. Each has a publisher of that name, which stands before its lines, and a probe.
    static let publishers = ["identity", "management", "predecessor", "successor", "token"]
}

extension JSONValue {
    /// All strings in it, keys left out.
    var texts: [String] {
        switch self {
        case .string(let text): [text]
        case .array(let elements): elements.flatMap(\.texts)
        case .object(let object): object.members.flatMap(\.value.texts)
        default: []
        }
    }
}
