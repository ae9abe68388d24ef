import FoundationEssentials
package import HTTP
import Synchronization

/// Sends requests with libcurl. Connections are kept from one batch to the next.
///
/// Idempotent requests are tried again under `HTTPPolicy`; others are sent once, on a connection of their own.
/// Threads may share a transport; each batch runs on its caller's thread, and `each` may send another one.
package final class CurlTransport: HTTPTransport {
    private let settings: TransferSettings
    // A batch takes one out and puts it back, so that as many are made as batches ran at the same time.
    private let idle = Mutex<[SharedMulti]>([])

    /// `userAgent` is `ork/<version>`. `environment` may name a file of certificate authorities in `CURL_CA_BUNDLE` or
    /// `SSL_CERT_FILE`, as curl(1) reads them; libcurl itself reads the proxy variables of the process. `tls` is for a
    /// transport that talks to one server.
    package init(
        policy: HTTPPolicy = HTTPPolicy(), userAgent: String = "ork",
        environment: [String: String] = ProcessInfo.processInfo.environment, tls: TLSSettings = TLSSettings()
    ) {
        let authorities = ["CURL_CA_BUNDLE", "SSL_CERT_FILE"].compactMap { environment[$0] }.first { !$0.isEmpty }
        settings = TransferSettings(policy: policy, userAgent: userAgent, authorities: authorities, tls: tls)
    }

    package func send(_ requests: [HTTPRequest], each: (Int, Result<HTTPResponse, TransportError>) -> Void) {
        guard let shared = idle.withLock({ $0.popLast() }) ?? SharedMulti() else {
            for index in requests.indices { each(index, .failure(.noMemory)) }
            return
        }
        Batch(requests, settings).run(on: shared.multi, each: each)
        idle.withLock { $0.append(shared) }
    }
}

/// A multi handle in a box, because an array cannot hold what has one owner.
private final class SharedMulti: Sendable {
    let multi: CurlMulti

    init?() {
        guard let multi = CurlMulti() else { return nil }
        self.multi = multi
    }
}
