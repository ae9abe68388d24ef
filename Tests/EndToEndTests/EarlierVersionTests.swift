import ChildProcesses
import FoundationEssentials
import Glibc
import HTTP
import JSON
import Secrets
import Sodium
import TestSupport
import Testing

/// Rotations that earlier versions of ork have begun: `Fixtures/README.md`.
@Suite(.serialized, .tags(.servers), .timeLimit(.minutes(10)))
struct EarlierVersionTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

    private static let names: [String] = {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return entries.filter { !$0.contains(".") }.sorted()
    }()

    @Test("there is a fixture of every state")
    func states() {
        let states = [
            "accepted", "approved", "created", "finished", "intended", "minted", "parallel", "published", "publishing",
            "retiring", "separate", "verified",
        ]
        #expect(Self.names == states)
    }

    @Test("a rotation that the version before has begun is finished by this one", arguments: names)
    func finishes(name: String) async throws {
        let (live, held, log) = try await onOwnThread {
            let rotation = try EarlierRotation(Self.folder.appending(path: name).path)
            try rotation.finish()
            return (try rotation.liveKeys(), try rotation.heldDigests(), rotation.log.joined(separator: "\n"))
        }
        #expect(live.count == 1, "\(log)")
        #expect(live.first?.contains(" ork:") == true, "\(log)")
        #expect(Set(held).count == 1, "\(log)")
    }
}

/// One rotation of an earlier version, with the OpenRouter, the files and the identities that it knew. It blocks.
private final class EarlierRotation {
    private let run: ScriptRun
    private let world: JSONValue
    private let handoffs: [String]
    /// What was run.
    private(set) var log: [String] = []

    init(_ folder: String) throws {
        let files = FileManager.default
        world = try JSONValue(parsing: try #require(files.contents(atPath: folder + "/world.json")))
        run = try ScriptRun(Script(files: []))
        let url = try #require(world["openrouter"]?.string)
        run.sandbox = try Self.sandbox(at: url)
        run.nameSandbox()
        for key in world["keys"]?.array ?? [] { _ = try run.sandbox.control(.post, "keys", key) }
        for (name, text) in world["files"]?.object?.members ?? [] {
            try Data(try #require(text.string).utf8).write(to: URL(filePath: run.path(name)))
        }
        let names = ["handoff.json", "other.json"].filter { files.fileExists(atPath: "\(folder)/\($0)") }
        for name in names { try files.copyItem(atPath: "\(folder)/\(name)", toPath: run.path(name)) }
        handoffs = names.flatMap { ["--handoff", $0] }
    }

    /// The address stands in the handoff, so only one can be finished at a time on this machine.
    private static func sandbox(at url: String) throws -> SandboxProcess {
        let port = try #require(url.split(separator: ":").last?.prefix { $0 != "/" })
        for _ in 0..<300 {
            if let sandbox = try? SandboxProcess(["--port", String(port)]) { return sandbox }
            usleep(200_000)
        }
        return try SandboxProcess(["--port", String(port)])
    }

    /// Runs what `ork-status` says is next, until nothing is.
    func finish() throws {
        for _ in 0..<12 {
            try run.perform(["exec", "ork-status", "--json"] + handoffs)
            guard let next = try JSONValue(parsing: run.output.utf8)["next"]?.string?.prefix(while: { $0 != " " })
            else { break }
            // The application works with whatever key it finds.
            if next == "ork-verify" || next == "ork-retire" {
                for file in try files() { try run.perform(["sandbox-use", file]) }
            }
            try perform(String(next))
        }
        try run.perform(["exec", "ork-status"] + handoffs)
        guard run.output.contains("finished") || run.errors.contains("finished") else {
            throw ScriptFailure("the rotation is not finished: \(run.output)\(run.errors)\(log)")
        }
        // Run again after success, a step finds nothing to do.
        for step in ["ork-publish", "ork-verify", "ork-retire"] { try perform(step) }
    }

    private func perform(_ program: String) throws {
        var words = ["exec", program] + handoffs
        for trust in world["trust"]?.array ?? [] { words += ["--trust", try #require(trust.string)] }
        if program == "ork-retire" { words += ["--wait", "60s"] }
        let step = String(program.dropFirst("ork-".count))
        let identity = world["identities"]?[step] ?? world["identities"]?["all"]
        run.variables["ORK_IDENTITY"] = try #require(identity?.string)
        do { try run.perform(words) } catch {
            log.append("\(program): \(run.ending)\n\(run.errors)")
            // A gate that nobody has opened yet.
            guard run.ending == .exited(75), world["identities"]?["approve"] != nil, program != "ork-approve" else {
                throw ScriptFailure(log.joined(separator: "\n"))
            }
            return try perform("ork-approve")
        }
        log.append("\(program): \(run.errors)")
    }

    private func files() throws -> [String] { world["files"]?.object?.keys ?? [] }

    /// The names of the keys of the lineage that are alive.
    func liveKeys() throws -> [String] {
        let base = try #require(world["keys"]?.array?.first?["name"]?.string).split(separator: " ")[0]
        return try run.sandbox.keys().filter { key in
            key["deleted_at"] == .null && key["disabled"] == false
                && key["name"]?.string?.split(separator: " ").first == base
        }.compactMap { $0["name"]?.string }
    }

    /// What the targets hold, which must be what the live key's digest says.
    func heldDigests() throws -> [String] {
        let live = try run.sandbox.keys().filter { $0["deleted_at"] == .null && $0["disabled"] == false }
        return try files().map { name in
            let text = try run.content(name)
            let key = try #require(text.split(separator: "\n").first { $0.hasPrefix("KEY=") }?.dropFirst(4))
            let hash = Digest(of: Secret(String(key))).hex
            let before = world["files"]?[name]?.string ?? ""
            guard before.hasPrefix("OTHER=kept\n") == text.hasPrefix("OTHER=kept\n"),
                live.contains(where: { $0["hash"]?.string == hash })
            else {
                throw ScriptFailure("\(name) holds something else than a live key")
            }
            return hash
        }
    }
}
