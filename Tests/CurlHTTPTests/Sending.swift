import CurlHTTP
import FoundationEssentials
import HTTP
import Secrets
import TestSupport
import Timestamps

extension HTTPPolicy {
    /// Short waits and generous limits.
    static var quick: HTTPPolicy {
        var policy = HTTPPolicy()
        policy.backOff = BackOff(from: .milliseconds(1), upTo: .seconds(1))
        return policy
    }

    /// One try.
    static var once: HTTPPolicy {
        var policy = quick
        policy.tries = 1
        return policy
    }
}

extension CurlTransport {
    typealias Answer = Result<HTTPResponse, TransportError>

    /// Sends a batch from a thread of its own; the answers in the order in which they came.
    func answers(_ requests: [HTTPRequest]) async throws -> [(index: Int, answer: Answer)] {
        try await onOwnThread {
            var answers: [(index: Int, answer: Answer)] = []
            self.send(requests) { answers.append((index: $0, answer: $1)) }
            return answers
        }
    }

    /// Sends one request from a thread of its own.
    func answer(_ request: HTTPRequest) async throws -> HTTPResponse {
        try await onOwnThread { try self.send(request) }
    }

    /// Sends one request that has to fail.
    func failure(_ request: HTTPRequest) async throws -> TransportError? {
        do {
            _ = try await answer(request)
            return nil
        } catch let error as TransportError {
            return error
        }
    }
}

/// An address on 127.0.0.1.
func url(_ port: Int, _ path: String = "/") throws -> HTTPURL {
    try HTTPURL("http://127.0.0.1:\(port)\(path)")
}
