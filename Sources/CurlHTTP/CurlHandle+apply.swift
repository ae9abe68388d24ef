import CCurl
import HTTP
import Secrets

extension CurlHandle {
    /// What holds for every request.
    mutating func apply(_ settings: TransferSettings, within rest: Duration) {
        let policy = settings.policy
        // To libcurl, 0 is no limit at all.
        set(CURLOPT_TIMEOUT_MS, max(1, min(policy.tryTimeout, rest).milliseconds))
        set(CURLOPT_CONNECTTIMEOUT_MS, max(1, min(policy.connectTimeout, rest).milliseconds))
        // No signals in a process with threads, and no waiting for a resolver that is over its time.
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_QUICK_EXIT, 1)
        set(CURLOPT_FOLLOWLOCATION, 0)
        set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
        set(CURLOPT_PATH_AS_IS, 1)
        // A connection then carries one exchange at a time, and nothing is sent again after HTTP/2's REFUSED_STREAM.
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        set(CURLOPT_PROXY_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        if let authorities = settings.authorities {
            set(CURLOPT_CAINFO, authorities)
            set(CURLOPT_PROXY_CAINFO, authorities)
        }
        if let authorities = settings.tls.authorities {
            // The folder of the system's authorities would stand beside them.
            clear(CURLOPT_CAPATH)
            set(CURLOPT_CAINFO_BLOB, blob: Secret(authorities))
        }
        if let client = settings.tls.client {
            set(CURLOPT_SSLCERT_BLOB, blob: Secret(client.certificate))
            set(CURLOPT_SSLKEY_BLOB, blob: client.key)
        }
        set(CURLOPT_USERAGENT, settings.userAgent)
    }

    /// What holds for this one. It must be valid.
    mutating func apply(_ request: HTTPRequest, serverName: String?) {
        if let serverName {
            // libcurl has no other way to expect a name that is not the address's.
            let (address, authority) = request.url.renamed(serverName)
            set(CURLOPT_URL, address)
            set(connectTo: authority)
        } else {
            set(CURLOPT_URL, request.url.description)
        }
        set(CURLOPT_PROTOCOLS_STR, request.url.isNear ? "https,http" : "https")
        // A proxy elsewhere would see in plain text what is meant for this machine.
        if request.url.isNear { set(CURLOPT_PROXY, "") }
        if !request.isIdempotent || request.wantsFreshConnection {
            // libcurl sends a request again, a POST too, when a reused connection ends before the answer.
            set(CURLOPT_FRESH_CONNECT, 1)
            set(CURLOPT_FORBID_REUSE, 1)
        }
        switch request.authorization {
        // libcurl gives it to this host only, never to a proxy, and keeps it out of the fields that we set.
        case .bearer(let secret): set(bearer: secret)
        case .field(let name, let secret): add(field: name, secret)
        case .awsSignature(let key):
            set(CURLOPT_AWS_SIGV4, "aws:amz:\(key.region):\(key.service)")
            set(CURLOPT_USERNAME, key.accessKeyID)
            set(CURLOPT_PASSWORD, key.secretAccessKey)
            if let token = key.sessionToken { add(field: "X-Amz-Security-Token", token) }
        case nil: break
        }
        set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        if let body = request.body {
            set(body: body)
        } else if request.method != .get, request.method != .delete {
            set(body: [])
        }
        // libcurl signs what is suppressed, too. It expects an interim response for a megabyte and more only.
        if case .awsSignature = request.authorization {} else { add(header: "Expect:") }
        if request.body == nil {
            add(header: "Content-Type:")
        } else if !request.has("content-type") {
            add(header: "Content-Type: application/json")
        }
        if !request.has("accept") { add(header: "Accept: application/json") }
        for (name, value) in request.headers { add(header: value.isEmpty ? "\(name);" : "\(name): \(value)") }
    }
}

extension HTTPRequest {
    fileprivate func has(_ header: String) -> Bool {
        headers.contains { $0.name.lowercased() == header }
    }
}

extension HTTPURL {
    /// The address with another host in it, and the `HOST:PORT` that it had.
    func renamed(_ host: String) -> (address: String, authority: String) {
        let scheme = description.hasPrefix("https://") ? "https://" : "http://"
        let rest = description.dropFirst(scheme.count)
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let end = authority.lastIndex(of: "]").map { authority.index(after: $0) }
        let colon = end ?? authority.firstIndex(of: ":") ?? authority.endIndex
        let port = authority[colon...].dropFirst()
        let number = port.isEmpty ? (scheme == "https://" ? "443" : "80") : String(port)
        return ("\(scheme)\(host):\(number)\(rest.dropFirst(authority.count))", "\(authority[..<colon]):\(number)")
    }
}
