import CCurl
import FoundationEssentials
import HTTP

/// One multi handle: the transfers under way, and the connections that are kept for the next ones.
///
/// It may move between threads, but only one of them uses it at a time.
@safe
struct CurlMulti: ~Copyable, @unchecked Sendable {
    private let pointer: UnsafeMutableRawPointer

    /// `nil` without memory.
    init?() {
        guard let pointer = unsafe curl_multi_init() else { return nil }
        unsafe self.pointer = pointer
    }

    deinit { unsafe _ = curl_multi_cleanup(pointer) }

    /// Whether the transfer could be added.
    func add(_ transfer: Transfer) -> Bool {
        unsafe curl_multi_add_handle(pointer, transfer.handle.pointer) == CURLM_OK
    }

    func remove(_ transfer: Transfer) {
        unsafe _ = curl_multi_remove_handle(pointer, transfer.handle.pointer)
    }

    /// Does what can be done without waiting; `false` if libcurl can do no more.
    func perform() -> Bool {
        var running: Int32 = 0
        return unsafe curl_multi_perform(pointer, &running) == CURLM_OK
    }

    /// Waits until a transfer can go on, or for `milliseconds`.
    func wait(milliseconds: Int32) {
        unsafe _ = curl_multi_poll(pointer, nil, 0, milliseconds, nil)
    }

    /// The next finished transfer of those given, and how it ended.
    func finished(of transfers: [Transfer]) -> (Transfer, CURLcode)? {
        var left: Int32 = 0
        while let message = unsafe curl_multi_info_read(pointer, &left) {
            guard unsafe message.pointee.msg == CURLMSG_DONE else { continue }
            let handle = unsafe message.pointee.easy_handle
            let result = unsafe ork_curl_message_result(message)
            if let transfer = transfers.first(where: { unsafe $0.handle.pointer == handle }) {
                return (transfer, result)
            }
        }
        return nil
    }
}

/// What all transfers of a transport have in common.
struct TransferSettings: Sendable {
    var policy: HTTPPolicy
    let userAgent: String
    /// The path of a file of certificate authorities; the system's without one.
    let authorities: String?
    let tls: TLSSettings
}

/// One try on its way: an easy handle and what it has received.
final class Transfer {
    let attempt: Try
    let start = ContinuousClock.now
    private(set) var handle: CurlHandle
    private let url: HTTPURL
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
        url = request.url
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

    private var host: String { url.host }

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
        guard code == CURLE_OK else { return .failure(failure(code)) }
        // To libcurl, a connection that ends within the head is a response without a body.
        guard hasWholeHead else {
            return .failure(.ended(CURLE_PARTIAL_FILE, host: host, via: nil, hasBegun: true, mayHaveArrived: true))
        }
        return .success(HTTPResponse(received: handle.status, headers: handle.responseHeaders, body: body))
    }

    private func failure(_ code: CURLcode) -> TransportError {
        // libcurl reads the variables of the process.
        let proxy = ProxyVariable(for: url, in: ProcessInfo.processInfo.environment)
        let certificate = TransportError.certificate(
            code, host: host, via: proxy, hasOwnAuthorities: hasOwnAuthorities, mayHaveArrived: mayHaveArrived)
        if let certificate { return certificate }
        // A proxy that answered, and made no way to the server.
        if !hasBegun, let proxy, handle.tunnelStatus >= 300 {
            return .refused(by: proxy, handle.tunnelStatus, host: host, mayHaveArrived: mayHaveArrived)
        }
        return .ended(code, host: host, via: proxy, hasBegun: hasBegun, mayHaveArrived: mayHaveArrived)
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

extension HTTPResponse {
    /// Reads the fields that hold dates; a date to come back at counts by the sender's own clock where it tells it.
    init(received status: Int, headers: [(name: String, value: String)], body: [UInt8]) {
        self.init(status: status, headers: headers, body: body)
        date = self[header: "date"].flatMap(Date.init(http:))
        if retryAfter == nil, let moment = self[header: "retry-after"].flatMap(Date.init(http:)) {
            retryAfter = .seconds(max(0, moment.timeIntervalSince(date ?? Date())))
        }
    }
}

extension Date {
    /// Reads an HTTP-date in any of the three forms of RFC 9110 §5.6.7.
    init?(http text: String) {
        let seconds = unsafe curl_getdate(text, nil)
        guard seconds >= 0 else { return nil }
        self.init(timeIntervalSince1970: Double(seconds))
    }
}
