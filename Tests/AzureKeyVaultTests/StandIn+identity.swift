import FoundationEssentials
import HTTP
import JSON
import SandboxWire
import Secrets

extension StandIn {
    /// The metadata service of a machine at its one address, and elsewhere what an app has in its place.
    mutating func identityToken(_ request: HTTPRequest, _ target: RequestTarget, at now: Date) -> HTTPResponse {
        let isMachine = request.url.host == "169.254.169.254"
        let header = request.field("X-IDENTITY-HEADER")
        let wanted = target.value("resource") ?? ""
        let client = target.value("client_id")
        identityRequests.append(
            "\(request.method.rawValue) \(target.path) \(target.value("api-version") ?? "") \(wanted) \(client ?? "")"
                + " \(request.field("Metadata") ?? "") \(header ?? "")")
        func refusal(_ status: Int, _ code: String, _ words: String) -> HTTPResponse {
            let body: JSONValue =
                isMachine
                ? ["error": .string(code), "error_description": .string(words)]
                : ["statusCode": .number(JSONNumber(status)), "message": .string(words)]
            return HTTPResponse(status, body, at: now)
        }
        let path = isMachine ? "/metadata/identity/oauth2/token" : "/msi/token"
        guard request.method == .get, target.path == path else { return refusal(404, "not_found", "Not found") }
        if isMachine, request.field("Metadata") != "true" {
            return refusal(400, "bad_request_102", "Required metadata header not specified")
        }
        guard isMachine || header == identityHeader else { return refusal(401, "", "no such header") }
        guard target.value("api-version") == (isMachine ? "2018-02-01" : "2019-08-01") else {
            return refusal(400, "bad_request", "no such version")
        }
        guard client == nil ? hasIdentity : client == assigned else {
            return refusal(400, "invalid_request", "Identity not found")
        }
        let token = "azure_token_\(number())_0123456789abcdef"
        tokens[token] = (now.addingTimeInterval(Double(lifetime)), "\(wanted)/.default")
        var answer: JSONObject = [
            "access_token": .string(token), "resource": .string(wanted), "token_type": "Bearer",
            "expires_on": .string("\(Int(now.timeIntervalSince1970) + lifetime)"),
            "client_id": .string(client ?? clientID),
        ]
        if isMachine { answer["expires_in"] = .string("\(lifetime)") }
        return HTTPResponse(200, .object(answer), at: now)
    }
}

extension HTTPRequest {
    /// A field, wherever the request keeps it.
    fileprivate func field(_ name: String) -> String? {
        if case .field(name, let secret)? = authorization { return secret.revealed() }
        return headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}
