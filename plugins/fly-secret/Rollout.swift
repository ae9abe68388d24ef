import FoundationEssentials
import JSON
import PublisherKit
import Secrets
import Timestamps

/// Brings a secret that was written to the machines of its app, so that some of each group always run.
struct Rollout {
    let target: SecretTarget
    /// What a machine has to have at least to have the secret.
    let version: Int?
    /// What the receipt says of each machine, by its id.
    private(set) var machines: JSONObject = [:]
    private var updated = 0
    private var left: [ServiceID] = []
    /// Those that there was no time for, and the one that they wait for.
    private var waiting: [ServiceID] = []
    private var slow: String?

    init(of target: SecretTarget, since version: Int?) {
        self.target = target
        self.version = version
    }

    /// Notes what there is, for whoever brings it there in another way.
    mutating func note(_ all: [Machine]) {
        for machine in all { note(machine.id, machine.version.description, is: nil, machine.state) }
    }

    /// First those that do not run, which stay so, then the others, a third of each group at a time: the next third follows
    /// once this one runs and is well, if there is time for it.
    mutating func run(_ all: [Machine]) throws(ServiceError) {
        note(all)
        left = all.filter { $0.isEphemeral && $0.isRunning }.map(\.id)
        let ours = all.filter { !$0.isEphemeral || !$0.isRunning }
        let reached = ours.filter { $0.config != nil }
        for machine in reached where !machine.isRunning {
            if target.hasTime { try settle(update([machine])) } else { waiting.append(machine.id) }
        }
        let waves = Machine.waves(reached.filter(\.isRunning))
        for (number, wave) in waves.enumerated() {
            guard slow == nil, target.hasTime else {
                waiting += waves[number...].flatMap { $0.map(\.id) }
                return
            }
            try settle(update(wave))
        }
        if let lost = ours.first(where: { $0.config == nil }) { throw told(target.unreachable(lost)) }
    }

    private mutating func update(_ wave: [Machine]) throws(ServiceError) -> [SecretTarget.Updated] {
        var sent: [SecretTarget.Updated] = []
        for machine in wave {
            do throws(ServiceError) {
                guard let update = try target.update(machine, since: version) else {
                    machines[machine.id.description] = nil
                    continue
                }
                note(machine.id, update.was.version.description, is: update.version, update.was.state)
                sent.append(update)
            } catch { throw told(error) }
        }
        return sent
    }

    /// Waits for those that are to run.
    private mutating func settle(_ wave: [SecretTarget.Updated]) throws(ServiceError) {
        for update in wave {
            updated += 1
            if update.isLaunched { try awaitRunning(update.was.id, after: update.was.version.description) }
        }
    }

    private mutating func awaitRunning(_ id: ServiceID, after version: String) throws(ServiceError) {
        do throws(ServiceError) {
            let (state, isWell) = try target.awaitRunning(id, after: version)
            if !isWell { slow = slow ?? "machine \(id) is not well yet (\(state))" }
            guard let entry = machines[id.description]?.object else { return }
            var seen = entry
            seen["state"] = .string(state)
            machines[id.description] = .object(seen)
        } catch { throw told(error) }
    }

    private mutating func note(_ id: ServiceID, _ was: String, is version: ServiceID?, _ state: String) {
        var entry: JSONObject = ["was": .string(was), "state": .string(state)]
        entry["is"] = version.map { .string($0.description) }
        machines[id.description] = .object(entry)
    }

    private func told(_ failure: ServiceError) -> ServiceError {
        guard updated > 0 else { return failure }
        var failure = failure
        let done = machines.members.count { $0.value["is"] != nil }
        failure.error.message = "\(done) of \(machines.members.count) machines have it, and \(failure.error.message)"
        return failure
    }

    /// For people: `updated 3 machines (1 not running, and left so)`.
    var told: String {
        guard !machines.isEmpty else { return "no machine is there yet: the first deployment takes it up" }
        let still = machines.members.count { $0.value["is"] != nil && $0.value["state"] != "started" }
        let idle = still == 0 || updated == 0 || slow != nil ? "" : " (\(still) not running, and left so)"
        let names = { (ids: [ServiceID]) in ids.prefix(8).map(\.description).joined(separator: ", ") }
        let notes = [
            updated == 0 ? nil : "updated \(updated) \(updated == 1 ? "machine" : "machines")\(idle)",
            left.isEmpty ? nil : "left \(names(left)) alone: machines with auto_destroy are not restarted", slow,
            waiting.isEmpty
                ? nil
                : "there was no time left for \(names(waiting)): `\(target.deployCommand)` goes on",
        ].compactMap(\.self)
        return notes.joined(separator: "; ")
    }
}

extension SecretTarget {
    /// How long a machine without checks has to run before it counts as well, as in Fly's own deployments.
    private static var trial: TimeInterval { 10 }

    /// Whether it is worth beginning with another machine.
    var hasTime: Bool { clock.now.addingTimeInterval(2 * Self.trial) < deadline }

    /// Returns the state of a machine once it runs in another version than this one and is well, or once there is no more
    /// time. Refuses one that does not come up.
    func awaitRunning(_ id: ServiceID, after version: String) throws(ServiceError) -> (state: String, isWell: Bool) {
        var runsSince: Date?
        var idleSince: Date?
        while true {
            guard let now = try machine(id) else { return ("destroyed", true) }
            let moment = clock.now
            // What is read may lag behind the update.
            if now.version.description != version {
                if now.isStarted {
                    runsSince = runsSince ?? moment
                    let isWell = now.isHealthy ?? (moment.timeIntervalSince(runsSince ?? moment) >= Self.trial)
                    if isWell { return (now.state, true) }
                } else if now.isFailed {
                    throw failed(id, "did not start (\(now.state))")
                } else if !now.isRunning {
                    idleSince = idleSince ?? moment
                    if now.stopsByItself { return (now.state, true) }
                    if runsSince != nil { throw failed(id, "started and ended (\(now.state))") }
                    if moment.timeIntervalSince(idleSince ?? moment) >= Self.trial {
                        throw failed(id, "did not start (\(now.state))")
                    }
                }
            }
            guard moment.addingTimeInterval(3) < deadline else {
                let check = now.failedCheck.map { ", check \($0) fails" } ?? ""
                return (now.state + check, false)
            }
            clock.sleep(until: moment.addingTimeInterval(1))
        }
    }

    private func failed(_ id: ServiceID, _ what: String) -> ServiceError {
        ServiceError(
            PublisherError(
                .unavailable, "machine \(id) \(what), so no other was updated after it",
                hint: "look at `fly logs -i \(id)`, then run the step again", field: "with.redeploy"))
    }
}
