import HTTP
package import JSON

/// A running `aws_server.py`: moto, corrected, and boto3 to look into it.
package final class AWSServer: Sendable {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// One for all suites; it ends with the tests.
    package static let shared = Result { try AWSServer() }

    package let port: Int
    /// The access keys of its users, by name.
    package let users: [String: (id: String, key: String)]
    private let program: ServerProgram

    private init() throws {
        program = try ServerProgram([
            try Python.interpreter(), "-B", Python.file("Python/aws_server.py"),
        ])
        let greeting = try JSONValue(parsing: program.greeting)
        guard let port = greeting["port"]?.integer, let users = greeting["users"]?.object else {
            throw Failure(description: "it does not start")
        }
        self.port = port
        self.users = Dictionary(
            uniqueKeysWithValues: users.members.map { name, pair in
                (name, (pair.array?.first?.string ?? "", pair.array?.last?.string ?? ""))
            })
    }

    /// Asks the test's own hand.
    package func control(_ name: String, _ wish: JSONValue = [:]) throws -> JSONValue {
        let response = try LoopbackConnection.send(
            HTTPRequest(.post, try HTTPURL("http://127.0.0.1:\(port)/ork/\(name)"), body: wish.bytes()))
        let value = try JSONValue(parsing: response.body)
        guard response.status == 200 else { throw Failure(description: value.text()) }
        return value
    }

    /// The environment of a program that a user's access key is given to.
    package func environment(_ user: String = "admin", port: Int? = nil) -> [String: String] {
        [
            "AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:\(port ?? self.port)",
            "AWS_ACCESS_KEY_ID": users[user]?.id ?? "", "AWS_SECRET_ACCESS_KEY": users[user]?.key ?? "",
        ]
    }

    /// Lets boto3 do something, as a user who may do everything.
    @discardableResult
    package func boto(_ service: String, _ operation: String, _ parameters: JSONValue = [:]) throws -> JSONValue {
        try control(
            "call", ["service": .string(service), "operation": .string(operation), "parameters": parameters])
    }
}
