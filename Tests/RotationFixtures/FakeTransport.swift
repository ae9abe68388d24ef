import FoundationEssentials
package import HTTP
import JSON
import OpenRouter
import OpenRouterSandbox
import PublisherKit
import Rotation
import Secrets
import Sodium
import Steps
import Synchronization
import Timestamps

/// The line from one run of a step to the simulation. It counts exchanges (batches), a second each, and can fail.
package final class FakeTransport: HTTPTransport {
    package enum Fault: Sendable {
        /// The request never leaves.
        case drop
        /// The request has its effect and the answer is lost.
        case loseReply
        /// The server answers this status and does nothing.
        case status(Int)
    }

    private let simulation: Simulation
    private let faults: [Int: Fault]
    private let before: [Int: @Sendable () -> Void]
    private let seconds: Double
    private let seen = Mutex<[[HTTPRequest]]>([])

    /// `before` runs somebody else's hand directly before an exchange; exchanges count from 1.
    package init(
        _ simulation: Simulation, faults: [Int: Fault] = [:], before: [Int: @Sendable () -> Void] = [:],
        seconds: Double = 1
    ) {
        self.seconds = seconds
        self.simulation = simulation
        self.faults = faults
        self.before = before
    }

    /// The requests so far, by exchange.
    package var exchanges: [[HTTPRequest]] { seen.withLock { $0 } }

    package func send(_ requests: [HTTPRequest], each: (Int, Result<HTTPResponse, TransportError>) -> Void) {
        guard !requests.isEmpty else { return }
        let number = seen.withLock { seen in
            seen.append(requests)
            return seen.count
        }
        before[number]?()
        simulation.pass(seconds)
        for (index, request) in requests.enumerated() { each(index, answer(request, faults[number])) }
    }

    private func answer(_ request: HTTPRequest, _ fault: Fault?) -> Result<HTTPResponse, TransportError> {
        switch fault {
        case .drop: return .failure(TransportError(.unreachable, "connection refused", mayHaveArrived: false))
        case .status(let status): return .success(HTTPResponse(status: status, date: simulation.value.now))
        case .loseReply, nil: break
        }
        let response = simulation.with { simulated in
            request.url.host == "openrouter.ai"
                ? simulated.sandbox.answer(request, at: simulated.now) : HTTPResponse(status: simulated.health)
        }
        guard fault == nil else {
            return .failure(TransportError(.interrupted, "the connection was closed", mayHaveArrived: true))
        }
        return .success(response)
    }
}
