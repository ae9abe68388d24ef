import FoundationEssentials
import JSON

/// A JSON Schema, read by a validator that is not ours.
package struct JSONSchema: Sendable {
    private let file: String?
    private let builtin: String

    /// One that a test has made.
    package static func at(_ path: String) -> JSONSchema { JSONSchema(file: path, builtin: "") }

    /// Those of ours, in `ci-templates/schema`.
    package static let configuration = JSONSchema(
        file: BuiltProduct.repository + "/ci-templates/schema/ork.yaml.schema.json", builtin: "")
    package static let handoff = JSONSchema(
        file: BuiltProduct.repository + "/ci-templates/schema/handoff.schema.json", builtin: "")
    package static let report = JSONSchema(
        file: BuiltProduct.repository + "/ci-templates/schema/report.schema.json", builtin: "")
    /// The one of the presets of the publisher `http`.
    package static let preset = JSONSchema(
        file: BuiltProduct.repository + "/plugins/http/preset.schema.json", builtin: "")
    /// GitLab's published schema of pipelines.
    package static let gitLabPipeline = JSONSchema(file: nil, builtin: "vendor.gitlab-ci")

    /// The validator did not get through.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// What is wrong with documents in YAML or JSON, by their names; those that are valid are not in it.
    package func complaints(of documents: [String: String]) async throws -> [String: String] {
        var texts: JSONObject = [:]
        for (name, text) in documents.sorted(by: { $0.key < $1.key }) { texts[name] = .string(text) }
        let order: JSONValue = [
            "schema": file.map { .string($0) } ?? .null, "builtin": .string(builtin), "documents": .object(texts),
        ]
        let outcome = try await Python.run(
            "schema.py", input: String(decoding: order.bytes(), as: UTF8.self), beside: #filePath)
        guard outcome.succeeded, let object = try? JSONValue(parsing: Array(outcome.output.utf8)).object else {
            throw Failure(description: outcome.output)
        }
        var complaints: [String: String] = [:]
        for (name, complaint) in object.members { complaints[name] = complaint.string ?? "" }
        return complaints
    }
}
