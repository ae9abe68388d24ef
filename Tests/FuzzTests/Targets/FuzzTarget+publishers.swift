import JSON
import PublisherKit
import Secrets
import TestSupport

@testable import PluginHost

extension FuzzTarget {
    /// What a publisher prints: its `info`, or answers to a verb. The first line is the verb.
    static let publisherAnswers = FuzzTarget(
        name: "publisher-answers",
        words: [
            "check\n", "publish\n", "verify\n", "rollback\n", "info\n", "\"outcome\":", "\"committed\"", "\"rejected\"",
            "\"unknown\"",
            "\"error\":{\"code\":\"denied\",\"message\":\"m\"}", "\"receipt\":{", "\"held\":\"successor\"",
            "\"holds\":",
            "\"retry_after\":", "\"sealed\":[", "\n{", "\"protocol\":1",
        ]
    ) { bytes in
        let (word, output) = bytes.firstLine
        try lines(output)
        guard let verb = Verb(rawValue: word) else { return try information(output) }
        for line in output.split(separator: UInt8(ascii: "\n")) {
            do {
                let (id, answer) = try PublisherAnswer.parse(line, verb)
                let written = answer.line(id: id)
                try require(written.last == 10 && !written.dropLast().contains(10), "an answer is one line")
                let again = try? PublisherAnswer.parse(written.dropLast(), verb)
                try require(again?.id == id && again?.answer == answer, "an answer is read as it is written")
            } catch let error as PublisherError {
                try requireSilence(String(describing: error), of: "a refusal of an answer")
            }
        }
    }

    private static func information(_ output: [UInt8]) throws {
        do {
            let information = try PublisherInformation(parsing: output)
            let again = try? PublisherInformation(parsing: information.line.dropLast())
            try require(again?.line == information.line, "what info prints is read as it is written")
        } catch let error as PublisherError {
            try requireSilence(String(describing: error), of: "a refusal of info")
        }
    }

    /// The lines of output that comes in pieces are those of the whole output.
    private static func lines(_ output: [UInt8]) throws {
        let limit = 40
        let whole = output.split(separator: 10, omittingEmptySubsequences: false).map(Array.init)
        let expected = whole.dropLast().prefix { $0.count <= limit }
        for length in [1, 7, 64] {
            var buffer = LineBuffer(limit: limit)
            var lines: [[UInt8]] = []
            for start in stride(from: 0, to: output.count, by: length) {
                lines += buffer.lines(adding: output[start..<min(start + length, output.count)])
            }
            try require(lines.starts(with: expected), "the lines of pieces are those of the whole")
            try require(lines.allSatisfy { $0.count <= limit }, "no line is longer than the limit")
            try require(buffer.isTooLong == whole.contains { $0.count > limit }, "a line that is too long is seen")
        }
    }

    /// What a host asks a publisher; the first line is the verb. A secret is in the line of a verb that writes, and in no error.
    static let publisherRequests = FuzzTarget(
        name: "publisher-requests",
        words: [
            "check\n", "publish\n", "verify\n", "rollback\n", "\"protocol\":1", "\"deadline\":",
            "\"target\":{\"name\":\"w\"}",
            "\"with\":{", "\"create\":true", "\"expect\":[", "\"secret\":{\"digest\":", "\"value\":", "\"seal_to\":[",
            "9999-12-31T23:59:59Z", "0000-01-01T00:00:00Z", "2026-02-30T24:00:60+23:59",
        ]
    ) { bytes in
        let (word, line) = bytes.firstLine
        guard let verb = Verb(rawValue: word) else { return }
        do {
            let request = try PublisherRequest(parsing: line, verb)
            try requireSilence("\(request.secret.map { "\($0)" } ?? "")", of: "a description")
            guard let written = (try? request.line(for: verb))?.copyBytes() else {
                throw BrokenProperty(description: "a request that was read is not written")
            }
            try require(written.last == 10 && !written.dropLast().contains(10), "a request is one line")
            guard let again = try? PublisherRequest(parsing: written.dropLast(), verb) else {
                throw BrokenProperty(description: "a request is not read as it is written")
            }
            try require(again.secret == request.secret && again.digest == request.digest, "its secret is the same")
            try require(again.with == request.with && again.receipt == request.receipt, "its settings are the same")
            try require(again.expect == request.expect && again.create == request.create, "its permission is the same")
            try require(again.id == request.id && again.operation == request.operation, "it is the same request")
            try require(again.sealTo == request.sealTo && again.target == request.target, "its target is the same")
            try require((try? again.line(for: verb))?.copyBytes() == written, "it is written the same again")
        } catch let error as PublisherError {
            try requireSilence(String(describing: error), of: "a refusal of a request")
        }
    }
}
