import FoundationEssentials
package import HTTP
import Synchronization

/// Sends requests with libcurl. Connections are kept from one batch to the next.
///
/// Idempotent requests are tried again under `HTTPPolicy`; others are sent once, on a connection of their own.
/// Threads may share a transport; each batch runs on its caller's thread, and `each` may send another one.
package final class CurlTransport: HTTPTransport {
    private let settings: TransferSettings
    // A batch takes it out and puts it back, so that a second one at the same time has its own instead of waiting.
    private let idle = Mutex<CurlMulti?>(nil)

    /// `userAgent` is `ork/<version>`. `environment` may name a file of certificate authorities in `CURL_CA_BUNDLE` or
    /// `SSL_CERT_FILE`, as curl(1) reads them; libcurl itself reads the proxy variables of the process.
    package init(
        policy: HTTPPolicy = HTTPPolicy(), userAgent: String = "ork",
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) {
        let authorities = ["CURL_CA_BUNDLE", "SSL_CERT_FILE"].compactMap { environment[$0] }.first { !$0.isEmpty }
        settings = TransferSettings(policy: policy, userAgent: userAgent, authorities: authorities)
    }

    package func send(_ requests: [HTTPRequest], each: (Int, Result<HTTPResponse, TransportError>) -> Void) {
        let kept = idle.withLock { $0.take() }
        guard let multi = kept ?? CurlMulti() else {
            for index in requests.indices { each(index, .failure(.noMemory)) }
            return
        }
        Batch(requests, settings).run(on: multi, each: each)
        var returned: CurlMulti? = multi
        idle.withLock { $0 = returned.take() }
    }
}
