import FoundationEssentials
import Glibc
import HTTP
import JSON
import Secrets
import Synchronization
import TestSupport

/// What a run did that it must not do.
struct Complaint: Error {
    let text: String

    init(_ text: String) { self.text = text }
}

/// A stage of a pipeline that rotates a key with two targets in two waves, or takes that back.
enum Stage: Int, Sendable {
    case create, publishFirst, verifyFirst, publishSecond, verifySecond, retire
    /// A retirement that goes no further, as the predecessor has to soak.
    case disable
    /// Every target gets the predecessor back, and the successor stays until that is in use.
    case putBack
    /// The successor goes.
    case withdraw

    /// Those of a rotation that comes to its end, in order.
    static let rotation: [Stage] = [.create, .publishFirst, .verifyFirst, .publishSecond, .verifySecond, .retire]

    var program: String {
        switch self {
        case .create: "ork-create"
        case .publishFirst, .publishSecond: "ork-publish"
        case .verifyFirst, .verifySecond: "ork-verify"
        case .retire, .disable: "ork-retire"
        case .putBack, .withdraw: "ork-rollback"
        }
    }

    /// What a run without a fault ends with.
    var status: Int32 { self == .disable || self == .putBack ? 75 : 0 }

    /// A rule that takes the place of the plan's.
    var options: [String] {
        switch program {
        case "ork-retire" where self == .disable: ["--soak", "1h"]
        // Without the overlap it would go on at once, where use of a second ago counts as since then.
        case "ork-rollback": ["--soak", "0s"] + (self == .putBack ? ["--overlap", "1h"] : [])
        default: []
        }
    }

    /// Whether it runs publishers that write.
    var writes: Bool { self == .publishFirst || self == .publishSecond || self == .putBack }

    /// Whether it looks for use of the keys that the targets hold.
    var needsUse: Bool { self != .create && program != "ork-publish" }

    var next: Stage? { Self.rotation.firstIndex(of: self).flatMap { Self.rotation.dropFirst($0 + 1).first } }
}

/// An OpenRouter, a proxy in front of it, and an application that takes its key from two files.
final class RotationRunFixture: Sendable {
    let sandbox: SandboxProcess
    let proxy: FaultProxy
    let directory: TemporaryDirectory
    /// What the steps print; besides the targets' folder, so that it can be searched for keys.
    let logs: TemporaryDirectory
    let targetDirectory: TemporaryDirectory
    /// One for all fixtures, because making it takes a run.
    let identity: Secret
    let publisher: String
    let flags: [String]
    /// What names the predecessor at OpenRouter, if anything does.
    let lists: ReferencingLists?
    private let number = Mutex(0)

    private static let identity = Result {
        let directory = try TemporaryDirectory()
        let run = try ProgramRun.run(
            [BuiltProduct.path("ork-keygen")], environment: [:], logs: directory.path, name: "keygen")
        return Secret(String(run.output.prefix { $0 != "\n" }))
    }

    /// How long things last where a test does not say otherwise.
    static let shortWindows = ["--settle", "0s", "--overlap", "0s", "--quiet-for", "0s", "--soak", "0s"]

    init(
        sandbox options: [String] = [], publisher: String = "file", flags: [String] = RotationRunFixture.shortWindows,
        isReferenced: Bool = false
    ) throws {
        sandbox = try SandboxProcess(options)
        let port = sandbox.url.dropFirst("http://127.0.0.1:".count).prefix { $0 != "/" }
        proxy = try FaultProxy(upstreamPort: Int(port) ?? 0)
        directory = try TemporaryDirectory()
        logs = try TemporaryDirectory()
        targetDirectory = try TemporaryDirectory()
        self.publisher = publisher
        identity = try Self.identity.get()
        self.flags = flags
        lists = isReferenced ? try ReferencingLists(sandbox) : nil
        let key = sandbox.predecessor.key.revealed() ?? ""
        try targetDirectory.write("# the application's\nOPENROUTER_API_KEY=\(key)\n", to: "app.env")
        try targetDirectory.write("{\"service\": {\"key\": \"\(key)\"}, \"port\": 80}\n", to: "app.json")
    }

    /// The keys that the targets hold now.
    func heldKeys() -> [Secret] {
        let dotenv = (try? targetDirectory.read("app.env")) ?? ""
        let line = dotenv.split(separator: "\n").first { $0.hasPrefix("OPENROUTER_API_KEY=") } ?? ""
        let json = (try? JSONValue(parsing: Array(((try? targetDirectory.read("app.json")) ?? "").utf8)))
        return [
            Secret(String(line.dropFirst("OPENROUTER_API_KEY=".count))),
            Secret(json?["service"]?["key"]?.string ?? ""),
        ]
    }

    /// The variables of a step: what it needs and no more.
    func environment(_ program: String, plugins: String? = nil) -> [String: String] {
        var variables = [
            "OPENROUTER_BASE_URL": "http://127.0.0.1:\(proxy.port)/api/v1", "ORK_IDENTITY": identity.revealed() ?? "",
            "PATH": "/usr/bin:/bin",
        ]
        if ["ork-create", "ork-retire", "ork-rollback"].contains(program) {
            variables["OPENROUTER_MANAGEMENT_KEY"] = sandbox.managementKey.revealed()
        }
        if let plugins { variables["ORK_PLUGIN_PATH"] = plugins }
        return variables
    }

    /// The words of a step, without what wraps it; handoffs are named as they are in the folder of the rotation.
    func words(_ program: String, handoffs: [String], supersede: Bool = false) -> [String] {
        var words = [BuiltProduct.path(program)] + handoffs.flatMap { ["--handoff", directory.file($0)] }
        if program == "ork-create" {
            words += [
                "--predecessor", "name=\(sandbox.predecessor.name)",
                "--to", "canary=\(publisher)@1:path=\(targetDirectory.file("app.env")),name=OPENROUTER_API_KEY",
                "--to", "web=\(publisher)@2:path=\(targetDirectory.file("app.json")),name=service.key",
            ]
            words += flags
            if supersede { words.append("--supersede") }
        }
        return words
    }

    /// Runs a step; `wrapper` is put before its words, `variables` are given to it besides what it needs.
    func run(
        _ program: String, handoffs: [String], supersede: Bool = false, options: [String] = [], wrapper: [String] = [],
        victim: Victim? = nil, variables: [String: String] = [:]
    ) throws -> ProgramRun {
        let number = number.withLock {
            $0 += 1
            return $0
        }
        return try ProgramRun.run(
            wrapper + words(program, handoffs: handoffs, supersede: supersede) + options,
            environment: environment(program, plugins: directory.path).merging(variables) { $1 }, logs: logs.path,
            name: "\(number)-\(program)", victim: victim)
    }

    /// The application: one chat completion with the key of every target. It must work, always.
    func useKeys() throws {
        for (index, key) in heldKeys().enumerated() {
            let answer = try sandbox.send(
                .post, "/chat/completions", as: key,
                ["model": "openai/gpt-4o", "messages": [["role": "user", "content": "hello"]]])
            guard answer.status == 200 else {
                throw Complaint("outage: the application's call with the key of target \(index) got \(answer.status)")
            }
        }
    }
}
