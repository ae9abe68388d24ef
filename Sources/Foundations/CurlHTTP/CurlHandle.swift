import CCurl
import Glibc
import HTTP
package import Secrets

/// One easy handle and the memory that libcurl borrows from it. An option that libcurl does not accept is remembered
/// in `failure`, so that options can be set one after the other and looked at once.
@safe
struct CurlHandle: ~Copyable {
    let pointer: UnsafeMutableRawPointer
    private(set) var failure: CURLcode?
    private var headers: UnsafeMutablePointer<curl_slist>?
    private var connectTo: UnsafeMutablePointer<curl_slist>?
    private var body: UnsafeMutableRawBufferPointer?
    private var blobs: [UnsafeMutableRawBufferPointer] = unsafe []

    /// `nil` without memory.
    init?() {
        guard Self.isReady, let pointer = unsafe curl_easy_init() else { return nil }
        unsafe self.pointer = pointer
    }

    // libcurl 7.84 and newer initialise themselves safely from any thread; Swift does it once.
    private static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    deinit {
        unsafe curl_easy_cleanup(pointer)
        // The list's copies may hold credentials.
        var field = unsafe headers
        while let next = unsafe field {
            if let line = unsafe next.pointee.data { unsafe explicit_bzero(line, strlen(line)) }
            unsafe field = next.pointee.next
        }
        unsafe curl_slist_free_all(headers)
        unsafe curl_slist_free_all(connectTo)
        if let body = unsafe body { unsafe Self.wipe(body) }
        unsafe blobs.forEach { unsafe Self.wipe($0) }
    }

    private static func wipe(_ copy: UnsafeMutableRawBufferPointer) {
        if let base = copy.baseAddress { unsafe explicit_bzero(base, copy.count) }
        unsafe copy.deallocate()
    }

    mutating func set(_ option: CURLoption, _ value: Int) {
        note(unsafe ork_curl_set_number(pointer, option, value))
    }

    mutating func set(_ option: CURLoption, _ value: String) {
        note(unsafe ork_curl_set_text(pointer, option, value))
    }

    mutating func set(bearer value: Secret) {
        unsafe Self.lend(value) { text in note(unsafe ork_curl_set_bearer(pointer, text)) }
    }

    mutating func set(_ option: CURLoption, _ value: Secret) {
        unsafe Self.lend(value) { text in note(unsafe ork_curl_set_text(pointer, option, text)) }
    }

    /// Adds a field that holds a credential, after this text.
    mutating func add(field name: String, after start: String = "", _ value: Secret) {
        unsafe Self.lend(value, after: name + ": " + start) { line in unsafe add(line: line) }
    }

    /// Lends `value` as C has texts, after `start`. The copy made here is wiped; libcurl's own is out of reach.
    private static func lend(_ value: Secret, after start: String = "", _ body: (UnsafePointer<CChar>) -> Void) {
        let length = start.utf8.count
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: length + value.count + 1, alignment: 1)
        defer { unsafe wipe(copy) }
        unsafe copy.copyBytes(from: start.utf8)
        value.withBytes { span in
            unsafe span.withUnsafeBytes { bytes in
                unsafe UnsafeMutableRawBufferPointer(rebasing: copy[length...]).copyMemory(from: bytes)
            }
        }
        unsafe copy[length + value.count] = 0
        guard let text = unsafe copy.assumingMemoryBound(to: CChar.self).baseAddress else { return }
        unsafe body(text)
    }

    /// Adds a line `Name: value`, `Name;` for an empty value or `Name:` to suppress one of libcurl's own.
    mutating func add(header line: String) { unsafe add(line: line) }

    private mutating func add(line: UnsafePointer<CChar>) {
        guard let longer = unsafe curl_slist_append(headers, line) else {
            note(CURLE_OUT_OF_MEMORY)
            return
        }
        unsafe headers = longer
        note(unsafe ork_curl_set_headers(pointer, headers))
    }

    /// Copies `bytes`; the copy is wiped with the handle.
    mutating func set(body bytes: [UInt8]) {
        // One byte more, so that an empty body has an address too.
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count + 1, alignment: 1)
        unsafe copy.copyBytes(from: bytes)
        unsafe body = copy
        guard let base = copy.baseAddress else { return }
        note(unsafe ork_curl_set_body(pointer, base, bytes.count))
    }

    /// Copies the content of a file; the copy is wiped with the handle.
    mutating func set(_ option: CURLoption, blob content: Secret) {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: content.count + 1, alignment: 1)
        content.withBytes { span in unsafe span.withUnsafeBytes { unsafe copy.copyMemory(from: $0) } }
        unsafe blobs.append(copy)
        guard let base = copy.baseAddress else { return }
        note(unsafe ork_curl_set_blob(pointer, option, base, content.count))
    }

    /// Takes away what libcurl has by itself.
    mutating func clear(_ option: CURLoption) { note(unsafe ork_curl_clear_text(pointer, option)) }

    /// Dials `HOST:PORT`, whatever the address says.
    mutating func set(connectTo authority: String) {
        guard let list = unsafe curl_slist_append(nil, "::" + authority) else {
            note(CURLE_OUT_OF_MEMORY)
            return
        }
        unsafe connectTo = list
        note(unsafe ork_curl_set_connect_to(pointer, list))
    }

    mutating func set(receiver: @escaping curl_write_callback, context: UnsafeMutableRawPointer) {
        note(unsafe ork_curl_set_receiver(pointer, receiver, context))
    }

    mutating func set(headReceiver: @escaping curl_write_callback, context: UnsafeMutableRawPointer) {
        note(unsafe ork_curl_set_head_receiver(pointer, headReceiver, context))
    }

    mutating func set(prerequest: @escaping curl_prereq_callback, context: UnsafeMutableRawPointer) {
        note(unsafe ork_curl_set_prerequest(pointer, prerequest, context))
    }

    /// The status of the response that has arrived.
    var status: Int { unsafe ork_curl_response_status(pointer) }

    /// The status with which a proxy answered when it was asked for a tunnel; 0 without one.
    var tunnelStatus: Int { unsafe ork_curl_tunnel_status(pointer) }

    /// The fields of the last response, without those of interim responses, of a proxy and of a trailer.
    var responseHeaders: [(name: String, value: String)] {
        var fields: [(name: String, value: String)] = []
        var field: UnsafeMutablePointer<curl_header>?
        while let next = unsafe curl_easy_nextheader(pointer, UInt32(CURLH_HEADER), -1, field) {
            fields.append(
                (
                    name: unsafe String(cString: next.pointee.name).lowercased(),
                    value: unsafe String(cString: next.pointee.value)
                ))
            unsafe field = next
        }
        return fields
    }

    private mutating func note(_ code: CURLcode) {
        if failure == nil, code != CURLE_OK { failure = code }
    }
}

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
        set(CURLOPT_PROTOCOLS_STR, request.url.isNear || request.url.allowsPlainHTTP ? "https,http" : "https")
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
        case .scheme(let name, let secret): add(field: "Authorization", after: name + " ", secret)
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

/// How TLS to one server differs from what the process has. Nothing of it touches a file.
package struct TLSSettings: Sendable {
    /// Who a client is.
    package struct Client: Sendable {
        /// Its certificate, and the chain behind it, in PEM.
        package var certificate: [UInt8]
        /// The key of the certificate in PEM.
        package var key: Secret

        package init(certificate: [UInt8], key: Secret) {
            self.certificate = certificate
            self.key = key
        }
    }

    /// The certificates of authorities in PEM. No other one is trusted then, and none of the system's.
    package var authorities: [UInt8]?
    package var client: Client?
    /// The name that the server's certificate must have, where it is not the host of the address.
    package var serverName: String?

    package init(authorities: [UInt8]? = nil, client: Client? = nil, serverName: String? = nil) {
        self.authorities = authorities
        self.client = client
        self.serverName = serverName
    }
}
