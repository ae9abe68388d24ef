import CCurl
import Glibc
import Secrets

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

    /// Adds a field that holds a credential.
    mutating func add(field name: String, _ value: Secret) {
        unsafe Self.lend(value, after: name + ": ") { line in unsafe add(line: line) }
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
