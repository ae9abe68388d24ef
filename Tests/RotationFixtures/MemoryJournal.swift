import FoundationEssentials
import HTTP
import JSON
import OpenRouter
import OpenRouterSandbox
import PublisherKit
package import Rotation
import Secrets
import Sodium
import Steps
import Synchronization
import Timestamps

/// A journal in memory that keeps what the journal on disk keeps: nothing is in it that its own trust refuses.
package final class MemoryJournal: Journal, Sendable {
    private struct Contents {
        var handoff: Handoff?
        var count = 0
    }

    private let contents: Mutex<Contents>
    private let identity: Identity
    private let trust: Trust
    private let simulation: Simulation
    private let failing: Int?

    /// The `failing`th write, from 1, does not become durable.
    package init(
        _ handoff: Handoff?, _ identity: Identity, _ trust: Trust, _ simulation: Simulation, failing: Int? = nil
    ) {
        contents = Mutex(Contents(handoff: handoff))
        self.identity = identity
        self.trust = trust
        self.simulation = simulation
        self.failing = failing
    }

    package var handoff: Handoff? { contents.withLock { $0.handoff } }

    package func begin(_ header: RotationHeader, _ entry: Entry) throws(JournalError) {
        try write(Handoff(header: header), [entry], sealed: nil, kept: [])
    }

    package func append(_ entries: [Entry], sealed: [SealedSecret]?, kept: [SealedSecret]) throws(JournalError) {
        guard let handoff else { throw JournalError("there is no handoff") }
        try write(handoff, entries, sealed: sealed, kept: kept)
    }

    private func write(
        _ before: Handoff, _ entries: [Entry], sealed: [SealedSecret]?, kept: [SealedSecret]
    ) throws(JournalError) {
        let count = contents.withLock { contents in
            contents.count += 1
            return contents.count
        }
        guard count != failing else { throw JournalError("the disk is full", hint: "make room") }
        var handoff = before
        do {
            for entry in entries { try handoff.append(entry, at: simulation.now, by: identity) }
            if let sealed { handoff.seal(sealed) }
            handoff.keep(kept)
            _ = try State(handoff, trust: trust)
        } catch {
            throw JournalError(error.message, hint: error.hint)
        }
        contents.withLock { [handoff] in $0.handoff = handoff }
    }
}
