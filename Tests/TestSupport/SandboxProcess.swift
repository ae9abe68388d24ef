package import HTTP
package import JSON
package import Secrets

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
    /// Its GitHub, its GitLab, its Kubernetes and its Vercel: the addresses of their APIs, and tokens that may do everything.
    package let github: (url: String, token: Secret)
    package let gitlab: (url: String, token: Secret)
    package let kubernetes: (url: String, token: Secret)
    package let vercel: (url: String, token: Secret)
    private let program: ServerProgram
    /// Its process.
    package var process: Int32 { program.process }

    /// Starts `ork-sandbox` with these options and waits for its first line.
    package init(_ options: [String] = []) throws {
        program = try ServerProgram([BuiltProduct.path("ork-sandbox"), "--until-input-ends"] + options)
        guard let greeting = try? JSONValue(parsing: program.greeting), let url = greeting["url"]?.string,
            let managementKey = greeting["management_key"]?.string, let name = greeting["predecessor"]?["name"]?.string,
            let key = greeting["predecessor"]?["key"]?.string, let hash = greeting["predecessor"]?["hash"]?.string,
            let github = Self.service(greeting["github"]),
            let gitlab = Self.service(greeting["gitlab"]), let kubernetes = Self.service(greeting["kubernetes"]),
            let vercel = Self.service(greeting["vercel"])
        else { throw Failure.start }
        self.url = url
        self.managementKey = Secret(managementKey)
        predecessor = (name, Secret(key), hash)
        self.github = github
        self.gitlab = gitlab
        self.kubernetes = kubernetes
        self.vercel = vercel
    }

    private static func service(_ value: JSONValue?) -> (url: String, token: Secret)? {
        guard let url = value?["url"]?.string, let token = value?["token"]?.string else { return nil }
        return (url, Secret(token))
    }

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
}
