import HTTP
import JSON
import Secrets
import TestSupport

/// A running `aws_server.py`: moto, corrected, and boto3 to look into it.
final class AWSServer: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// One for all suites; it ends with the tests.
    static let shared = Result { try AWSServer() }

    let port: Int
    /// The access keys of its users, by name.
    let users: [String: (id: String, key: String)]
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
    func control(_ name: String, _ wish: JSONValue = [:]) throws -> JSONValue {
        let response = try LoopbackConnection.send(
            HTTPRequest(.post, try HTTPURL("http://127.0.0.1:\(port)/ork/\(name)"), body: wish.bytes()))
        let value = try JSONValue(parsing: response.body)
        guard response.status == 200 else { throw Failure(description: value.text()) }
        return value
    }

    /// Lets boto3 do something, as a user who may do everything.
    @discardableResult
    func boto(_ service: String, _ operation: String, _ parameters: JSONValue = [:]) throws -> JSONValue {
        try control(
            "call", ["service": .string(service), "operation": .string(operation), "parameters": parameters])
    }
}
