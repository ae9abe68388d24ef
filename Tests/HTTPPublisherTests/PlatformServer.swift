import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import Synchronization
import TestSupport

@testable import ork_publisher_http

/// All services of the presets over a socket, each below its preset's name.
final class PlatformServer: Sendable {
    private let server: LoopbackServer
    private let state: State

    private final class State: Sendable {
        let platforms: Mutex<[Kind: Platform]>

        init(_ platforms: [Kind: Platform]) { self.platforms = Mutex(platforms) }
    }

    init(holding secret: Secret?) throws {
        var platforms: [Kind: Platform] = [:]
        for kind in Kind.allCases {
            var platform = Platform(kind)
            platform.set("NEIGHBOUR", "stays", at: .now)
            if let secret { platform.set("OPENROUTER_API_KEY", SampleKeys.text(secret), at: .now) }
            platforms[kind] = platform
        }
        let state = State(platforms)
        self.state = state
        server = try LoopbackServer { request, connection in
            let response = state.platforms.withLock { Self.answer(request.message, &$0) }
            connection.respond(
                response?.status ?? 404, headers: response?.headers.map { ($0.name, $0.value) } ?? [],
                body: String(decoding: response?.body ?? [], as: UTF8.self))
        }
    }

    var root: String { "http://127.0.0.1:\(server.port)" }

    /// What everybody's token is.
    var token: String { Platform(.render).token }

    /// The bodies that write, in the order in which they came.
    func bodies(_ kind: Kind, _ method: String) -> [JSONValue] {
        server.requests.map(\.message).filter { $0.method == method && $0.target.hasPrefix("/\(kind.rawValue)/") }
            .compactMap { try? JSONValue(parsing: $0.body) }.filter { $0["query"]?.string?.hasPrefix("query") != true }
            .filter { $0 != [:] }
    }

    func platform<Value: Sendable>(_ kind: Kind, _ body: @Sendable (inout Platform) -> Value) -> Value? {
        state.platforms.withLock { platforms in
            guard var platform = platforms[kind] else { return nil }
            defer { platforms[kind] = platform }
            return body(&platform)
        }
    }

    /// The settings of a target here.
    func with(_ kind: Kind) -> JSONObject {
        var with = kind.with
        let url = Preset.all.first { $0.name == kind.rawValue }?.description["url"]?.string ?? ""
        let path = url.dropFirst("https://".count).drop { $0 != "/" }
        with["url"] = .string("\(root)/\(kind.rawValue)\(path)")
        return with
    }

    /// The variables of a publisher that writes to all of them.
    var environment: [String: String] {
        Dictionary(Kind.allCases.map { ($0.traits.variable, token) }) { first, _ in first }
    }

    private static func answer(_ message: WireMessage, _ platforms: inout [Kind: Platform]) -> HTTPResponse? {
        let parts = message.target.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: true)
        // What stands in for a host is the first segment.
        let host = parts.first == "convex" ? "happy-otter-1.convex.cloud" : "service.example"
        guard let kind = parts.first.flatMap({ Kind(rawValue: String($0)) }),
            let method = HTTPRequest.Method(rawValue: message.method),
            let url = try? HTTPURL("https://\(host)/\(parts.dropFirst().first ?? "")")
        else { return nil }
        let words = (message[header: "authorization"] ?? "").split(separator: " ").map(String.init)
        var authorization = words.count == 2 ? HTTPAuthorization.scheme(words[0], Secret(words[1])) : nil
        if words.first == "Bearer", words.count == 2 { authorization = .bearer(Secret(words[1])) }
        // Heroku's older clients send the token as a password.
        if kind == .heroku, words.first == "Basic", let pair = words.last.flatMap({ Data(base64Encoded: $0) }) {
            authorization = .bearer(Secret(pair.drop { $0 != UInt8(ascii: ":") }.dropFirst()))
        }
        let headers = message[header: "range"].map { [(name: "Range", value: $0)] } ?? []
        let request = HTTPRequest(
            method, url, headers: headers, authorization: authorization,
            body: message.body.isEmpty ? nil : message.body)
        return platforms[kind]?.answer(request, at: .now)
    }
}
