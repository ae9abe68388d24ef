import CCurl

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
