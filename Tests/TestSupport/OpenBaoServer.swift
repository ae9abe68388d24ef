package import HTTP
package import JSON
package import Secrets

/// A real OpenBao in memory, which ends when the last reference goes. `Python/openbao.py` says what it holds.
package final class OpenBaoServer: Sendable {
    /// It could not be started, or does not hold what was asked for.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String

        package init(description: String) { self.description = description }
    }

    /// The port on `127.0.0.1`.
    package let port: Int
    /// May do everything.
    package let root: Secret
    private let greeting: JSONValue
    private let program: ServerProgram

    /// With `tlsName`, as `DNS:localhost`, it speaks TLS with a certificate for that name.
    package init(tlsName: String? = nil) throws {
        let options = tlsName.map { ["--tls", $0] } ?? []
        program = try ServerProgram([try Python.interpreter(), "-B", Python.file("Python/openbao.py")] + options)
        guard let greeting = try? JSONValue(parsing: program.greeting), let port = greeting["port"]?.integer,
            let root = greeting["root"]?.string
        else { throw Failure(description: "OpenBao did not start; are Tests/requirements.txt installed?") }
        (self.greeting, self.port, self.root) = (greeting, port, Secret(root))
    }

    /// Its address without TLS.
    package var url: String { "http://127.0.0.1:\(port)" }

    /// The file with the private authority's certificate.
    package var authority: String { greeting["authority"]?.string ?? "" }

    /// A token with the policy of this name.
    package func token(_ policy: String) throws -> Secret { Secret(try text("tokens", policy)) }

    /// What a CI system has signed.
    package func identity(_ name: String) throws -> Secret { Secret(try text("jwt", name)) }

    /// An AppRole.
    package func role(_ name: String, namespace: String = "") throws -> (id: String, secretID: Secret) {
        (
            try text("roles", namespace, name, "role_id"), Secret(try text("roles", namespace, name, "secret_id"))
        )
    }

    private func text(_ path: String...) throws -> String {
        guard let text = path.reduce(greeting, { $0?[$1] } as (JSONValue?, String) -> JSONValue?)?.string else {
            throw Failure(description: "there is no \(path.joined(separator: "/"))")
        }
        return text
    }

    /// Seals it, or opens it again.
    package func seal(_ isSealed: Bool) throws {
        if isSealed {
            _ = try ask(.put, "sys/seal")
        } else {
            _ = try ask(.put, "sys/unseal", ["key": .string(try text("unseal_key"))])
        }
    }

    /// Asks by another hand, as root unless told otherwise. Blocks.
    @discardableResult
    package func ask(
        _ method: HTTPRequest.Method, _ path: String, _ body: JSONValue? = nil, namespace: String? = nil,
        as token: Secret? = nil
    ) throws -> (status: Int, body: JSONValue?) {
        var headers = [
            (name: "Content-Type", value: method == .patch ? "application/merge-patch+json" : "application/json")
        ]
        if let namespace { headers.append(("X-Vault-Namespace", namespace)) }
        let response = try LoopbackConnection.send(
            HTTPRequest(
                method, try HTTPURL("\(url)/v1/\(path)"), headers: headers, bearer: token ?? root, body: body?.bytes()))
        return (response.status, try? JSONValue(parsing: response.body))
    }
}
