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
        guard let information = description(of: address.publisher, pin: nil) else {
            throw PublisherError(.notFound, "there is no program ork-publisher-\(address.publisher)")
        }
        // As a host does that has no variable at all.
        _ = try PublisherEnvironment([:]).child(address.environment, of: information)
        return information
    }

    package func description(of publisher: PublisherName, pin: String?) -> PublisherInformation? {
        guard publisher.description == "memory" else { return nil }
        let rollback = simulation.value.rollback
        let verbs = Verb.basic + (rollback == .native ? [.rollback] : [])
        return PublisherInformation(
            verbs: Set(verbs), with: .init(required: ["place"], optional: [Settings.create]),
            environment: .init(optional: ["TOKEN"]), readback: simulation.value.readback,
            readbackVaries: simulation.value.readbackVaries, rollback: rollback,
            batch: true)
    }

    package func hasVariable(_ name: EnvironmentName) -> Bool { false }

    package func send(
        _ verb: Verb, _ requests: [(address: PublisherAddress, request: PublisherRequest)],
        each: (Int, PublisherAnswer) -> Void
    ) {
        for (index, (_, request)) in requests.enumerated() {
            if request.isForKeeping {
                each(index, sealed(request))
                continue
            }
            log.withLock {
                $0.append(
                    ParsedRequest(
                        verb: verb, target: request.target, operation: request.operation,
                        comparesValue: request.expect != nil))
            }
            each(index, answer(verb, request))
        }
    }

    /// A check that asks for the predecessor and nothing else: no trouble waits for it.
    private func sealed(_ request: PublisherRequest) -> PublisherAnswer {
        let place = request.with["place"]?.string ?? ""
        let value = simulation.with { $0.unreadable.contains(place) ? nil : $0.places[place] }
        var answer = PublisherAnswer(.ready)
        guard let value, request.compare(held: value) == .expected else { return answer }
        (answer.held, answer.holds) = (.predecessor, Digest(of: value))
        answer.sealed = request.sealTo.compactMap { SealedBox(value, of: .predecessor, to: $0) }
        return answer
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
            let isReadable = !simulated.unreadable.contains(place)
            let comparison: Comparison? = isReadable ? request.compare(held: held) : nil
            func answer(_ outcome: PublisherOutcome, receipt: JSONObject? = nil) -> PublisherAnswer {
                let (held, holds) = Self.told(comparison, held, request)
                return PublisherAnswer(outcome, receipt: receipt, held: held, holds: holds)
            }
            if verb == .verify {
                return switch comparison {
                case .same: answer(.match)
                case .nothing: answer(.absent)
                case .expected, .other: answer(.mismatch)
                case nil: answer(.unverifiable)
                }
            }
            if comparison == .other {
                return answer(.rejected(PublisherError(.conflict, "holds a value of somebody else's")))
            }
            if comparison == .nothing, let refusal = request.refusalToMake("no place \(place)", field: "with.place") {
                return answer(.rejected(refusal))
            }
            if verb == .check { return answer(.ready) }
            if comparison == .same { return answer(.unchanged) }
            let version = simulated.versions[place]?.last { Digest(of: $0) == request.digest }
            guard let value = verb == .rollback ? version ?? request.secret : request.secret else {
                return answer(.rejected(PublisherError(.notFound, "has no such version")))
            }
            if let before = simulated.places[place] { simulated.versions[place, default: []].append(before) }
            simulated.places[place] = value
            if trouble != nil { return answer(.unknown(PublisherError(.unavailable, "no answer"))) }
            return answer(.committed, receipt: ["place": .string(place)])
        }
    }

    /// What the answer of a publisher of this package says of what was there.
    private static func told(
        _ comparison: Comparison?, _ held: Digest?, _ request: PublisherRequest
    ) -> (Held, Digest?) {
        switch comparison {
        case .nothing: (.nothing, nil)
        case .same: (.successor, nil)
        case .expected: request.expect == nil ? (.unknown, held) : (.predecessor, held)
        case .other: (.other, held)
        case nil: (.unknown, nil)
        }
    }
}

extension PublisherRequest {
    fileprivate var isForKeeping: Bool { !sealTo.isEmpty }
}
