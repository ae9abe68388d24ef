import FlyingFox
import FlyingSocks
import FoundationEssentials
import Glibc
import HTTP
import Secrets

/// Serves on 127.0.0.1 until the process ends; `listening` gets the address of the server's root.
func serve(
    _ service: Service, port: UInt16, latency: Duration, listening: (String) -> Void
) async throws {
    let address = try sockaddr_in.inet(ip4: "127.0.0.1", port: port)
    let server = HTTPServer(
        address: address, timeout: 60 + TimeInterval(latency.components.seconds),
        pool: PromptPool(base: HTTPServer.defaultPool()), logger: .disabled,
        handler: ClosureHTTPHandler { request in
            if latency > .zero { try await Task.sleep(for: latency) }
            return try await answer(request, service)
        })
    let serving = Task { try await server.run() }
    try await server.waitUntilListening()
    guard case .ip4(_, let port)? = await server.listeningAddress else { throw SocketError.unsupportedAddress }
    listening("http://127.0.0.1:\(port)")
    try await serving.value
}

private func answer(_ request: FlyingFox.HTTPRequest, _ service: Service) async throws -> FlyingFox.HTTPResponse {
    guard let method = HTTP.HTTPRequest.Method(rawValue: request.method.rawValue) else {
        return FlyingFox.HTTPResponse(statusCode: .methodNotAllowed)
    }
    let target = localTarget(request.target.rawValue, host: request.headers[.host])
    guard let url = try? HTTPURL("http://127.0.0.1" + target) else {
        return FlyingFox.HTTPResponse(statusCode: .badRequest)
    }
    let authorization = request.headers[.authorization] ?? ""
    let bearer = authorization.hasPrefix("Bearer ") ? Secret(String(authorization.dropFirst(7))) : nil
    let fields = request.headers.map { (name: $0.key.rawValue.lowercased(), value: $0.value) }
    let body = try await request.bodyData
    let response = try await service.answer(
        HTTP.HTTPRequest(method, url, headers: fields, bearer: bearer, body: body.isEmpty ? nil : Array(body)))
    var headers = HTTPHeaders()
    for (name, value) in response.headers { headers[HTTPHeader(name)] = value }
    return FlyingFox.HTTPResponse(
        statusCode: HTTPStatusCode(response.status, phrase: ""), headers: headers, body: Data(response.body))
}
