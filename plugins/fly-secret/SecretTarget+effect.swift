import FoundationEssentials
import JSON
import PublisherKit
import Secrets
import Timestamps

// A machine keeps the secrets that it was made with. Each update gives it another version, so one that has the version from
// before the write has the predecessor, and any other has what was there after it.
extension SecretTarget {
    /// Refuses while a machine may have the predecessor; else says what runs.
    func requireInEffect(
        _ machines: [Machine], _ receipt: WrittenReceipt?, _ request: PublisherRequest
    ) throws(ServiceError) -> String {
        guard let receipt else {
            throw notInEffect(.conflict, "its machines were not updated with it", hint: again(request))
        }
        let earlier = machines.filter { !receipt.isLater($0) }
        if let machine = earlier.first(where: { !($0.isEphemeral && $0.isRunning) }) {
            let others = earlier.count == 1 ? "" : ", and \(earlier.count - 1) more,"
            if receipt.isByHook {
                throw notInEffect(
                    .unavailable, "machine \(machine.id)\(others) was not updated by the hook yet",
                    hint: NotInEffect.waiting)
            }
            throw notInEffect(
                .conflict, "machine \(machine.id)\(others) was not updated since",
                hint: "`\(deployCommand)` does that; or \(again(request))")
        }
        if let machine = earlier.first {
            throw notInEffect(
                .unavailable, "machine \(machine.id) still runs with the predecessor, until it destroys itself",
                hint: "\(NotInEffect.waiting); or end it: `fly machine destroy --force \(machine.id)`")
        }
        let running = machines.filter(\.isRunning)
        if let machine = running.first(where: { !$0.isStarted }) {
            throw notInEffect(
                .unavailable, "machine \(machine.id) is not started yet (\(machine.state))", hint: NotInEffect.waiting)
        }
        if let machine = running.first(where: { $0.failedCheck != nil }) {
            throw notInEffect(
                .unavailable, "machine \(machine.id) fails its check \(machine.failedCheck ?? "")",
                hint: "look at `fly logs -i \(machine.id)`; \(NotInEffect.waiting)")
        }
        let idle = machines.filter { !$0.isRunning }
        if let machine = idle.first(where: \.isFailed), running.isEmpty {
            throw notInEffect(
                .unavailable, "machine \(machine.id) failed (\(machine.state)), and no other runs",
                hint: "look at `fly logs -i \(machine.id)`; \(again(request))")
        }
        let notes = [
            running.isEmpty
                ? "no machine runs now" : "\(list(running)) \(running.count == 1 ? "runs" : "run") with it (started)",
            idle.isEmpty
                ? nil
                : "\(list(idle)) \(idle.count == 1 ? "takes it up when it starts" : "take it up when they start") (\(states(idle)))",
        ]
        return joined(notes)
    }

    /// What writes once more, as a request to publish does not tell what was written before, and updates all machines.
    func again(_ request: PublisherRequest) -> String {
        "`ork-publish --accept-target \(request.target)` writes it again and updates them all"
    }

    private func states(_ machines: [Machine]) -> String {
        Set(machines.map(\.state)).sorted().joined(separator: ", ")
    }

    private func notInEffect(_ code: PublisherError.Code, _ why: String, hint: String) -> ServiceError {
        NotInEffect.error(code, at: settings.place, why, hint: hint)
    }
}

/// What the receipt says of a write and of the machines then, if it is about the key of the request.
struct WrittenReceipt {
    let isByHook: Bool
    /// The version of the app's secrets that has it.
    let version: Int?
    private let written: Date?
    private let machines: JSONObject

    init?(_ request: PublisherRequest) {
        guard let receipt = request.receipt, receipt["written_for"]?.string == request.digest.description,
            receipt["redeployed"] != nil, let machines = receipt["machines"]?.object
        else { return nil }
        self.machines = machines
        isByHook = receipt["redeployed"] == "hook"
        version = receipt["secrets_version"]?.string.flatMap { Int($0) }
        written = receipt["written"]?.string.flatMap { Date(rfc3339: $0) }
    }

    /// Whether the machine was made, or updated, after the write.
    func isLater(_ machine: Machine) -> Bool {
        if let was = machines[machine.id.description]?["was"]?.string { return machine.version.description != was }
        guard let written, let createdAt = machine.createdAt else { return false }
        return createdAt >= written
    }
}
