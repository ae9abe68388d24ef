package import JSON
package import PublisherHosting
package import Secrets
package import Timestamps

/// What a rotation is to do, complete: the handoff carries it, so that later steps need no flags and no file.
///
/// Its JSON is that of one rotation in `ork.yaml`, with the defaults filled in and `for_each` spread out.
package struct Plan: Hashable, Sendable {
    package var service = Service()
    package var predecessor: Predecessor
    /// The workspace of the lineage; `nil` is the account's default one.
    package var workspace: String?
    package var successor = Successor()
    package var publish = PublishRules()
    /// In the order of their names.
    package var targets: [Target] = []
    package var verify = VerifyRules()
    package var retire = RetireRules()

    package init(predecessor: Predecessor) { self.predecessor = predecessor }

    /// The target of this name.
    package func target(_ name: PlanName) -> Target? { targets.first { $0.name == name } }

    /// Where OpenRouter is, and where the management key is found.
    package struct Service: Hashable, Sendable {
        package static let defaultURL = "https://openrouter.ai/api/v1"

        package var url = defaultURL
        /// The environment variable that holds the management key.
        package var managementKey: EnvironmentName?

        package init() {}
    }

    /// How the key that is to be replaced is found.
    package enum Predecessor: Hashable, Sendable {
        /// The live key of the lineage of this base name.
        case name(String)
        case hash(KeyHash)
        /// The key in this environment variable of `ork-create`; its digest finds it.
        case environment(EnvironmentName)
        /// There is none: the first key of its lineage.
        case none
    }

    /// A setting of the successor that may be the predecessor's.
    package enum Inherited<Value: Hashable & Sendable>: Hashable, Sendable {
        case inherit
        case set(Value)
    }

    /// When a limit begins anew (`limit_reset`; midnight UTC, weeks from Monday).
    package enum LimitReset: String, Hashable, Sendable {
        case daily, weekly, monthly
    }

    /// The settings of the new key.
    package struct Successor: Hashable, Sendable {
        /// The base name; that of the predecessor if left out.
        package var name: String?
        package var limit: Inherited<Money?> = .inherit
        package var limitReset: Inherited<LimitReset?> = .inherit
        package var includeBYOKInLimit: Inherited<Bool> = .inherit
        /// The lifetime; inherited is the predecessor's lifetime, never its date. `nil` is no expiry.
        package var expiresIn: Inherited<Interval?> = .inherit

        package init() {}
    }

    package struct PublishRules: Hashable, Sendable {
        /// How long after its creation the successor is left alone, until it is known everywhere.
        package var settle = Interval(seconds: 30)
        /// How long after its creation the successor may be handed out.
        package var publishBy = Interval(seconds: 30 * 86400)
        /// A model that is asked one short question with the successor before it is handed out.
        package var inference: String?

        package init() {}
    }

    /// One place where the key is published.
    package struct Target: Hashable, Sendable {
        package var name: PlanName
        package var publisher: PublisherName
        /// Targets of wave 2 are written after wave 1 has been published and verified.
        package var wave: Int
        /// Names in the publisher's environment, and the variables of the step that they take their values from.
        package var environment: [EnvironmentName: EnvironmentName]
        package var with: JSONObject
        /// The SHA-256 of the publisher's program, if pinned.
        package var pin: Digest?

        package init(
            name: PlanName, publisher: PublisherName, wave: Int = 1,
            environment: [EnvironmentName: EnvironmentName] = [:], with: JSONObject = [:], pin: Digest? = nil
        ) {
            self.name = name
            self.publisher = publisher
            self.wave = wave
            self.environment = environment
            self.with = with
            self.pin = pin
        }

        /// Whether both would be written to the same place.
        package func isSamePlace(as other: Target) -> Bool { publisher == other.publisher && with == other.with }
    }

    /// How the application is asked whether it works.
    package enum Probe: Hashable, Sendable {
        /// A GET that must answer one of these statuses.
        case http(url: String, expect: [Int])
        /// A program that must exit 0.
        case command(arguments: [String], environment: [EnvironmentName: EnvironmentName], timeout: Interval)
    }

    package struct VerifyRules: Hashable, Sendable {
        /// How long a verification permits retirement.
        package var validFor = Interval(seconds: 86400)
        package var probes: [Probe] = []
        /// Whether the successor must have been seen in use, beyond ork's own probes.
        package var requiresAdoption = false

        package init() {}
    }

    package struct RetireRules: Hashable, Sendable {
        /// How long both keys stay alive after the last write.
        package var overlap = Interval(seconds: 86400)
        /// How long the predecessor must not have been used.
        package var quietFor = Interval(seconds: 86400)
        /// How long the predecessor stays disabled before it is deleted.
        package var soak = Interval(seconds: 86400)
        /// Retire although only cost figures exist, which do not show `:free` traffic.
        package var acceptsCostOnly = false
        /// Retire although the successor has not been used either: a key that nobody uses at the moment.
        package var acceptsIdle = false

        package init() {}
    }
}
