import Documents
import Secrets
import TestSupport
import Testing

@Suite(.tags(.processes)) struct RandomDocumentTests {
    /// A document in three parts, of which the middle one is the value as it is written.
    struct Sample {
        var format: DocumentFormat
        var place: String
        var path: [String]
        var head: String
        var old: String
        var tail: String
    }

    @Test(
        "in random documents independent readers see the new value, and no byte beside it changes",
        arguments: [DocumentFormat.dotenv, .json, .yaml, .ini], [UInt64(1), 2, 3])
    func valuesAreReplaced(_ format: DocumentFormat, _ seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        var replacements: [Replacement] = []
        for _ in 0..<200 {
            let sample = random.sample(format)
            let value = random.value()
            let before = sample.head + sample.old + sample.tail
            let document = try Document(Array(before.utf8), format: format)
            let place = try Place(sample.place, in: format)
            let after: [UInt8]
            do {
                after = try document.replacing(place, with: Secret(value))
            } catch {
                let isAllowed = format == .dotenv || format == .ini
                #expect(error.code == .value && isAllowed && value != key, "\(error): «\(before)» «\(value)»")
                continue
            }
            #expect(after.starts(with: Array(sample.head.utf8)), "«\(before)»")
            #expect(after.reversed().starts(with: sample.tail.utf8.reversed()), "«\(before)»")
            #expect(try Document(after, format: format).value(at: place) == Secret(value))
            replacements.append(
                Replacement(format: format, path: sample.path, before: Array(before.utf8), after: after, value: value))
        }
        #expect(replacements.count > 100)
        try await IndependentReaders.judge(replacements)
    }

    @Test(
        "in random documents a name that is missing is added, and all bytes that were there stay",
        arguments: [DocumentFormat.dotenv, .json, .yaml, .ini], [UInt64(1), 2, 3])
    func valuesAreAdded(_ format: DocumentFormat, _ seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        var replacements: [Replacement] = []
        for _ in 0..<200 {
            let sample = random.sample(format)
            let before = Array((sample.head + sample.old + sample.tail).utf8)
            let document = try Document(before, format: format)
            let more = random.chance(2) || format == .dotenv || format == .ini ? [] : ["made", "deeper"]
            let path = sample.path.dropLast() + more + ["ADDED"]
            let names = format == .dotenv ? path.suffix(1) : path.filter { !$0.isEmpty }
            let place = try Place(names.joined(separator: "."), in: format)
            guard let after = try? document.replacing(place, with: Secret(key)) else {
                Issue.record("\(names) is not added to «\(String(decoding: before, as: UTF8.self))»")
                continue
            }
            let common = zip(before, after).prefix { $0 == $1 }.count
            #expect(after.count > before.count && after.reversed().starts(with: before[common...].reversed()))
            replacements.append(Replacement(format: format, path: path, before: before, after: after, value: key))
        }
        try await IndependentReaders.judge(replacements)
    }

    @Test("a shell takes the same text from a dotenv file as its readers")
    func shellsAgree() async throws {
        var random = SplitMix64(seed: 7)
        var written: [(name: String, value: String)] = []
        var bytes: [UInt8] = []
        for number in 0..<300 {
            let (name, value) = ("KEY_\(number)", random.value())
            let old = random.pick(["", "'old'", "\"old\"", "old"])
            let document = try Document(Array("\(name)=\(old) # c\n".utf8), format: .dotenv)
            guard let after = try? document.replacing(Place(name, in: .dotenv), with: Secret(value)) else { continue }
            bytes += after
            written.append((name, value))
        }
        #expect(written.count > 200)
        let script = "set -a; eval \"$(cat)\"; exec env -0"
        let result = try await CommandRun(["sh", "-c", script], input: String(decoding: bytes, as: UTF8.self))
        let seen = Set(result.output.split(separator: "\0"))
        for (name, value) in written { #expect(seen.contains("\(name)=\(value)"[...])) }
    }

    @Test("whatever the bytes are, reading ends with a document or an error", arguments: [UInt64(1), 2])
    func damagedDocumentsAreHandled(_ seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var refused = 0
        for _ in 0..<1000 {
            let format = random.pick([DocumentFormat.dotenv, .json, .yaml, .ini])
            let sample = random.sample(format)
            var bytes = Array((sample.head + sample.old + sample.tail).utf8)
            for _ in 0...random.below(3) where !bytes.isEmpty {
                let index = random.below(bytes.count)
                switch random.below(3) {
                case 0: bytes.remove(at: index)
                case 1: bytes[index] = random.pick(Array("\"'{}[]:#=\\\n\r\t- &*!|".utf8))
                default: bytes.insert(random.pick(Array("\"'{}[]:#=\\\n\r\t- &*!|".utf8)), at: index)
                }
            }
            do throws(DocumentError) {
                let document = try Document(bytes, format: format)
                let place = try Place(sample.place, in: format)
                let after = try document.replacing(place, with: Secret(key))
                #expect(try Document(after, format: format).value(at: place) == Secret(key))
            } catch {
                refused += 1
                #expect(!"\(error) \(error.hint ?? "")".contains("OLDVALUE"))
            }
        }
        #expect(refused > 50 && refused < 950)
    }
}

extension SplitMix64 {
    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
    mutating func chance(_ one: Int) -> Bool { below(one) == 0 }
    mutating func pick<Element>(_ choices: [Element]) -> Element { choices[below(choices.count)] }

    /// A key, or any other line of text.
    mutating func value() -> String {
        switch below(4) {
        case 0, 1: key
        case 2: String((0...below(20)).map { _ in Character(Unicode.Scalar(UInt8(0x20 + below(95)))) })
        default:
            pick(
                [
                    "yes", "null", "1e3", "0777", "- a", "a: b", "a #b", "it's", "\"q\"", " a ", "é\u{2603}\u{1F511}",
                    "~", "<<", "=",
                    "\\", "a\\'b", "${HOME}", "$x", "%d", "a\tb", "[x]", "{x}", "*a", "&a", "!a", "|", ">", "@a", "`a`",
                    "0x1F",
                    "2026-11-23", "12:30:45", "\u{A0}a", "a,b", "?", ":", "true", "N", ".5", "",
                ].filter { !$0.isEmpty })
        }
    }
}
