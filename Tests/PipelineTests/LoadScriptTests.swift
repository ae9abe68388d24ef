import FoundationEssentials
import JSON
import Synchronization
import TestSupport
import Testing

@Suite("load.sh, and what others have left for it", .tags(.pipelines))
struct LoadScriptTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    private func load(_ environment: [String: String] = [:]) async throws -> CommandRun {
        try await CommandRun(
            ["/bin/sh", BuiltProduct.repository + "/ci-templates/shell/load.sh", "checkout", "handoffs"],
            environment: ["PATH": "/usr/bin:/bin"].merging(environment) { $1 }, in: folder.path)
    }

    @Test(
        "an artifact that nobody has signed removes no file of the job",
        arguments: [
            #""01JDB5T8WV0123456789ABCDEF\n01JDB5T8WV0123456789ABCDEE ork.yaml""#,
            #""01JDB5T8WV0123456789ABCDEF\nnone ork.yaml""#, #""\nnone ork.yaml\n""#, #"["ork.yaml"]"#, "7",
        ])
    func foreignArtifact(id: String) async throws {
        try folder.write("version: 1\n", to: "ork.yaml")
        try FileManager.default.createDirectory(
            atPath: folder.file("handoffs"), withIntermediateDirectories: false)
        try folder.write(#"{"rotation": {"name": "checkout", "id": \#(id)}}"#, to: "handoffs/evil.json")
        try folder.write(
            #"{"rotation": {"name": "checkout", "id": "01JDB5T8WV0123456789ABCDEF"}}"#, to: "handoffs/ours.json")
        try folder.write("{}", to: "handoffs/x\nnone ork.yaml\n.json")
        let run = try await load()
        #expect(run.succeeded, "\(run.errors)")
        #expect(try folder.read("ork.yaml") == "version: 1\n")
        #expect(try folder.read("handoffs/ours.json").contains("01JDB5T8WV0123456789ABCDEF"))
        #expect(!FileManager.default.fileExists(atPath: folder.file("handoffs/evil.json")))
    }

    @Test("without a handoff of this rotation, nothing of another one is left")
    func otherRotation() async throws {
        try FileManager.default.createDirectory(
            atPath: folder.file("handoffs"), withIntermediateDirectories: false)
        try folder.write(
            #"{"rotation": {"name": "billing", "id": "01JDB5T8WV0123456789ABCDEF"}}"#, to: "handoffs/other.json")
        try folder.write("{", to: "handoffs/broken.json")
        #expect(try await load().succeeded)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("handoffs")) == [])
    }

    @Test("GitLab's token follows no redirect to another host")
    func redirect() async throws {
        let storage = try LoopbackServer { _, connection in
            connection.respond(200, body: #"{"rotation": {"name": "checkout", "id": "01JDB5T8WV0123456789ABCDEF"}}"#)
        }
        let port = storage.port
        let gitlab = try LoopbackServer { request, connection in
            if request.message.target.contains("/artifacts/") {
                connection.respond(302, headers: [("Location", "http://localhost:\(port)/blob")])
            } else {
                let job = #"{"id": 7, "name": "checkout:create", "ref": "main", "artifacts_file": {}}"#
                let isFirst = request.message.target.contains("page=1")
                connection.respond(
                    200, headers: [("Content-Type", "application/json")], body: isFirst ? "[\(job)]" : "[]")
            }
        }
        let token = "glpat-" + String(repeating: "x7", count: 10)
        let run = try await load([
            "GITLAB_CI": "true", "ORK_HANDOFF_TOKEN": token, "CI_PROJECT_ID": "1", "CI_COMMIT_REF_NAME": "main",
            "CI_API_V4_URL": "http://127.0.0.1:\(gitlab.port)",
        ])
        #expect(run.succeeded, "\(run.errors)")
        #expect(gitlab.requests.allSatisfy { $0.message[header: "authorization"] == "Bearer \(token)" })
        #expect(storage.requests.count == 1)
        #expect(storage.requests.allSatisfy { !String(decoding: $0.message.raw, as: UTF8.self).contains(token) })
        #expect(FileManager.default.fileExists(atPath: folder.file("handoffs/7.json")))
    }
}
