import FoundationEssentials
import HTTP
import JSON
import OpenRouter
import OpenRouterSandbox
package import PublisherHosting
package import PublisherKit
import Rotation
import Secrets
import Sodium
import Steps
import Synchronization
import Timestamps

/// One publisher, `memory`, whose targets are places of the simulation: `with: {place: …}`.
package final class FakePublishers: PublisherHost, Sendable {
    /// What a publisher was asked, without the secret.
    package struct ParsedRequest: Sendable, Equatable {
        package let verb: Verb
        package let target: String
        package let operation: String
        package let comparesValue: Bool
    }

    private let simulation: Simulation
    private let log = Mutex<[ParsedRequest]>([])

    package init(_ simulation: Simulation) { self.simulation = simulation }

    package var asked: [ParsedRequest] { log.withLock { $0 } }

    package func information(_ address: PublisherAddress) throws(PublisherError) -> PublisherInformation {
        guard address.publisher.description == "memory" else {
            throw PublisherError(.notFound, "there is no program ork-publisher-\(address.publisher)")
        }
        let information = PublisherInformation(
            verbs: [.check, .publish, .verify], with: .init(required: ["place"]),
            environment: .init(optional: ["TOKEN"]), readback: .value, batch: true)
        // As a host does that has no variable at all.
        _ = try PublisherEnvironment([:]).child(address.environment, of: information)
        return information
    }

    package func send(
        _ verb: Verb, _ requests: [(address: PublisherAddress, request: PublisherRequest)],
        each: (Int, PublisherAnswer) -> Void
    ) {
        for (index, (_, request)) in requests.enumerated() {
            log.withLock {
                $0.append(
                    ParsedRequest(
                        verb: verb, target: request.target, operation: request.operation,
                        comparesValue: request.expect != nil))
            }
            each(index, answer(verb, request))
        }
    }

    private func answer(_ verb: Verb, _ request: PublisherRequest) -> PublisherAnswer {
        let place = request.with["place"]?.string ?? ""
        return simulation.with { simulated in
            let held = simulated.unreadable.contains(place) ? nil : simulated.places[place].map { Digest(of: $0) }
            let trouble = simulated.troubles[place]?.first
            if trouble != nil { simulated.troubles[place]?.removeFirst() }
            switch trouble {
            case .reject(let code): return PublisherAnswer(.rejected(PublisherError(code, "refused")))
            case .answer(let outcome, let message): return PublisherAnswer(outcome, message: message)
            case .unknownAndNotWritten: return PublisherAnswer(.unknown(PublisherError(.unavailable, "no answer")))
            case .unknownButWritten, nil: break
            }
            switch verb {
            case .check:
                if let held, let expect = request.expect, !expect.contains(held) {
                    return PublisherAnswer(.rejected(PublisherError(.conflict, "holds a value of somebody else's")))
                }
                return PublisherAnswer(.ready)
            case .verify:
                guard !simulated.unreadable.contains(place) else { return PublisherAnswer(.unverifiable) }
                return PublisherAnswer(held == nil ? .absent : held == request.digest ? .match : .mismatch)
            case .publish: break
            }
            if held == request.digest { return PublisherAnswer(.unchanged) }
            if let held, let expect = request.expect, !expect.contains(held) {
                return PublisherAnswer(.rejected(PublisherError(.conflict, "holds a value of somebody else's")))
            }
            simulated.places[place] = request.secret
            if trouble != nil { return PublisherAnswer(.unknown(PublisherError(.unavailable, "no answer"))) }
            return PublisherAnswer(.committed, receipt: ["place": .string(place)])
        }
    }
}
