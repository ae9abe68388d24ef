import HTTP

/// The environment variable that names the proxy of an address, found as libcurl finds it
/// (https://everything.curl.dev/usingcurl/proxies/env.html): libcurl 8.7 is the first that tells whether it took one.
struct ProxyVariable: Sendable, CustomStringConvertible {
    let name: String

    /// `nil` if the address is asked without a proxy, or if that cannot be told for certain.
    init?(for url: HTTPURL, in environment: [String: String]) {
        func first(_ names: [String]) -> String? { names.first { environment[$0]?.isEmpty == false } }
        // Whoever writes CGI decides what HTTP_PROXY holds: it does not count.
        let own = url.description.hasPrefix("https://") ? ["https_proxy", "HTTPS_PROXY"] : ["http_proxy"]
        guard !url.isNear, let name = first(own + ["all_proxy", "ALL_PROXY"]) else { return nil }
        let exceptions = first(["no_proxy", "NO_PROXY"]).flatMap { environment[$0] } ?? ""
        guard !Self.excepts(url.host, exceptions) else { return nil }
        self.name = name
    }

    /// What follows the name of a server that was asked.
    var description: String { " through the proxy that \(name) names" }

    private static func excepts(_ host: String, _ list: String) -> Bool {
        let host = host.lowercased()
        let isNumeric = host.contains(":") || host.allSatisfy { $0.isNumber || $0 == "." }
        return list.lowercased().split { $0 == "," || $0 == " " }.contains { entry in
            // A range of addresses may hold it.
            if entry == "*" || isNumeric && entry.contains("/") { return true }
            let name = entry.hasPrefix(".") ? entry.dropFirst() : entry
            return host == name || host.hasSuffix(".\(name)")
        }
    }
}
