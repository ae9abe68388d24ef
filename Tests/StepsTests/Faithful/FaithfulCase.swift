import FoundationEssentials
import HTTP
import JSON
import OpenRouter
import OpenRouterSandbox
import PublisherKit
import Rotation
import RotationFixtures
import Secrets
import Steps
import TestSupport
import Testing
import Timestamps

/// A random account with a random rotation in it, and what becomes of both.
struct FaithfulCase {
    let seed: UInt64
    private var random: SplitMix64
    private var fixture: RotationFixture
    private let consumers: Consumers
    private let first: Picture
    private let predecessor: String
    /// Whether somebody wants it back, as long as there is a way.
    private var goesBack: Bool
    /// What was done, for people.
    private(set) var trail: [String] = []

    /// What an account and its places look like, without what a rotation is there to change.
    private struct Picture: Equatable {
        var settings: [String]
        var lists: [String: Set<String>]
        var places: [String: Secret]
    }

    init(_ seed: UInt64) throws {
        self.seed = seed
        var random = SplitMix64(seed: seed)
        let simulation = Simulation()
        let names = Array(["web", "api", "jobs"].prefix(Int.random(in: 1...3, using: &random)))
        var fixture = try RotationFixture(Self.populated(simulation, names, &random)) { plan in
            plan.retire.overlap = Interval(seconds: [0, 600, 3600].randomElement(using: &random) ?? 0)
            plan.retire.quietFor = Interval(seconds: 7200)
            plan.retire.soak = Interval(seconds: [0, 3600].randomElement(using: &random) ?? 0)
        }
        let key = try #require(simulation.value.sandbox.keys(named: RotationFixture.base).first)
        if key.workspace != simulation.value.sandbox.keys.first?.workspace { fixture.plan.workspace = key.workspace }
        // What is left of another period would be waited for, for weeks.
        if key.limitReset == .daily, Bool.random(using: &random) { fixture.plan.successor.limit = .remaining }
        fixture.plan.targets = try names.enumerated().map { index, name in
            try RotationFixture.target(name, wave: index == 0 ? 1 : Int.random(in: 1...2, using: &random))
        }
        self.fixture = fixture
        consumers = Consumers(
            names.map { Self.consumer($0, simulation.now, &random) } + [Self.consumer("web", simulation.now, &random)],
            in: simulation)
        predecessor = key.hash
        first = Self.picture(of: predecessor, simulation, fixture)
        goesBack = Bool.random(using: &random)
        self.random = random
    }

    private static func consumer(_ place: String, _ now: Date, _ random: inout SplitMix64) -> Consumers.Consumer {
        let pickUp = Double.random(in: 30...1800, using: &random)
        let pause = Double.random(in: 30...1500, using: &random)
        return Consumers.Consumer(
            place: place, model: Bool.random(using: &random) ? "openai/gpt-4o" : "some/model:free", pickUp: pickUp,
            pause: pause, nextPickUp: now, nextCall: now + Double.random(in: 1...pause, using: &random))
    }

    /// An account with the key, neighbours, and lists that name some of them.
    private static func populated(
        _ simulation: Simulation, _ places: [String], _ random: inout SplitMix64
    ) -> Simulation {
        let limits: [OpenRouterSandbox.Money?] = [nil, 25, OpenRouterSandbox.Money("12.5")]
        let resets: [Period?] = [nil, .daily, .weekly, .monthly]
        let limit = limits.randomElement(using: &random) ?? nil
        let reset = limit == nil ? nil : resets.randomElement(using: &random) ?? nil
        let days = [nil, 120.0, 400].randomElement(using: &random) ?? nil
        let includesBYOK = Bool.random(using: &random)
        let isElsewhere = Bool.random(using: &random)
        let isGuarded = Bool.random(using: &random)
        let lists = (0..<3).map { _ in (Bool.random(using: &random), Bool.random(using: &random)) }
        simulation.with { simulated in
            let now = simulated.now
            let made = now.addingTimeInterval(-60 * 86400)
            let workspace = isElsewhere ? simulated.sandbox.addWorkspace("Shop", at: made) : nil
            let key = simulated.sandbox.addKey(
                name: RotationFixture.base, limit: limit, limitReset: reset, includesBYOK: includesBYOK,
                expiresAt: days.map { made.addingTimeInterval($0 * 86400) }, creator: "user_owner",
                workspace: workspace, at: made)
            let neighbour = simulated.sandbox.addKey(name: "search-prod", workspace: workspace, at: made).hash
            simulated.sandbox.use(key.hash, cost: 1, at: now.addingTimeInterval(-60))
            if isGuarded {
                simulated.sandbox.addGuardrail("strict", assignedTo: [key.hash, neighbour], workspace: workspace)
            }
            for (number, (names, isBYOK)) in lists.enumerated() {
                let hashes = names ? [neighbour, key.hash] : [neighbour]
                if isBYOK {
                    simulated.sandbox.addProviderKey("byok \(number)", allowing: hashes, workspace: workspace)
                } else {
                    simulated.sandbox.addDestination("destination \(number)", observing: hashes, workspace: workspace)
                }
            }
            for place in places { simulated.places[place] = key.key }
        }
        return simulation
    }
}

extension FaithfulCase {
    /// Runs the rotation, through whatever happens, to its end or back. Answers what is wrong at the end.
    mutating func run() throws -> [String] {
        let turn = Int.random(in: 2...12, using: &random)
        var isGoingBack = false
        for number in 0..<160 {
            consumers.catchUp()
            if isOver { break }
            if goesBack, number >= turn, fixture.known?.created != nil, (fixture.known?.deleted ?? []).isEmpty {
                isGoingBack = true
            }
            step(isGoingBack && goesBack)
        }
        fixture.simulation.pass(7200)
        consumers.catchUp()
        return judged()
    }

    private var isOver: Bool { fixture.known?.isFinished ?? false }

    private mutating func step(_ isGoingBack: Bool) {
        let command = isGoingBack ? "ork-rollback" : fixture.known.map { $0.next ?? "" } ?? "ork-create"
        if Int.random(in: 0..<8, using: &random) == 0 {
            fixture.journal = MemoryJournal(
                fixture.journal.handoff, fixture.identity, fixture.trust, fixture.simulation,
                failing: Int.random(in: 1...4, using: &random))
        } else {
            fixture.journal = MemoryJournal(
                fixture.journal.handoff, fixture.identity, fixture.trust, fixture.simulation)
        }
        var faults: [Int: FakeTransport.Fault] = [:]
        if Int.random(in: 0..<4, using: &random) == 0 {
            let all: [FakeTransport.Fault] = [.drop, .loseReply, .status(500), .status(429)]
            faults[Int.random(in: 1...6, using: &random)] = all.randomElement(using: &random)
        }
        let transport = BusyTransport(
            transport: FakeTransport(fixture.simulation, faults: faults), consumers: consumers)
        do throws(StepError) {
            switch command {
            case "ork-create": try fixture.create(transport)
            case "ork-publish": try fixture.publish(transport)
            case "ork-verify": try fixture.verify(transport)
            case let command where command.hasPrefix("ork-rollback"): try fixture.rollback(transport)
            default: try fixture.retire(transport)
            }
            trail.append("\(command): done")
        } catch {
            trail.append("\(command): \(error.message)")
            if error.message.contains("nothing is put back") { goesBack = false }
            let pause = Double.random(in: 60...900, using: &random)
            // The time that is told is waited for, and not always.
            if let moment = error.retryAt, Int.random(in: 0..<3, using: &random) > 0 {
                fixture.simulation.sleep(until: moment)
            }
            fixture.simulation.pass(pause)
        }
    }

    private func judged() -> [String] {
        var wrong = consumers.failures.prefix(3).map { "failed call: \($0)" }
        guard isOver else { return wrong + ["not finished: \(trail.last ?? "")"] }
        let state = fixture.known
        let isBack = state?.isRolledBack ?? false
        let kept = isBack ? predecessor : state?.created?.hash.description ?? ""
        var wanted = first
        if !isBack {
            // The same lists, with the successor in the predecessor's place; and every place holds the successor.
            for (list, hashes) in first.lists where hashes.contains(predecessor) {
                wanted.lists[list] = hashes.subtracting([predecessor]).union([kept])
            }
            wanted.places = first.places.mapValues { _ in fixture.simulation.value.places["web"] ?? Secret("") }
            let held = fixture.simulation.value.holding("web")?.hash
            if held != kept { wrong.append("web does not hold the successor") }
        }
        let now = Self.picture(of: kept, fixture.simulation, fixture)
        if now.settings != wanted.settings { wrong.append("settings: \(wanted.settings) became \(now.settings)") }
        if now.lists != wanted.lists { wrong.append("lists: \(wanted.lists) became \(now.lists)") }
        if now.places != wanted.places { wrong.append("the places do not hold what they should") }
        let others = fixture.simulation.value.keys.filter {
            $0.name.hasPrefix(RotationFixture.base) && $0.hash != kept
        }
        if !others.isEmpty { wrong.append("left over: \(others.map(\.name))") }
        return wrong
    }

    /// What OpenRouter says of a key and of all lists, and what the places hold.
    private static func picture(of hash: String, _ simulation: Simulation, _ fixture: RotationFixture) -> Picture {
        simulation.with { simulated in
            var settings: [String] = []
            if let key = simulated.sandbox.key(hash) {
                let life = key.expiresAt.map { Int(($0.timeIntervalSince(key.createdAt) / 600).rounded()) }
                settings = [
                    "limit \(key.limit.map { "\($0.json)" } ?? "none")", "reset \(key.limitReset?.rawValue ?? "none")",
                    "byok \(key.includesBYOK)", "owner \(key.creator ?? "none")", "workspace \(key.workspace)",
                    "life \(life.map(String.init) ?? "endless")", "disabled \(key.disabled)",
                ]
            }
            var lists: [String: Set<String>] = [:]
            let workspaces = Set(simulated.sandbox.keys.filter { !$0.isManagement }.map(\.workspace)).sorted()
            func rows(_ path: String) -> [JSONValue] {
                guard let url = try? HTTPURL("https://openrouter.ai/api/v1/" + path) else { return [] }
                let request = HTTPRequest(.get, url, bearer: simulated.sandbox.managementKey)
                let answer = simulated.sandbox.answer(request, at: simulated.now)
                return (try? JSONValue(parsing: answer.body))?["data"]?.array ?? []
            }
            for row in rows("guardrails/assignments/keys?limit=100") {
                lists[row["guardrail_id"]?.string ?? "", default: []].insert(row["key_hash"]?.string ?? "")
            }
            for workspace in workspaces {
                for (path, field) in [
                    ("byok", "allowed_api_key_hashes"), ("observability/destinations", "api_key_hashes"),
                ] {
                    for row in rows("\(path)?workspace_id=\(workspace)&limit=100") {
                        let hashes = (row[field]?.array ?? []).compactMap(\.string)
                        lists[row["id"]?.string ?? ""] = Set(hashes)
                    }
                }
            }
            return Picture(settings: settings, lists: lists, places: simulated.places)
        }
    }
}
