import HTTP
import RotationFixtures
import Steps
import Synchronization

/// A transport on which the requests for one path fail, and no others.
final class TroubledTransport: HTTPTransport {
    private let transport: FakeTransport
    private let path: String
    private let result: Result<HTTPResponse, TransportError>

    init(_ simulation: Simulation, _ path: String, _ result: Result<HTTPResponse, TransportError>) {
        transport = FakeTransport(simulation)
        self.path = path
        self.result = result
    }

    func send(_ requests: [HTTPRequest], each: (Int, Result<HTTPResponse, TransportError>) -> Void) {
        transport.send(requests) { index, answer in
            each(index, requests[index].url.description.contains(path) ? result : answer)
        }
    }
}
