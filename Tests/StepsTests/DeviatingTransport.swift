import FoundationEssentials
import HTTP
import JSON
import OpenRouter
import OpenRouterSandbox
import PublisherKit
import Rotation
import RotationFixtures
import Secrets
import Sodium
import Steps
import Synchronization
import Timestamps

/// A transport whose OpenRouter answers a POST with a key that is reset weekly, whatever was asked for.
final class DeviatingTransport: HTTPTransport {
    private let transport: FakeTransport

    init(_ simulation: Simulation) { transport = FakeTransport(simulation) }

    func send(_ requests: [HTTPRequest], each: (Int, Result<HTTPResponse, TransportError>) -> Void) {
        transport.send(requests) { index, result in
            guard requests[index].method == .post, case .success(var response) = result,
                var body = (try? JSONValue(parsing: response.body))?.object, var data = body["data"]?.object
            else { return each(index, result) }
            data["limit_reset"] = "weekly"
            body["data"] = .object(data)
            response.body = JSONValue.object(body).bytes()
            each(index, .success(response))
        }
    }
}
