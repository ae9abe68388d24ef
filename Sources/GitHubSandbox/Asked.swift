import HTTP
import SandboxWire
import Secrets

/// A request as GitHub reads it.
struct Asked {
    let request: HTTPRequest
    /// Path and query below the root.
    let target: RequestTarget
    /// The address of the root as the client knows it, for the addresses in answers.
    let base: String
    /// The `X-GitHub-Api-Version`.
    let version: String?
    /// The token, `Bearer X` or `token X`.
    let bearer: Secret?
    /// Whose allowance it uses.
    var account = "anonymous"
    var token: Token?
    var operation: Operation?

    init(_ request: HTTPRequest) {
        self.request = request
        target = RequestTarget(request, dropping: 1)
        version = request[header: "x-github-api-version"]
        let authority = request.url.description.dropFirst("http://".count).prefix { $0 != "/" && $0 != "?" }
        let host = request[header: "host"] ?? String(authority)
        // gh asks this host of the root itself.
        base = host == GitHubSandbox.host ? "http://" + host : "http://" + host + "/github"
        if let bearer = request.bearer {
            self.bearer = bearer
        } else {
            let words = (request[header: "authorization"] ?? "").split(separator: " ", maxSplits: 1)
            let isKnown = words.count == 2 && ["bearer", "token"].contains(words[0].lowercased())
            bearer = isKnown ? Secret(String(words[1])) : nil
        }
    }

    /// Path, still encoded, and query behind `/github/repos/OWNER/NAME`.
    var behindRepository: String {
        let rest = target.path.split(separator: "/").dropFirst(4).map { "/" + $0 }.joined()
        return rest + String(request.url.description.drop { $0 != "?" })
    }

    /// The page asked for and its size, which cannot exceed `limit`.
    func page(size: Int, limit: Int) -> (number: Int, size: Int) {
        let asked = target.value("per_page").flatMap(Int.init) ?? size
        return (max(1, target.value("page").flatMap(Int.init) ?? 1), asked < 1 ? size : min(asked, limit))
    }
}

extension HTTPRequest {
    /// The first field of this name, which is given in lower case.
    subscript(header name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }
}
