import FoundationEssentials
import JSON
import PublisherKit
import Secrets
import Sodium
import SystemPackage
import TestSupport

/// Made-up keys.
enum SampleKey {
    static let successor = "sk-or-v1-" + String(repeating: "5", count: 64)
    static let predecessor = "sk-or-v1-" + String(repeating: "4", count: 64)
    static let stranger = "sk-or-v1-" + String(repeating: "6", count: 64)
}

/// A repository of git's own making, two age identities, and the publisher as the host runs it.
struct GitFixture: Sendable {
    let git: GitFolder
    /// What the publisher's process gets besides `PATH` and `HOME`.
    var environment: [String: String]
    var with: JSONObject

    private static let identities = Task {
        let git = try await GitFolder()
        try await git.sh("age-keygen -o mine.txt; age-keygen -o theirs.txt")
        return git.folder
    }

    /// Runs `script` in a clone of the repository and pushes what it changed; `$MINE` and `$THEIRS` are age recipients.
    init(_ with: JSONObject = [:], _ script: String = "") async throws {
        git = try await GitFolder()
        let keys = try await Self.identities.value
        try await git.sh("cp \(keys.file("mine.txt")) \(keys.file("theirs.txt")) .")
        environment = ["SOPS_AGE_KEY_FILE": git.folder.file("mine.txt")]
        self.with = ["remote": .string(git.folder.file("remote.git")), "branch": "main"]
        self.with.take(with)
        try await commit(script)
    }

    /// The same with the recipients that the shell makes of `names`.
    func naming(_ names: String = "$MINE") async throws -> GitFixture {
        var named = self
        named.with["recipients"] = .string(try await sh("echo \"\(names)\""))
        return named
    }

    /// Commits and pushes what a script changes in the clone.
    func commit(_ script: String) async throws {
        try await sh(
            """
            cd seed; git pull -q --rebase origin main
            \(script)
            git add -A; git diff --cached --quiet || git commit -qm 'by hand'; git push -q origin HEAD:main
            """)
    }

    /// Runs commands in the fixture's folder, with the programs that the tests have installed.
    @discardableResult
    func sh(_ script: String, within time: Duration = .seconds(600)) async throws -> String {
        let sops = "export SOPS_AGE_KEY_FILE=$PWD/mine.txt SOPS_DISABLE_VERSION_CHECK=1 PATH=\(try Self.path)"
        let recipients = "MINE=$(age-keygen -y mine.txt) THEIRS=$(age-keygen -y theirs.txt)"
        return try await git.sh("\(sops); export \(recipients)\n\(script)", within: time)
    }

    static var path: String {
        get throws {
            let folder = FilePath(try Python.interpreter()).removingLastComponent().string
            return "\(folder):/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        }
    }

    /// One request, as the host would make it.
    struct Request: Sendable {
        var value = SampleKey.successor
        var expect: [String]? = [SampleKey.predecessor, SampleKey.successor]
        var rotation = "01JDB000000000000000000002"
        var operation = "01JDB000000000000000000002/web/5555"
        var receipt: JSONObject?
        var create = true
        var deadline: TimeInterval = 600
        /// Whether the host has the value.
        var knowsValue = true
        var sealTo: [Recipient] = []
    }

    func publish(_ request: Request = Request(), _ more: JSONObject = [:]) async throws -> PublisherAnswer {
        try await ask(.publish, request, more)
    }

    func verify(_ request: Request = Request(), _ more: JSONObject = [:]) async throws -> PublisherAnswer {
        try await ask(.verify, request, more)
    }

    func check(_ request: Request = Request(), _ more: JSONObject = [:]) async throws -> PublisherAnswer {
        try await ask(.check, request, more)
    }

    /// Runs the publisher once. Its standard error must not hold the key.
    func ask(_ verb: Verb, _ request: Request, _ more: JSONObject = [:]) async throws -> PublisherAnswer {
        var with = with
        with.take(more)
        let run = try await start(verb, line(verb, request, with))
        guard !run.errors.contains(request.value) else { throw Leak() }
        return try PublisherAnswer.parse(run.output.utf8.dropLast(), verb).answer
    }

    /// The key stood in the log.
    struct Leak: Error {}

    /// Runs the publisher once for targets that differ in these settings, and gives the answers in their order.
    func ask(
        _ verb: Verb, each more: [JSONObject], _ request: Request = Request(), receipts: [JSONObject?] = []
    ) async throws -> [PublisherAnswer] {
        let lines = try more.enumerated().map { index, settings in
            var with = with
            with.take(settings)
            var request = request
            if index < receipts.count { request.receipt = receipts[index] }
            return try line(verb, request, with, id: String(index))
        }
        let run = try await start(verb, lines.joined())
        guard !run.errors.contains(request.value) else { throw Leak() }
        let answers = try run.output.split(separator: "\n").map { try PublisherAnswer.parse($0.utf8, verb) }
        return answers.sorted { Int($0.id) ?? -1 < Int($1.id) ?? -1 }.map(\.answer)
    }

    /// The line of a request.
    func line(_ verb: Verb, _ request: Request, _ with: JSONObject, id: String = "1") throws -> String {
        let made = PublisherRequest(
            id: id, operation: request.operation, rotation: request.rotation, deadline: Date() + request.deadline,
            target: "web", with: with, expect: request.expect?.map { Digest(of: Secret($0)) },
            create: request.create,
            digest: Digest(of: Secret(request.value)), secret: request.knowsValue ? Secret(request.value) : nil,
            receipt: request.receipt, sealTo: request.sealTo)
        return try made.line(for: verb).revealed() ?? ""
    }

    /// Starts the publisher.
    func start(_ verb: Verb, _ line: String, wrapper: [String] = []) async throws -> CommandRun {
        let folder = try TemporaryDirectory()
        let words = wrapper + [BuiltProduct.path("ork-publisher-git"), verb.rawValue]
        var variables = environment
        variables["PATH"] = try Self.path
        variables["HOME"] = git.folder.path
        variables["TMPDIR"] = variables["TMPDIR"] ?? folder.path
        return try await CommandRun(words, environment: variables, input: line)
    }

    /// The number of commits on a branch.
    func commits(_ branch: String = "main") async throws -> Int {
        Int(try await sh("git -C remote.git rev-list --count \(branch)")) ?? -1
    }
}

extension PublisherAnswer {
    /// `committed`, or the code of the error with its field: `rejected conflict with.path`.
    var short: String {
        guard let error = outcome.error else { return outcome.word }
        return [outcome.word, error.code.rawValue, error.field].compactMap(\.self).joined(separator: " ")
    }
}
