import FoundationEssentials
import HTTP
import Secrets
import Synchronization
import TestSupport
import Timestamps

/// A transport that gives the answers of a text in their order, and none afterwards.
final class Transcript: HTTPTransport {
    /// An answer as text: its status or `lost`, fields up to an empty line, and the body.
    struct Answer: Sendable {
        let result: Result<HTTPResponse, TransportError>

        init(_ text: [UInt8]) {
            var (line, rest) = text.firstLine
            guard let status = Int(line), (100...599).contains(status) else {
                result = .failure(TransportError(.interrupted, "the connection ended", mayHaveArrived: line == "lost"))
                return
            }
            var headers: [(name: String, value: String)] = []
            while !rest.isEmpty {
                (line, rest) = rest.firstLine
                guard !line.isEmpty else { break }
                let parts = line.split(separator: ": ", maxSplits: 1).map(String.init)
                if parts.count == 2 { headers.append((parts[0].lowercased(), parts[1])) }
            }
            // The transport that is shipped reads all forms of a date.
            let date = headers.first { $0.name == "date" }.flatMap { Date(rfc3339: $0.value) }
            result = .success(HTTPResponse(status: status, headers: headers, body: rest, date: date))
        }
    }

    private let state: Mutex<(answers: ArraySlice<Answer>, requests: [HTTPRequest], isEndless: Bool)>
    /// No account has so many pages, and no service needs so many calls.
    private static let limit = 2_000

    init(_ answers: [Answer]) { state = Mutex((answers[...], [], false)) }

    /// What was asked.
    var requests: [HTTPRequest] { state.withLock(\.requests) }

    func send(_ requests: [HTTPRequest], each: (Int, Result<HTTPResponse, TransportError>) -> Void) {
        for (index, request) in requests.enumerated() {
            let answer = state.withLock { state in
                if state.requests.count < Self.limit { state.requests.append(request) } else { state.isEndless = true }
                return state.answers.popFirst()
            }
            let silence = TransportError(.interrupted, "the connection ended", mayHaveArrived: true)
            each(index, answer?.result ?? .failure(silence))
        }
    }

    /// Throws if more was asked than any use of the service needs.
    func requireEnd() throws(BrokenProperty) {
        try require(!state.withLock(\.isEndless), "there is an end to the requests")
    }
}
