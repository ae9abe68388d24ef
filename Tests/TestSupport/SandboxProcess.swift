import Glibc
package import HTTP
package import JSON
package import Secrets
import SystemPackage

/// A running `ork-sandbox`, which ends when the last reference goes.
package final class SandboxProcess: Sendable {
    /// What the sandbox was started with, and could not be.
    package enum Failure: Error {
        /// It could not be started, or it said something else than its first line.
        case start
        /// A control was refused.
        case control(Int)
    }

    /// Its address, `http://127.0.0.1:PORT/api/v1`.
    package let url: String
    /// The management key of its account.
    package let managementKey: Secret
    /// The key that is there at the start.
    package let predecessor: (name: String, key: Secret, hash: String)
    /// Its GitHub and its GitLab: the addresses of their APIs, and tokens that may do everything.
    package let github: (url: String, token: Secret)
    package let gitlab: (url: String, token: Secret)
    /// Its process.
    package let process: Int32
    // The sandbox ends when this closes: also with a test process that is killed, which runs no `deinit`.
    private let input: FileDescriptor

    /// Starts `ork-sandbox` with these options and waits for its first line.
    package init(_ options: [String] = []) throws {
        let started = try Self.start([BuiltProduct.path("ork-sandbox"), "--until-input-ends"] + options)
        let line = started.line
        process = started.process
        input = started.input
        guard let greeting = try? JSONValue(parsing: line), let url = greeting["url"]?.string,
            let managementKey = greeting["management_key"]?.string, let name = greeting["predecessor"]?["name"]?.string,
            let key = greeting["predecessor"]?["key"]?.string, let hash = greeting["predecessor"]?["hash"]?.string,
            let github = Self.service(greeting["github"]),
            let gitlab = Self.service(greeting["gitlab"])
        else {
            Self.end(process, input)
            throw Failure.start
        }
        self.url = url
        self.managementKey = Secret(managementKey)
        predecessor = (name, Secret(key), hash)
        self.github = github
        self.gitlab = gitlab
    }

    private static func service(_ value: JSONValue?) -> (url: String, token: Secret)? {
        guard let url = value?["url"]?.string, let token = value?["token"]?.string else { return nil }
        return (url, Secret(token))
    }

    deinit { Self.end(process, input) }

    /// Sends a request for a path below `/api/v1`.
    package func send(
        _ method: HTTPRequest.Method, _ path: String, as bearer: Secret?, _ body: JSONValue? = nil
    ) throws -> HTTPResponse {
        try LoopbackConnection.send(
            HTTPRequest(method, try HTTPURL(url + path), bearer: bearer, body: body?.bytes()))
    }

    /// Every key there ever was: name, hash, disabled, limit, usage, calls, created_at, expires_at, deleted_at.
    package func keys() throws -> [JSONValue] { try control(.get, "keys").array ?? [] }

    /// The key of this hash as the sandbox has it.
    package func key(_ hash: String) throws -> JSONValue? {
        try keys().first { $0["hash"]?.string == hash }
    }

    /// Every request it answered: at, method, path, status, credential.
    package func log() throws -> [JSONValue] { try control(.get, "log").array ?? [] }

    /// Changes a key by another hand: `disabled`, `limit`, `expires_at`.
    package func change(_ hash: String, _ wish: JSONValue) throws {
        _ = try control(.post, "keys/" + hash, wish)
    }

    /// Adds another account and returns its management key.
    package func addAccount() throws -> Secret {
        guard let key = try control(.post, "accounts")["management_key"]?.string else { throw Failure.start }
        return Secret(key)
    }

    /// Asks another administrator's hand: a path below `/sandbox`.
    package func control(
        _ method: HTTPRequest.Method, _ path: String, _ body: JSONValue? = nil
    ) throws -> JSONValue {
        let url = try HTTPURL(url.dropLast("api/v1".count) + "sandbox/" + path)
        let response = try LoopbackConnection.send(HTTPRequest(method, url, body: body?.bytes()))
        guard (200...299).contains(response.status) else { throw Failure.control(response.status) }
        return try JSONValue(parsing: response.body)
    }

    /// Starts a program with an empty environment and reads its first line.
    private static func start(
        _ arguments: [String]
    ) throws -> (line: [UInt8], process: Int32, input: FileDescriptor) {
        let (output, greeting) = try FileDescriptor.pipe(options: .closeOnExec)
        defer { try? output.close() }
        let (held, input) = try FileDescriptor.pipe(options: .closeOnExec)

        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, greeting.rawValue, STDOUT_FILENO)
        unsafe posix_spawn_file_actions_adddup2(&actions, held.rawValue, STDIN_FILENO)
        var words: [UnsafeMutablePointer<CChar>?] = unsafe arguments.map { unsafe strdup($0) } + [nil]
        defer { unsafe words.forEach { unsafe free($0) } }
        var environment: [UnsafeMutablePointer<CChar>?] = unsafe [nil]
        var process: Int32 = 0
        let status = unsafe posix_spawn(&process, arguments[0], &actions, nil, &words, &environment)
        try greeting.close()
        try held.close()
        guard status == 0 else {
            try? input.close()
            throw Failure.start
        }

        var line: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while !line.contains(0x0A) {
            let count = unsafe try buffer.withUnsafeMutableBytes { try unsafe output.read(into: $0) }
            if count == 0 { break }
            line += buffer[..<count]
        }
        return (line, process, input)
    }

    private static func end(_ process: Int32, _ input: FileDescriptor) {
        try? input.close()
        kill(process, SIGTERM)
        waitpid(process, nil, 0)
    }
}
