import ChildProcesses
import FoundationEssentials
import HTTP
import JSON
import Rotation
import Secrets
import Synchronization
import TestSupport
import Testing

/// Who may write to where a CI system keeps handoffs decides nothing: not which rotation is the newest, not whose turn it
/// is, not which file of the job stays.
@Suite("ork-pipeline, and what others have left for it", .tags(.pipelines))
struct StoreTests {
    private let place: Place
    private let environment: [String: String]
    /// What ork-create has really written, and its text.
    private let real: Handoff
    private let text: String

    init() async throws {
        place = try Place()
        try place.configure("gitlab-variable", "project", "key")
        environment = [
            "PATH": Place.path, "HOME": place.folder.file("home"), "CI": "true", "ORK_ROTATION": "checkout",
            "OPENROUTER_BASE_URL": place.sandbox.url, "ORK_IDENTITY": place.manager.revealed() ?? "",
        ]
        let created = try await CommandRun(
            [BuiltProduct.path("ork-create"), "--rotation", "checkout", "--handoff", "../real.json"],
            environment: environment.merging([
                "OPENROUTER_MANAGEMENT_KEY": place.sandbox.managementKey.revealed() ?? ""
            ]) { $1 },
            in: place.folder.file("repository"))
        try #require(created.succeeded, "\(created.errors)")
        text = try place.folder.read("real.json")
        real = try Handoff(parsing: Array(text.utf8))
    }

    private func pipeline(_ job: String, _ variables: [String: String] = [:]) async throws -> CommandRun {
        try await CommandRun(
            [BuiltProduct.path("ork-pipeline"), job], environment: environment.merging(variables) { $1 },
            in: place.folder.file("repository"))
    }

    /// The handoff of a rotation that began later, made by somebody else or by nobody.
    private func forged(by identity: Identity?, isFinished: Bool = false) throws -> String {
        let id = try #require(RotationID("7ZZZZZZZZZZZZZZZZZZZZZZZZZ"))
        let header = RotationHeader(
            id: id, name: real.header.name, base: real.header.base, workspace: nil, plan: real.header.plan,
            predecessors: real.header.predecessors)
        var handoff = Handoff(header: header)
        guard let identity else { return text.replacing(real.header.id.description, with: id.description) }
        let moment = try #require(real.records.last?.at)
        try handoff.append(Entry(.create, .intended, message: "", detail: ["name": "x"]), at: moment, by: identity)
        if isFinished { try handoff.append(Entry(.retire, .finished, message: ""), at: moment, by: identity) }
        return String(decoding: handoff.bytes(summary: [:]), as: UTF8.self)
    }

    /// Every kind of file that is no handoff of ours, by its name.
    private func junk() throws -> [String: String] {
        let ids = [
            #""7ZZZZZZZZZZZZZZZZZZZZZZZZZ\nork.yaml""#, #""\nnone ../ork.yaml\n""#, #"["ork.yaml"]"#, "7",
        ]
        var files = [
            "unsigned": try forged(by: nil), "stranger": try forged(by: .generate()),
            "finished": try forged(by: .generate(), isFinished: true), "broken": "{", "empty": "",
            "deep": String(repeating: "[", count: 100_000), "x\nnone ork.yaml\n": "{}",
            "renamed": text.replacing("\"checkout\"", with: "\"billing\""),
        ]
        for (index, id) in ids.enumerated() {
            files["id\(index)"] = text.replacing("\"\(real.header.id)\"", with: id)
        }
        return files
    }

    @Test("what nobody of ours has signed decides nothing, and removes nothing")
    func folder() async throws {
        let folder = place.folder.file("repository/ork-handoffs")
        try FileManager.default.createDirectory(
            atPath: folder + "/folder.json", withIntermediateDirectories: true)
        try place.folder.write(text, to: "repository/ork-handoffs/00.json")
        for (name, content) in try junk() {
            try place.folder.write(content, to: "repository/ork-handoffs/\(name).json")
        }
        #expect(try await CommandRun(["mkfifo", "pipe.json"], in: folder).succeeded)
        #expect(try await CommandRun(["ln", "-s", "/dev/zero", "endless.json"], in: folder).succeeded)
        let before = try place.folder.read("repository/ork.yaml")
        let run = try await pipeline("check")
        #expect(run.succeeded, "\(run.errors)")
        let report = try JSONValue(parsing: Array(place.folder.read("repository/ork-handoffs/job.report").utf8))
        #expect(report["rotation"]?.string == real.header.id.description, "\(run.errors)")
        #expect(report["turn"] == "publish" && report["seen"]?.string == real.header.id.description)
        #expect(try place.folder.read("repository/ork.yaml") == before)
        #expect(try place.folder.read("repository/ork-handoffs/00.json") == text)
        // Of each that calls itself one of this rotation, a line says why it does not count.
        let lines = run.errors.split(separator: "\n")
        #expect(lines.count { $0.contains("is ignored: ") } == 11, "\(run.errors)")
        #expect(lines.allSatisfy { $0.hasPrefix("ork-pipeline: ") }, "\(run.errors)")
    }

    @Test("a rotation that gave way before it had a key stops nobody who goes on with the other one")
    func loser() async throws {
        let handoffs = "repository/ork-handoffs"
        try FileManager.default.createDirectory(
            atPath: place.folder.file(handoffs), withIntermediateDirectories: false)
        try place.folder.write(text, to: "\(handoffs)/00.json")
        // More of them than are looked at of any other rotation.
        for number in 1...5 {
            try place.folder.write(try forged(by: Identity(place.manager)), to: "\(handoffs)/\(number).json")
        }
        for id in ["", real.header.id.description] {
            let run = try await pipeline("check", ["ORK_ROTATION_ID": id])
            #expect(run.succeeded, "\(run.errors)")
            let report = try JSONValue(parsing: Array(place.folder.read("\(handoffs)/job.report").utf8))
            #expect(report["rotation"]?.string == real.header.id.description && report["turn"] == "publish")
        }
    }

    @Test(
        "what another job tells is a name or a digest, or nothing",
        arguments: [
            #"{"turn":"publish","rotation":"$(touch pwned)","head":"x\ny","seen":7}"#, "{", "[]",
            #"{"turn":"retire; rm ork.yaml","rotation":"01JDB5T8WV0123456789ABCDEF"}"#,
        ])
    func report(content: String) async throws {
        try FileManager.default.createDirectory(
            atPath: place.folder.file("repository/ork-handoffs"), withIntermediateDirectories: false)
        try place.folder.write(text, to: "repository/ork-handoffs/00.json")
        try place.folder.write(content, to: "repository/ork-handoffs/job.report")
        let run = try await pipeline("publish")
        #expect(run.succeeded && run.errors.contains(#"is at "none""#), "\(run.errors)")
        #expect(try place.held("gitlab/variables", "key").isEmpty)
        let names = try FileManager.default.contentsOfDirectory(atPath: place.folder.file("repository"))
        #expect(Set(names) == ["ork.yaml", "ork-handoffs"])
    }

    @Test(
        "a variable that is not of its kind is refused in one sentence",
        arguments: [
            "ORK_ROTATION_ID", "ORK_BEGIN", "ORK_SUPERSEDE", "ORK_LEAKED", "ORK_EXPECT_HEAD", "ORK_SEEN",
            "ORK_DUE_ACTION",
        ])
    func variable(name: String) async throws {
        let run = try await pipeline("check", [name: "x\n::set-output name=turn::retire"])
        #expect(run.ending == .exited(64))
        #expect(run.errors.split(separator: "\n").count == 2 && !run.errors.contains("set-output"), "\(run.errors)")
    }

    @Test(
        "GitLab: no token follows a redirect, tags and other branches do not count, and a crowd hides no handoff or stops the job",
        arguments: [20, 300])
    func gitlab(strangers: Int) async throws {
        let text = text
        let forged = try forged(by: .generate())
        let storage = try LoopbackServer { _, connection in connection.respond(200, body: text) }
        let port = storage.port
        let jobs = JSONValue.array(
            (1...strangers).map { Self.job(1000 + $0) } + [
                Self.job(7), Self.job(990, tag: true), Self.job(991, branch: "topic"),
            ])
        let gitlab = try LoopbackServer { request, connection in
            let target = request.message.target
            if target.contains("/jobs/7/artifacts/ork-handoffs/7.json") {
                connection.respond(302, headers: [("Location", "http://localhost:\(port)/blob")])
            } else if target.contains(".json") {
                connection.respond(200, body: target.contains("/jobs/99") ? text : forged)
            } else if target.contains(".report") {
                connection.respond(404)
            } else {
                let isFirst = target.contains("&page=1")
                connection.respond(200, body: isFirst ? jobs.text() : "[]")
            }
        }
        let token = "glpat-" + String(repeating: "x7", count: 10)
        let run = try await pipeline(
            "check",
            [
                "GITLAB_CI": "true", "ORK_HANDOFF_TOKEN": token, "CI_PROJECT_ID": "1", "CI_COMMIT_REF_NAME": "main",
                "CI_API_V4_URL": "http://127.0.0.1:\(gitlab.port)", "CI_JOB_ID": "2000", "CI_PIPELINE_ID": "5",
            ])
        #expect(gitlab.requests.allSatisfy { $0.message[header: "authorization"] == "Bearer \(token)" })
        #expect(gitlab.requests.allSatisfy { !$0.message.target.contains("/jobs/99") })
        guard strangers < 200 else {
            // Not the same as nothing: no other rotation may begin.
            #expect(run.ending == .exited(65) && run.errors.contains("none of the 200 newest"), "\(run.errors)")
            return
        }
        #expect(run.succeeded, "\(run.errors)")
        #expect(storage.requests.count == 1)
        #expect(storage.requests.allSatisfy { !String(decoding: $0.message.raw, as: UTF8.self).contains(token) })
        let report = try place.folder.read("repository/ork-handoffs/2000.report")
        #expect(report.contains(real.header.id.description) && report.contains(#""turn":"publish""#), "\(report)")
    }

    private static func job(_ id: Int, tag: Bool = false, branch: String = "main") -> JSONValue {
        [
            "id": .number(JSONNumber(id)), "name": "checkout:create", "ref": .string(branch), "tag": .bool(tag),
            "artifacts_file": [:], "pipeline": ["id": 5],
        ]
    }

    @Test(
        "GitHub: no token follows a redirect, and artifacts of forks, other branches and tags, one of the branch's name included, do not count"
    )
    func github() async throws {
        let archive = try await CommandRun(
            [
                try Python.interpreter(), "-c",
                "import zipfile; zipfile.ZipFile('a.zip', 'w').write('real.json', 'ork-handoff.json')",
            ], in: place.folder.path)
        try #require(archive.succeeded, "\(archive.errors)")
        let zip = try #require(FileManager.default.contents(atPath: place.folder.file("a.zip")))
        let storage = try LoopbackServer { _, connection in
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(zip.count)\r\n\r\n")
            connection.send(Array(zip))
        }
        let port = storage.port
        let artifacts: JSONValue = [
            "artifacts": [
                Self.artifact(8, repository: 2), Self.artifact(9, branch: "topic"), Self.artifact(10, expired: true),
                Self.artifact(7), Self.artifact(11, commit: Self.tip.replacing("1", with: "b")),
                Self.artifact(12, commit: "../x"),
            ]
        ]
        let github = try LoopbackServer { request, connection in
            if request.message.target.hasSuffix("/zip") {
                connection.respond(302, headers: [("Location", "http://localhost:\(port)/blob?sig=x")])
            } else if request.message.target.contains("/compare/main...") {
                // A tag of the branch's name, which somebody has pushed to a commit of his own.
                connection.respond(200, body: #"{"status": "identical"}"#)
            } else if request.message.target.contains("/compare/") {
                let isOurs = request.message.target.contains("/compare/\(Self.tip)...\(Self.commit)?")
                connection.respond(200, body: isOurs ? #"{"status": "behind"}"# : #"{"status": "diverged"}"#)
            } else if request.message.target.hasSuffix("/git/ref/heads/main") {
                connection.respond(
                    200, body: #"{"ref": "refs/heads/main", "object": {"type": "commit", "sha": "\#(Self.tip)"}}"#)
            } else {
                connection.respond(200, body: artifacts.text())
            }
        }
        let run = try await pipeline(
            "check",
            [
                "GITHUB_ACTIONS": "true", "ORK_HANDOFF_TOKEN": "ghs-token", "GITHUB_REF_NAME": "main",
                "GITHUB_REPOSITORY": "acme/web", "GITHUB_API_URL": "http://127.0.0.1:\(github.port)",
                "RUNNER_TEMP": place.folder.file("home"), "GITHUB_OUTPUT": place.folder.file("outputs"),
            ])
        #expect(run.succeeded, "\(run.errors)")
        #expect(storage.requests.count == 1)
        #expect(storage.requests.allSatisfy { !String(decoding: $0.message.raw, as: UTF8.self).contains("ghs-token") })
        #expect(github.requests.count { $0.message.target.hasSuffix("/zip") } == 1)
        let outputs = try place.folder.read("outputs")
        #expect(outputs.contains("turn=publish\nrotation=\(real.header.id)\n"), "\(outputs)")
        let tag = try await pipeline("check", ["GITHUB_ACTIONS": "true", "GITHUB_REF_TYPE": "tag"])
        #expect(tag.ending == .exited(65))
    }

    @Test("a list that is not whole, or cannot be read, is not taken for an empty one", arguments: [100, 0])
    func list(strangers: Int) async throws {
        let artifacts: JSONValue = [
            "artifacts": .array((0..<strangers).map { Self.artifact($0, branch: "topic") })
        ]
        let github = try LoopbackServer { _, connection in
            if strangers == 0 { connection.respond(404) } else { connection.respond(200, body: artifacts.text()) }
        }
        let run = try await pipeline(
            "check",
            [
                "GITHUB_ACTIONS": "true", "ORK_HANDOFF_TOKEN": "ghs-token", "GITHUB_REF_NAME": "main",
                "GITHUB_REPOSITORY": "acme/web", "GITHUB_API_URL": "http://127.0.0.1:\(github.port)",
                "RUNNER_TEMP": place.folder.file("home"),
            ])
        #expect(run.ending == .exited(strangers == 0 ? 69 : 65), "\(run.errors)")
    }

    @Test("a job of a rotation whose handoff is gone does nothing, and says so")
    func gone() async throws {
        let run = try await pipeline("create", ["ORK_ROTATION_ID": "01JDB5T8WV0123456789ABCDEF"])
        #expect(run.ending == .exited(65) && run.errors.contains("and its handoff is gone"), "\(run.errors)")
    }

    @Test("check asks the targets before a rotation begins, and leaves nothing in the checkout")
    func check() async throws {
        try place.folder.write("{", to: "repository/ork-handoff.json")
        let run = try await pipeline(
            "check",
            [
                "TARGET_TOKEN": place.sandbox.gitlab.token.revealed() ?? "",
                "CI_API_V4_URL": place.address + "/gitlab/api/v4",
            ])
        #expect(run.succeeded && run.errors.contains("ork-publish: "), "\(run.errors)")
        let names = try FileManager.default.contentsOfDirectory(atPath: place.folder.file("repository"))
        #expect(Set(names) == ["ork.yaml", "ork-handoffs", "ork-handoff.json"])
        let kept = try FileManager.default.contentsOfDirectory(atPath: place.folder.file("repository/ork-handoffs"))
        #expect(kept == ["job.report"])
    }

    /// What the branch is at, and a commit that it holds.
    private static let (tip, commit) = (String(repeating: "1", count: 40), String(repeating: "a", count: 40))

    private static func artifact(
        _ id: Int, repository: Int = 1, branch: String = "main", commit: String = Self.commit, expired: Bool = false
    ) -> JSONValue {
        [
            "id": .number(JSONNumber(id)), "expired": .bool(expired),
            "workflow_run": [
                "repository_id": 1, "head_repository_id": .number(JSONNumber(repository)),
                "head_branch": .string(branch), "head_sha": .string(commit),
            ],
        ]
    }
}
