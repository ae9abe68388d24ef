import GitHubSandbox

/// The path and query that a request asks for here. A proxy's client sends the whole address (RFC 9112 §3.2.2), and gh
/// takes the API for the root of its host.
func localTarget(_ target: String, host: String?) -> String {
    guard target.hasPrefix("http://") else { return host == GitHubSandbox.host ? "/github" + target : target }
    let rest = target.dropFirst("http://".count)
    let authority = rest.prefix { $0 != "/" && $0 != "?" }
    return localTarget(rest.dropFirst(authority.count).description, host: String(authority))
}
