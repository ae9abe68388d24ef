import HTTP
import JSON
import Secrets

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
