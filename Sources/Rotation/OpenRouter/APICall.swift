package import FoundationEssentials
package import HTTP
import JSON
import Secrets

/// A typed request: what to send and how to read its answer.
package struct APICall<Answer: Sendable>: Sendable {
    package let request: HTTPRequest
    let read: @Sendable (HTTPResponse) throws(OpenRouterError) -> Answer

    func answer(
        _ result: Result<HTTPResponse, TransportError>
    ) -> Result<Dated<Answer>, OpenRouterError> {
        switch result {
        case .failure(let error): return .failure(OpenRouterError(error))
        case .success(let response):
            do throws(OpenRouterError) {
                return .success(Dated(value: try read(response), date: response.date))
            } catch {
                return .failure(error)
            }
        }
    }
}

/// An answer and the provider's clock when it was given.
package struct Dated<Value: Sendable>: Sendable {
    package let value: Value
    /// `nil` if the provider did not say.
    package let date: Date?

    package init(value: Value, date: Date?) {
        self.value = value
        self.date = date
    }
}

extension Dated: Equatable where Value: Equatable {}

extension APICall {
    /// The same call with its answer turned into something else, so that unlike calls can share one batch.
    package func map<Other: Sendable>(_ transform: @escaping @Sendable (Answer) -> Other) -> APICall<Other> {
        let read = self.read
        return APICall<Other>(request: request) { response throws(OpenRouterError) in transform(try read(response)) }
    }
}

/// Where calls go and whose key they carry.
struct Endpoint: Sendable {
    let baseURL: HTTPURL
    let key: Secret
    let audience: OpenRouterError.Audience

    /// `missing` is the answer that a 404 stands for; without it a 404 is an error.
    func call<Answer: Sendable>(
        _ method: HTTPRequest.Method, _ path: String, query: [(String, String)] = [], body: JSONValue? = nil,
        accepted: Set<Int> = [200], missing: Answer? = nil, isIdempotent: Bool? = nil, fresh: Bool = false,
        read: @escaping @Sendable (AnswerFields) throws(OpenRouterError) -> Answer
    ) -> APICall<Answer> {
        let isIdempotent = isIdempotent ?? (method != .post)
        var headers = [(name: "accept", value: "application/json")]
        if body != nil { headers.append((name: "content-type", value: "application/json")) }
        let request = HTTPRequest(
            method, baseURL.appending(path, query: query), headers: headers, bearer: key, body: body?.bytes(),
            isIdempotent: isIdempotent, wantsFreshConnection: fresh || !isIdempotent)
        let audience = audience
        return APICall(request: request) { response throws(OpenRouterError) in
            if response.status == 404, let missing { return missing }
            guard accepted.contains(response.status) else { throw OpenRouterError(response, to: request, audience) }
            return try read(AnswerFields(response))
        }
    }
}

extension [AnswerFields] {
    /// The rows, or the error of the first that cannot be read.
    func read<Row>(_ row: (AnswerFields) throws(OpenRouterError) -> Row) throws(OpenRouterError) -> [Row] {
        var rows: [Row] = []
        for fields in self { rows.append(try row(fields)) }
        return rows
    }
}
