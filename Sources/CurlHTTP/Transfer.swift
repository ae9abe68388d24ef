import CCurl
import HTTP

/// What all transfers of a transport have in common.
struct TransferSettings: Sendable {
    let policy: HTTPPolicy
    let userAgent: String
    /// The path of a file of certificate authorities; the system's without one.
    let authorities: String?
    let tls: TLSSettings
}

/// One try on its way: an easy handle and what it has received.
final class Transfer {
    let attempt: Try
    private(set) var handle: CurlHandle
    private let host: String
    private let bodyLimit: Int
    private let hasOwnAuthorities: Bool
    private var body: [UInt8] = []
    private var isTooLarge = false
    private var hasBegun = false
    private var hasWholeHead = false

    /// Prepares to send `request` in what is left of the batch's time.
    init(
        _ request: HTTPRequest, _ attempt: Try, _ settings: TransferSettings, within rest: Duration
    ) throws(TransportError) {
        try request.validate()
        guard let handle = CurlHandle() else { throw .noMemory }
        self.handle = handle
        self.attempt = attempt
        host = request.url.host
        bodyLimit = settings.policy.bodyLimit
        hasOwnAuthorities = settings.tls.authorities != nil
        self.handle.apply(settings, within: min(rest, request.timeout ?? rest))
        self.handle.apply(request, serverName: settings.tls.serverName)
        // libcurl uses the address only while the transfer runs, and the batch holds the transfer for that time.
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe self.handle.set(receiver: Self.receive, context: context)
        unsafe self.handle.set(headReceiver: Self.receiveHead, context: context)
        unsafe self.handle.set(prerequest: Self.begin, context: context)
        if let failure = self.handle.failure { throw .refused(failure, host: host) }
    }

    /// Whether the server may have seen this try or one before it. Certain, because libcurl tells when the connection
    /// stands and no byte of the request has been sent yet.
    var mayHaveArrived: Bool { hasBegun || attempt.mayHaveArrived }

    /// What a finished transfer brought.
    func result(_ code: CURLcode) -> Result<HTTPResponse, TransportError> {
        if isTooLarge {
            return .failure(
                TransportError(
                    .tooLarge, "the answer of \(host) is larger than \(bodyLimit) bytes", mayHaveArrived: true))
        }
        guard code == CURLE_OK else {
            return .failure(
                .certificate(code, host: host, hasOwnAuthorities: hasOwnAuthorities, mayHaveArrived: mayHaveArrived)
                    ?? .ended(code, host: host, hasBegun: hasBegun, mayHaveArrived: mayHaveArrived))
        }
        // To libcurl, a connection that ends within the head is a response without a body.
        guard hasWholeHead else {
            return .failure(.ended(CURLE_PARTIAL_FILE, host: host, hasBegun: true, mayHaveArrived: true))
        }
        return .success(HTTPResponse(received: handle.status, headers: handle.responseHeaders, body: body))
    }

    // Taking fewer bytes than offered ends the transfer.
    private static let receive: curl_write_callback = { bytes, size, count, context in
        guard let bytes = unsafe bytes, let context = unsafe context else { return 0 }
        let transfer = unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
        let length = size * count
        guard length <= transfer.bodyLimit - transfer.body.count else {
            transfer.isTooLarge = true
            return 0
        }
        unsafe transfer.body.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: length))
        return length
    }

    // Gets one whole line at a time, those of interim responses and of a proxy too.
    private static let receiveHead: curl_write_callback = { bytes, size, count, context in
        guard let bytes = unsafe bytes, let context = unsafe context else { return 0 }
        let transfer = unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
        let line = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
        if unsafe line.elementsEqual("\r\n".utf8) || line.elementsEqual("\n".utf8) { transfer.hasWholeHead = true }
        if unsafe line.starts(with: "HTTP/".utf8) { transfer.hasWholeHead = false }
        return size * count
    }

    private static let begin: curl_prereq_callback = { context, _, _, _, _ in
        guard let context = unsafe context else { return CURL_PREREQFUNC_ABORT }
        unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().hasBegun = true
        return CURL_PREREQFUNC_OK
    }
}
