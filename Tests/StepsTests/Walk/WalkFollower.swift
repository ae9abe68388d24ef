import FoundationEssentials
import OpenRouter
import OpenRouterSandbox
import Rotation
import RotationFixtures
import Secrets
import Steps
import Timestamps

/// A person who does what the last message says, and nothing else.
struct WalkFollower {
    /// How it ended.
    enum End: Hashable, Sendable {
        case finished
        /// It came to a state from which somebody has finished before.
        case joined
        case lost(String)
    }

    static let limit = 12

    private(set) var world: WalkWorld
    private(set) var complaints: [WalkComplaint] = []
    /// What was done, for people.
    private(set) var trail: [String] = []
    private var commands = 0
    /// How often a message has led to another rotation, which has twelve commands of its own.
    private var turns = 0
    private static let turnLimit = 3
    /// Whether there were too many commands.
    private var isTired = false
    /// The states that this person came through since then, and with how many commands.
    private var passed: [(state: String, commands: Int)] = []
    /// The commands that were really run.
    private(set) var ran = 0
    /// How often a message has been read.
    private var readings: [String: Int] = [:]
    private var todo: [WalkAdvice.Deed] = []
    private var last: WalkEnding?

    /// Where messages have led to a choice.
    private(set) var crossroads: [WalkCrossroads] = []

    init(_ world: WalkWorld, after ending: WalkEnding?) {
        self.world = world
        last = ending.flatMap { $0.wasKilled || $0.command.isDryRun ? nil : $0 }
        if let last, last.error != nil { take(last) }
    }

    /// Goes this way first.
    init(_ crossroads: WalkCrossroads, taking way: [WalkAdvice.Deed]) {
        world = crossroads.world
        last = crossroads.ending
        todo = way
    }

    /// Follows until the rotation is finished or nothing leads on.
    mutating func run(_ memory: inout WalkMemory) -> End {
        while true {
            if todo.isEmpty {
                if let end = end() {
                    if end == .finished, complaints.isEmpty {
                        for entry in passed { memory.finishes[entry.state] = commands - entry.commands }
                    }
                    return end
                }
                guard let next = world.nextCommand else { return .lost("ork-status names nothing next") }
                let state = world.fingerprint
                if let rest = memory.finishes[state], commands + rest <= Self.limit { return .joined }
                passed.append((state, commands))
                todo = [.run(next)]
            }
            perform(todo.removeFirst())
            if isTired {
                return .lost("twelve commands: " + (last?.error?.message ?? last?.done.last ?? "nothing was said"))
            }
        }
    }

    private func end() -> End? {
        if last?.error == nil, world.state?.isFinished ?? false { return .finished }
        if let error = last?.error { return .lost(error.message + (error.hint.map { " | " + $0 } ?? "")) }
        return nil
    }

    private mutating func perform(_ deed: WalkAdvice.Deed) {
        switch deed {
        case .wait:
            wait()
        case .repair(let repair):
            let isDone = world.do(repair, told: last?.error?.message ?? "")
            trail.append("(by hand: \(repair.rawValue)\(isDone ? "" : ", which is not there"))")
            guard isDone else { return takeNextWay() }
            // Another rotation is in hand: what comes next is said by its own handoff.
            if repair == .otherHandoff || repair == .newerHandoff {
                turn()
                todo = []
                last = nil
            }
        case .again:
            if let last { run(last.command, again: true) }
        case .run(let command):
            guard let command = world.completed(command) else {
                trail.append("(\(command): there is nothing to name)")
                return takeNextWay()
            }
            run(command, again: false)
        }
    }

    private mutating func turn() {
        turns += 1
        commands = 0
        passed = []
    }

    private mutating func wait() {
        let soon = world.simulated.now.addingTimeInterval(60)
        let date = max(soon, last?.error?.retryAt ?? soon)
        trail.append("(until \(date.rfc3339))")
        world.pass(until: date.addingTimeInterval(1))
    }

    /// A command that is tried again, after a wait or after something was put right by hand, is one. What an approver runs
    /// is another person's.
    private mutating func run(_ command: WalkCommand, again: Bool) {
        if !again, command.withoutWait != last?.command.withoutWait, command.program != "ork-approve" {
            isTired = commands >= Self.limit || turns > Self.turnLimit
            guard !isTired else { return }
            commands += 1
        }
        let before = world
        let ending = world.run(command)
        ran += 1
        if command.program == "ork-create", let old = before.state, world.state?.header.id != old.header.id { turn() }
        trail.append("\(command)\n        \(ending.text)")
        complaints += WalkOracle(before: before, after: world, ending: ending, isFollowed: true).complaints()
        take(ending)
    }

    private mutating func take(_ ending: WalkEnding) {
        last = ending
        if todo.contains(where: { if case .run = $0 { true } else { false } }), ending.error == nil { return }
        todo = []
        // A flag that was mistyped changes nothing.
        guard ending.error?.code != .usage else {
            last = nil
            return
        }
        guard ending.error != nil || ending.warnings.contains(where: { $0.contains("`ork-") }) else { return }
        takeNextWay()
    }

    /// Takes the first way that was not yet gone for this message.
    private mutating func takeNextWay() {
        todo = []
        guard let last else { return }
        let ways = last.ways
        crossroads.append(WalkCrossroads(world: world, ending: last))
        let message = Self.plain((last.error.map { [$0.message, $0.hint ?? ""] } ?? last.done).joined(separator: "; "))
        let count = readings[message, default: 0]
        readings[message] = count + 1
        if !ways.isEmpty, count < 2 * ways.count { todo = ways[count % ways.count] }
    }

    /// A message without moments and hashes.
    static func plain(_ text: String) -> String { String(text.filter { !$0.isNumber }) }
}

/// A state, and what the command that led to it has said.
struct WalkCrossroads {
    let world: WalkWorld
    let ending: WalkEnding

    /// The ways that can be gone here and have not been gone before where the same was said.
    func newWays(_ memory: inout WalkMemory) -> [[WalkAdvice.Deed]] {
        let message = WalkTally.plain(
            (ending.warnings + [ending.error?.message].compactMap(\.self)).joined(separator: "; "))
        return ending.ways.filter { way in
            let key = "\(message) | \(way)"
            return !memory.gone.contains(key) && isOpen(way) && memory.gone.insert(key).inserted
        }
    }

    private func isOpen(_ way: [WalkAdvice.Deed]) -> Bool {
        var world = world
        return way.allSatisfy { deed in
            switch deed {
            case .repair(let repair): world.do(repair, told: ending.error?.message ?? "")
            case .run(let command): world.completed(command) != nil
            case .again, .wait: true
            }
        }
    }
}

extension WalkEnding {
    /// The ways out that its messages show, the first one first.
    var ways: [[WalkAdvice.Deed]] {
        let texts = warnings + [error?.hint, error?.message].compactMap(\.self)
        var ways = texts.flatMap { WalkAdvice($0).ways }
        // Where the message says when, that is enough.
        if error?.retryAt != nil { ways.insert([.wait, .again], at: 0) }
        // So does this status: the service comes back.
        if error?.code == .unreachable { ways.insert([.repair(.service), .again], at: 0) }
        return ways
    }
}

extension WalkWorld {
    /// The command as it is typed here: with what only the person knows. `nil` if there is no such thing.
    mutating func completed(_ command: WalkCommand) -> WalkCommand? {
        var words = [command.program]
        for flag in command.flags {
            words.append(flag.name)
            switch (flag.name, flag.value) {
            case ("--handoff", "NEW"?), ("--handoff", "NEW.json"?), ("--handoff", "FILE"?):
                // A printed command names the rotation that it is about.
                rotation = lineageInHand
                words.append(newFile())
            case ("--predecessor", "name=NAME"?): words.append("name=\(lineageInHand.base)")
            case ("--to", "TARGET"?):
                guard let place = placeOfPredecessor else { return nil }
                words.append(place)
            // Every place here is the one that was meant.
            case ("--to", let form?) where form.hasSuffix("=PLACE"): return nil
            case ("--accept-target", let place?):
                // Whoever has looked does not write over a newer rotation's key.
                guard let state, !(simulated.holding(place).map { isNewer($0, than: state) } ?? false) else {
                    return nil
                }
                words.append(place)
            case (_, let value?): words.append(value)
            case (_, nil): break
            }
        }
        return WalkCommand(words.joined(separator: " "))
    }

    /// Where an application reads the predecessor that is no target.
    private var placeOfPredecessor: String? {
        guard let state else { return nil }
        let hashes = Set(state.header.predecessors.map(\.hash.description))
        return simulated.places.keys.sorted().first { place in
            !state.plan.targets.contains { $0.name.description == place }
                && simulated.holding(place).map { hashes.contains($0.hash) } ?? false
        }
    }

    /// Does a repair that a message tells; answers whether there was something to put right.
    mutating func `do`(_ repair: WalkAdvice.Repair, told message: String) -> Bool {
        let now = simulated.now
        switch repair {
        case .identity:
            guard identity == .wrong else { return false }
            identity = .right
        case .successor: return enable(key(.successor))
        case .predecessor: return enable(key(.predecessor))
        case .otherHandoff:
            // A rotation's handoff is found by its ID, which is in the name of the key that the message shows.
            let named = files.compactMap { name, paper in paper.state.map { (name: name, state: $0) } }.filter {
                $0.name != file && !$0.state.isFinished && message.contains($0.state.header.id.description)
            }
            guard let newest = named.max(by: { $0.state.header.id < $1.state.header.id }) else { return false }
            file = newest.name
        case .newerHandoff:
            guard let newest = newerHandoff else { return false }
            file = newest
        case .lostNewerHandoff: return newerHandoff == nil && !newerKeys.isEmpty
        case .name:
            guard let otherKey = key(.otherKey) else { return false }
            simulated.sandbox.rename(otherKey.hash, "\(otherKey.name) of another application", at: now)
        case .sealedCopy:
            guard
                let copy = copies.last(where: {
                    $0.handoff.header.digest == handoff?.header.digest && !$0.handoff.sealed.isEmpty
                })
            else {
                return false
            }
            replace(copy)
        case .application:
            isProbeBroken = false
            downUntil = [:]
            pass(60)
        case .places where state?.isRollingBack ?? false: return giveReadersThePredecessor()
        case .places:
            guard let state, let hash = state.created?.hash.description, let secret = plaintexts[hash] else {
                return false
            }
            for target in state.plan.targets { simulated.places[target.name.description] = secret }
            for key in state.header.predecessors {
                takeAway(key.hash.description, from: Set(state.plan.targets.map(\.name.description)))
            }
            pass(60)
        case .predecessorPlaces:
            return putPredecessor { place, _ in message.contains("\(place) ") || message.contains("\(place),") }
        case .predecessorReaders: return giveReadersThePredecessor()
        case .otherKey:
            guard let otherKey = key(.otherKey) else { return false }
            simulated.sandbox.setDisabled(otherKey.hash, at: now)
        case .room: break
        case .service:
            let ends = [unreachableUntil, rateLimitedUntil].compactMap(\.self) + downUntil.values
            pass(until: ends.max() ?? now.addingTimeInterval(60))
        }
        return true
    }

    /// The handoff of a rotation that is newer than the one in hand, and whose key is at a place of that.
    private var newerHandoff: String? {
        let held = newerKeys
        return files.first { name, paper in
            name != file && paper.state.map { !$0.isFinished && held.contains($0.header.id.description) } ?? false
        }?.key
    }

    /// The rotations that are newer than the one in hand, and whose keys are at places of that.
    private var newerKeys: [String] {
        guard let state else { return [] }
        return state.plan.targets.compactMap { simulated.holding($0.name.description) }
            .filter { isNewer($0, than: state) }.compactMap { KeyName(parsing: $0.name).rotation?.id }
    }

    /// Whether `ork-status --ask` shows the key as a newer rotation's.
    private func isNewer(_ key: ProviderKey, than state: State) -> Bool {
        let name = KeyName(parsing: key.name)
        return works(key) && name.base == state.header.base
            && name.rotation.map { $0.id > state.header.id.description } ?? false
    }

    /// Puts the predecessor at the places that are meant, and lets the applications work with it; `false` if it is gone.
    private mutating func putPredecessor(_ isMeant: (String, ProviderKey?) -> Bool) -> Bool {
        guard let key = key(.predecessor), let secret = plaintexts[key.hash], works(key) else { return false }
        let targets = state?.reachedTargets.map(\.name.description) ?? []
        for place in Set(simulated.places.keys).union(targets) where isMeant(place, simulated.holding(place)) {
            simulated.places[place] = secret
        }
        pass(60)
        return true
    }

    /// Whoever reads the successor somewhere gets the predecessor.
    private mutating func giveReadersThePredecessor() -> Bool {
        guard let successor = state?.created?.hash.description else { return false }
        return putPredecessor { _, key in key?.hash == successor }
    }

    /// Places that are not this rotation's and hold its predecessor get a key of their own again, if there is one.
    private mutating func takeAway(_ hash: String, from targets: Set<String>) {
        for place in simulated.places.keys where !targets.contains(place) && simulated.holding(place)?.hash == hash {
            let lineage = Lineage.allCases.first { $0.places.contains { $0.name == place } }
            let own = lineage.flatMap { lineage in
                keys(lineage.base).last { works($0) && $0.hash != hash && plaintexts[$0.hash] != nil }
            }
            simulated.places[place] = own.flatMap { plaintexts[$0.hash] }
        }
    }

    private mutating func enable(_ key: ProviderKey?) -> Bool {
        guard let key, key.deletedAt == nil else { return false }
        simulated.sandbox.setDisabled(key.hash, false, at: simulated.now)
        return true
    }
}

/// From which states a person has come to the end already, and with how many commands.
struct WalkMemory {
    var finishes: [String: Int] = [:]
    /// The ways that somebody has gone, each with what was said there.
    var gone: Set<String> = []
}
