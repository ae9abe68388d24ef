import OpenRouter
import PublisherHosting
import PublisherKit
import Rotation
import Secrets
import Sodium

/// How one target gets back the key that it held.
struct WayBack {
    let target: Plan.Target
    /// The predecessor that it gets.
    let key: KeyReference
    let digest: Digest
    let means: Means
    /// Whether its publisher does not read the value that is there.
    let isUnseen: Bool

    enum Means {
        /// Its publisher goes back to an earlier version, or writes the value if that comes along.
        case version(Secret?)
        /// Its publisher writes the value, as it publishes one.
        case value(Secret, Verb)
        /// Nobody here can, and why.
        case hand(String)
    }

    var isByHand: Bool { if case .hand = means { true } else { false } }

    /// What is asked of the publisher; `nil` for what is left to people.
    var request: (verb: Verb, secret: Secret?)? {
        switch means {
        case .version(let secret): (.rollback, secret)
        case .value(let secret, let verb): (verb, secret)
        case .hand: nil
        }
    }

    /// What is about to be done, for people: it stands behind "would".
    var text: String {
        let place = "\(target.name) (\(target.publisher), wave \(target.wave))"
        return switch means {
        case .version: "put back the version of \(place) that has \(key.name)"
        case .value:
            "write \(key.name) to \(place) again"
                + (isUnseen ? ", unseen: what others have written there since may be written over" : "")
        case .hand(let reason): "leave \(place) to people: \(reason)"
        }
    }
}

extension WayBack {
    /// Decides for a target, by what its publisher can do and what is known of the key that it held.
    ///
    /// `known` is where the predecessors' plaintexts are looked up.
    init(
        _ target: Plan.Target, _ information: PublisherInformation, _ state: State, _ snapshot: RollbackSnapshot,
        value known: (Digest) -> Secret?
    ) {
        let isCurrent = state.plan.target(target.name)?.isSamePlace(as: target) ?? false
        let replaced = isCurrent ? state.replaced(target.name) : nil
        // Where it is not known which one a target held, the newest one that is there.
        let there = state.header.predecessors.filter { snapshot.key($0.hash) != nil }
        let held = there.last { Digest(hex: $0.hash.description) == replaced }
        let key = held ?? there.last ?? KeyReference(snapshot.predecessor)
        let digest = Digest(hex: key.hash.description) ?? Digest(of: [])
        self.init(
            target: target, key: key, digest: digest,
            means: Self.means(information, isCurrent ? state.heldBefore(target.name) : nil, state, known(digest)),
            // What the target's settings decide is known once it was written.
            isUnseen: information.readback != .value
                || information.readbackVaries && !(isCurrent && state.wasSeen(target.name)))
    }

    private static func means(
        _ information: PublisherInformation, _ before: Held?, _ state: State, _ value: Secret?
    ) -> Means {
        if !state.hashesAreDigests { return .hand("OpenRouter's hashes do not tell which value is the predecessor's") }
        switch before {
        case .nothing: return .hand("this rotation made it, and nothing was there before")
        case .other: return .hand("it held something else than the predecessor before")
        case .predecessor, .successor, .unknown, nil: break
        }
        let answers = information.verbs.contains(.rollback)
        switch information.rollback {
        case .native where answers: return .version(value)
        case .native, .value:
            guard let value else { return .hand("the predecessor's value is not kept") }
            return .value(value, answers ? .rollback : .publish)
        case .none: return .hand("its publisher cannot put a value back")
        }
    }
}
