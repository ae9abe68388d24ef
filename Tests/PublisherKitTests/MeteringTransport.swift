import Glibc
import HTTP
import Synchronization

/// Answers 204 and knows how many requests were under way at the same time.
final class MeteringTransport: HTTPTransport {
    private let counts = Mutex((now: 0, highest: 0))

    var highest: Int { counts.withLock(\.highest) }

    func send(_ requests: [HTTPRequest], each: (Int, Result<HTTPResponse, TransportError>) -> Void) {
        counts.withLock {
            $0.now += requests.count
            $0.highest = max($0.highest, $0.now)
        }
        // Long enough for others to come too, if they are let in.
        usleep(20_000)
        counts.withLock { $0.now -= requests.count }
        for index in requests.indices { each(index, .success(HTTPResponse(status: 204))) }
    }
}
