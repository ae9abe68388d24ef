package import FoundationEssentials
package import JSON
package import PublisherKit
package import Secrets
import Testing

/// A publisher's binary as a host runs it: requests on standard input, one a line, and answers on standard output.
package struct PublisherProgram: Sendable {
    private let path: String

    /// `name` is the program's, as `ork-publisher-file`.
    package init(_ name: String) { path = BuiltProduct.path(name) }

    /// Its answers by id, or what `info` says under `info`. It logs nothing, ends with 0, and prints no made-up key nor
    /// one of `secrets`.
    package func run(
        _ word: String, input: String = "", environment: [String: String], hiding secrets: [Secret] = []
    ) async throws -> [String: JSONValue] {
        let result = try await CommandRun([path, word], environment: environment, input: input)
        #expect(result.errors == "" && result.succeeded, "\(result.errors)")
        let keys = SampleKeys.search(and: secrets)
        #expect(!keys.contains(result.output.utf8))
        var answers: [String: JSONValue] = [:]
        for line in result.output.split(separator: "\n") {
            let answer = try JSONValue(parsing: line.utf8)
            answers[answer["id"]?.string ?? "info"] = answer
        }
        return answers
    }

    /// One request a target, whose name is its id. `expect` is what a target may hold besides the secret.
    package static func requests(
        _ verb: Verb, _ targets: [(name: String, with: JSONObject)], secret: Secret = SampleKeys.successor,
        expect: [Secret] = [], operation: String = "op", rotation: String = "01JDB00000AAAAAAAAAAAAAAAA",
        seconds: TimeInterval = 600
    ) throws -> String {
        try targets.map { name, with in
            var request = PublisherRequest(
                verb, with, secret: secret, expect: expect + [secret], operation: operation, rotation: rotation,
                target: name, deadline: Date() + seconds)
            request.id = name
            return try #require(try request.line(for: verb).revealed())
        }.joined()
    }
}
