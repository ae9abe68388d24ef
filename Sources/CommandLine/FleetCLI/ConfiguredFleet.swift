package import Configuration
package import Fleet
import FoundationEssentials
package import HTTP
import OpenRouter
import PublisherHosting
package import Rotation
import Secrets
import Sodium
package import StepCLI
package import Steps
package import Timestamps
import Wording

/// All rotations of an `ork.yaml`, and what is known of them beside OpenRouter.
package struct ConfiguredFleet {
    private let config: String
    private let environment: StepEnvironment
    private var rotations: [DueRotation] = []
    private var addresses: [PlanName: HTTPURL] = [:]
    private var metrics: [PlanName: MetricsRules] = [:]
    private var configurations: [RotationConfiguration] = []
    private var folder = "."

    /// Reads the configuration. `url` replaces the addresses of OpenRouter that stand in it.
    package init(_ config: String, openRouterURL url: String?, _ environment: StepEnvironment) throws(StepError) {
        guard !environment.isDisabled else {
            throw StepError(
                .notYet, "rotations are switched off by ORK_DISABLED", hint: "unset it to continue", isRetryable: false)
        }
        self.config = config
        self.environment = environment
        for configuration in try ConfigurationFile.load(config).rotations {
            addresses[configuration.name] = try HTTPURL(openRouter: url, configuration, environment)
            metrics[configuration.name] = configuration.metrics
            configurations.append(configuration)
            folder = configuration.folder
            rotations.append(try rotation(configuration))
        }
    }

    private func rotation(_ configuration: RotationConfiguration) throws(StepError) -> DueRotation {
        var rotation = DueRotation(name: configuration.name, plan: configuration.plan, rules: configuration.due)
        rotation.isEnabled = configuration.isEnabled
        // The management key is enough for all others.
        if case .environment(let name) = configuration.plan.predecessor, environment[name.description] != nil {
            let key = try environment.key(in: name.description, hint: "set it to the key that is to be replaced")
            rotation.predecessorDigest = Digest(of: key)
        }
        return rotation
    }

    /// Leaves all rotations but one out.
    package mutating func narrow(to name: String) throws(StepError) {
        let names = rotations.map(\.name.description)
        guard names.contains(name) else {
            let unknown = UnknownName(name, of: "rotation", among: names)
            throw StepError(.unacceptable, unknown.message, hint: unknown.known)
        }
        rotations.removeAll { $0.name.description != name }
    }

    /// The rotations that have waves after their first.
    package var staged: Set<PlanName> {
        Set(rotations.filter { Set($0.plan.targets.map(\.wave)).count > 1 }.map(\.name))
    }

    /// Whether any age makes a rotation due.
    package var hasAge: Bool { rotations.contains { $0.rules.every != nil } }

    /// Replaces what the configuration says of every rotation.
    package mutating func adopt(_ flags: PlanFlags) throws(StepError) {
        for index in rotations.indices {
            do { rotations[index].rules = try flags.section(over: rotations[index].rules) } catch {
                throw StepError(error)
            }
        }
    }

    /// Takes all handoffs that there are; a rotation that was begun and is in none of them has lost its handoff.
    ///
    /// Signatures and chains are checked. Who signed is left to the steps where a handoff only tells what comes next; which keys
    /// are a rotation's own, it tells where its signers are those of `ork.yaml`, or this machine's identity where that names none;
    /// `console` hears of others.
    package mutating func take(handoffs paths: [String], warning console: Console?) throws(StepError) {
        var handoffs: [Handoff] = []
        let lastResort = HandoffFile.lastResort(config: config)
        for path in paths {
            guard let handoff = try HandoffFile.read(path, mustExist: true, lastResort: lastResort) else { continue }
            guard let index = handoffs.firstIndex(where: { $0.header.digest == handoff.header.digest }) else {
                handoffs.append(handoff)
                continue
            }
            do { try handoffs[index].merge(handoff) } catch { throw StepError(error, in: path) }
        }
        let own = (try? IdentityStore(environment, tell: { console?.show($0) }).existing())?.publicIdentity
        for index in rotations.indices {
            let name = rotations[index].name
            let named = configurations.first { $0.name == name }?.trust
            let trust = Trust(named ?? [:], fallback: own)
            rotations[index].handoffs = []
            rotations[index].recordedKeys = []
            for handoff in handoffs where handoff.header.name == name {
                do { take(try State(handoff, trust: nil), of: index) } catch {
                    rotations[index].handoffMistake = error
                    continue
                }
                do { rotations[index].recordedKeys?.formUnion(try State(handoff, trust: trust).recordedKeys) } catch {
                    console?.warn(
                        "\(name): the handoff of \(handoff.header.id) does not say which keys are its own: \(error.message); "
                            + "whoever signs has to stand under trust in \(config), or be the identity of this machine")
                }
            }
        }
    }

    /// Takes what the handoff of a rotation says, which counts where it was found.
    package mutating func take(_ state: State) {
        for index in rotations.indices where rotations[index].name == state.header.name { take(state, of: index) }
    }

    private mutating func take(_ state: State, of index: Int) {
        rotations[index].handoffs = (rotations[index].handoffs ?? []) + [state]
    }

    /// Asks each account once, in the order of the configuration.
    package func findings(
        _ transport: any HTTPTransport, clock: any WallClock = SystemClock(),
        tell: @escaping (Announcement) -> Void = { _ in }
    ) throws(StepError) -> [DueFinding] {
        var findings: [PlanName: DueFinding] = [:]
        for step in try steps(transport, clock, tell) {
            for finding in try step.run() { findings[finding.rotation] = finding }
        }
        return rotations.compactMap { findings[$0.name] }
    }

    /// The same with every key of the workspaces, and of `others` in the one account that there is, for a report.
    package func survey(
        _ transport: any HTTPTransport, with others: DueSurvey.Workspaces, clock: any WallClock = SystemClock(),
        tell: @escaping (Announcement) -> Void = { _ in }
    ) throws(StepError) -> DueSurvey {
        var keys: [DueSurvey.OwnedKey] = []
        var places: [KeyHash: Int] = [:]
        var findings: [PlanName: DueFinding] = [:]
        var date: Date?
        let steps = try steps(transport, clock, tell)
        guard others == .all || others == .named([]) || steps.count == 1 else {
            throw StepError(
                .usage, "--workspace: the rotations of \(config) are in several accounts",
                hint: "give each account an ork.yaml of its own")
        }
        for step in steps {
            let survey = try step.survey(with: others)
            // Rotations may open one account in several ways; a key of it is owned by whichever of them owns it.
            for key in survey.keys {
                if let place = places[key.key.hash] {
                    if keys[place].owner == nil { keys[place] = key }
                } else {
                    places[key.key.hash] = keys.count
                    keys.append(key)
                }
            }
            for finding in survey.findings { findings[finding.rotation] = finding }
            date = date ?? survey.date
        }
        return DueSurvey(findings: rotations.compactMap { findings[$0.name] }, keys: keys, date: date ?? clock.now)
    }

    /// A step for each account.
    private func steps(
        _ transport: any HTTPTransport, _ clock: any WallClock, _ tell: @escaping (Announcement) -> Void
    ) throws(StepError) -> [DueStep] {
        var groups: [(key: AccountKey, rotations: [DueRotation])] = []
        for rotation in rotations {
            guard let url = addresses[rotation.name] else { continue }
            let key = AccountKey(url: url, service: rotation.plan.service)
            if let index = groups.firstIndex(where: { $0.key == key }) {
                groups[index].rotations.append(rotation)
            } else {
                groups.append((key, [rotation]))
            }
        }
        var steps: [DueStep] = []
        for (key, rotations) in groups {
            let account = try ManagementAccess(environment, over: transport, tell: tell).account(
                at: key.url, key.service)
            steps.append(DueStep(account: account, clock: clock, rotations: rotations))
        }
        return steps
    }

    /// Leaves the figures of what was found where the configuration says.
    package func keep(_ findings: [DueFinding], _ console: Console, over transport: any HTTPTransport) {
        let now = StepClock().now
        var pushed: [MetricsRules.Collector: (rules: MetricsRules, findings: [DueFinding])] = [:]
        for finding in findings {
            guard let rules = metrics[finding.rotation], rules != MetricsRules() else { continue }
            MetricsStore(rules, seenFrom: folder, environment, console, nil)
                .replace("ork-due", of: finding.rotation, by: DueMetrics([finding], at: now).all)
            if let collector = rules.collector {
                pushed[collector, default: (rules, [])].findings.append(finding)
            }
        }
        for (rules, findings) in pushed.values {
            MetricsStore(rules, seenFrom: folder, environment, console, transport)
                .push(
                    DueMetrics(findings, at: now).all, of: Counted(findings.count, "rotation").description, since: now,
                    at: now)
        }
    }

    /// Tells the webhooks of the configuration what needs a person, and began within `window` or lasts.
    package func tell(
        _ findings: [DueFinding], newWithin window: Interval, _ console: Console, over transport: any HTTPTransport
    ) {
        let now = StepClock().now
        let rules = Dictionary(rotations.map { ($0.name, $0.rules) }) { first, _ in first }
        let notify = Dictionary(configurations.map { ($0.name, $0.notify) }) { first, _ in first }
        let concerns = findings.flatMap { finding in
            rules[finding.rotation].map { DueConcern.all(of: finding, $0, at: now) } ?? []
        }
        DueNotices(concerns, notify, since: now.addingTimeInterval(-Double(window.seconds)))
            .tell(hiding: held, environment, console, over: transport)
    }

    /// What nothing may show that is told of the fleet.
    package var held: HeldSecrets { HeldSecrets(environment, configurations) }

    /// An OpenRouter, and how its account is opened.
    private struct AccountKey: Equatable {
        let url: HTTPURL
        let service: Plan.Service
    }
}
