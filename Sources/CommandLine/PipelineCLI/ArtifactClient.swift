import HTTP
import JSON
import Secrets
import StepCLI
import Steps

/// Fetches what a CI system keeps. An answer that leads elsewhere, to a store of objects, is followed without the token.
struct ArtifactClient {
    private let transport: any HTTPTransport
    private let token: Secret
    private let hint: String

    /// `hint` says what to look at where the token does not suffice.
    init(_ transport: any HTTPTransport, token: Secret, hint: String) {
        self.transport = transport
        self.token = token
        self.hint = hint
    }

    /// What is at these addresses; `nil` where nothing is any more. Anything but an answer ends the job.
    func fetch(_ urls: [HTTPURL]) throws(StepError) -> [[UInt8]?] {
        var answers = try send(urls.map { HTTPRequest(.get, $0, headers: Self.headers, bearer: token) })
        let moved = answers.indices.filter { [301, 302, 303, 307, 308].contains(answers[$0].status) }
        var requests: [HTTPRequest] = []
        for index in moved {
            guard let location = answers[index][header: "location"], let url = try? HTTPURL(location) else {
                throw refused(answers[index].status)
            }
            requests.append(HTTPRequest(.get, url, bearer: nil))
        }
        for (index, answer) in try zip(moved, send(requests)) { answers[index] = answer }
        return try answers.map { answer throws(StepError) in
            switch answer.status {
            case 200: answer.body
            case 404, 410, 413: nil
            default: throw refused(answer.status)
            }
        }
    }

    /// What is at one address.
    func fetch(_ url: HTTPURL) throws(StepError) -> [UInt8]? { try fetch([url])[0] }

    /// The JSON at these addresses. A list that cannot be read is not an empty one.
    func fetchJSON(_ urls: [HTTPURL]) throws(StepError) -> [JSONValue] {
        try fetch(urls).map { body throws(StepError) in
            guard let body else { throw refused(404) }
            guard let json = try? JSONValue(parsing: body) else {
                throw StepError(.unreachable, "earlier handoffs cannot be listed: the answer is not JSON", hint: hint)
            }
            return json
        }
    }

    private static let headers = [(name: "Accept", value: "application/json")]

    private func send(_ requests: [HTTPRequest]) throws(StepError) -> [HTTPResponse] {
        var answers: [HTTPResponse?] = requests.map { _ in nil }
        var failure: TransportError?
        transport.send(requests) { index, result in
            switch result {
            case .success(let answer): answers[index] = answer
            // Larger than any handoff: it is not one.
            case .failure(let error) where error.code == .tooLarge: answers[index] = HTTPResponse(status: 413)
            case .failure(let error): failure = failure ?? error
            }
        }
        if let failure {
            throw StepError(
                .unreachable, "an earlier handoff cannot be loaded: \(failure.message)",
                hint: "nothing was changed; run the job again")
        }
        return answers.compactMap(\.self)
    }

    private func refused(_ status: Int) -> StepError {
        StepError(.unreachable, "an earlier handoff cannot be loaded: status \(status)", hint: hint)
    }
}
