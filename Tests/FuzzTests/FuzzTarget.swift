import FoundationEssentials
import Secrets
import TestSupport
import Testing

/// A reader of what others write, and what holds whatever they write.
///
/// The coverage-guided run (`Tests/fuzz.sh`) and the suite take the same targets. Each input is a plain text, so that its
/// examples and its finds can be read.
struct FuzzTarget: Sendable, CustomTestStringConvertible {
    let name: String
    /// Files of the repository that mutations begin with, beside those in `Corpus/NAME`.
    var examples: [String] = []
    /// Pieces of text that mutations put in.
    let words: [String]
    /// Throws a `BrokenProperty` where one does not hold.
    let check: @Sendable ([UInt8]) throws -> Void

    var testDescription: String { name }

    static let all: [FuzzTarget] =
        [json, handoff, plan, project, publisherAnswers, publisherRequests, openRouter] + services + documents + [
            redactor
        ]
}

/// What did not hold for an input.
struct BrokenProperty: Error, CustomStringConvertible {
    let description: String
}

/// Throws unless the condition holds.
func require(_ condition: Bool, _ property: @autoclosure () -> String) throws(BrokenProperty) {
    if !condition { throw BrokenProperty(description: property()) }
}

/// Throws if a text for people holds one of the sample keys, or anything that looks like a key.
func requireSilence(_ text: String, of what: @autoclosure () -> String) throws(BrokenProperty) {
    try require(!SampleKeys.search.contains(text.utf8), "\(what()) holds a key: \(text)")
}

extension FuzzTarget {
    /// What mutations begin with.
    func corpus() throws -> [[UInt8]] {
        try (Self.files("Corpus/\(name)") + examples.map { BuiltProduct.repository + "/" + $0 }).map(Self.bytes)
    }

    /// The smallest inputs that once broke a property, by what they broke.
    func finds() throws -> [(name: String, bytes: [UInt8])] {
        try Self.files("Finds/\(name)").map { (String($0.split(separator: "/").last ?? ""), try Self.bytes($0)) }
    }

    private static func files(_ folder: String) throws -> [String] {
        let path = Python.file(folder)
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: path).sorted().map { "\(path)/\($0)" }
    }

    private static func bytes(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path))) }
}

extension [UInt8] {
    /// The parts between lines that are `===`.
    var parts: [[UInt8]] {
        var parts: [[UInt8]] = [[]]
        for line in split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            if line.elementsEqual("===".utf8) {
                parts.append([])
            } else {
                parts[parts.count - 1] += line + [UInt8(ascii: "\n")]
            }
        }
        // The line ends that were put behind the last line of each part.
        return parts.map { Array($0.dropLast()) }
    }

    /// The first line, and what stands behind it.
    var firstLine: (line: String, rest: [UInt8]) {
        let line = prefix { $0 != UInt8(ascii: "\n") }
        return (String(decoding: line, as: UTF8.self), Array(dropFirst(line.count + 1)))
    }
}
