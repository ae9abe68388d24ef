import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import Timestamps

// A machine gets a secret when it is made anew from its configuration, and by nothing else that is certain: so it is updated
// with the configuration that it has, as `fly secrets deploy` does it.
extension SecretTarget {
    /// A machine, before and after its update.
    struct Updated {
        let was: Machine
        let version: ServiceID
        /// Whether it was to run again.
        let isLaunched: Bool
    }

    /// Updates a machine in place, under its lease, and leaves one that does not run as it is. `nil` if it is gone.
    func update(_ machine: Machine, since version: Int?) throws(ServiceError) -> Updated? {
        for _ in 1...4 {
            guard let lease = try lease(machine.id) else { return nil }
            defer { release(lease, of: machine.id) }
            // Under the lease nobody else changes it.
            guard let now = try self.machine(machine.id) else { return nil }
            let isLaunched = now.isRunning
            do throws(ServiceError) {
                if let made = try send(now, lease, since: version) {
                    return Updated(was: now, version: made, isLaunched: isLaunched)
                }
            } catch {
                // The answer may be lost, and the update not.
                guard error.mayHaveTakenEffect else { throw error }
                guard let after = try self.machine(machine.id) else { return nil }
                if after.version != now.version {
                    return Updated(was: now, version: after.version, isLaunched: isLaunched)
                }
            }
        }
        throw ServiceError(
            PublisherError(
                .conflict, "machine \(machine.id) cannot be updated: it changes, or answers get lost",
                hint: "look who else deploys app \(settings.app), and run the step again", field: "with.app"))
    }

    /// The new version; `nil` if the machine has changed since it was read.
    private func send(_ machine: Machine, _ lease: Secret, since version: Int?) throws(ServiceError) -> ServiceID? {
        guard let config = machine.config else { throw unreachable(machine) }
        var body: JSONObject = [
            "config": .object(config), "current_version": .string(machine.version.description),
            "skip_launch": .bool(!machine.isRunning),
        ]
        body["region"] = machine.region.map(JSONValue.string)
        body["min_secrets_version"] = version.map { .number(JSONNumber($0)) }
        // Without the word its services would be switched on.
        if machine.isCordoned { body["skip_service_registration"] = true }
        var call = call(
            .post, path(of: machine.id), body: body, statuses: [200, 409], to: "update machine \(machine.id)")
        call.headers = [(Self.nonce, lease.revealed() ?? "")]
        let answer = try client.send(call, until: deadline)
        guard answer.status == 200 else { return nil }
        let made = try Machine(answer.object())
        guard made.id == machine.id, made.version != machine.version else {
            throw answer.surprise("not about an updated machine")
        }
        return made.version
    }

    func unreachable(_ machine: Machine) -> ServiceError {
        ServiceError(
            PublisherError(
                .unavailable, "machine \(machine.id) cannot be updated: Fly.io does not reach its host",
                hint: "run the step again later, or replace the machine: `fly machine destroy --force \(machine.id)`",
                field: "with.app"))
    }

    // MARK: Leases

    /// How long nobody else may change a machine; a run that died keeps it so much longer.
    private static let leaseSeconds = 30
    private static let nonce = "fly-machine-lease-nonce"

    /// Waits for the lease of a machine while somebody else has it. `nil` if the machine is gone.
    private func lease(_ id: ServiceID) throws(ServiceError) -> Secret? {
        // Longer than one of a run that died.
        let end = clock.now.addingTimeInterval(2 * Double(Self.leaseSeconds))
        while true {
            var call = call(
                .post, path(of: id) + ["lease"],
                body: ["ttl": .number(JSONNumber(Self.leaseSeconds)), "description": "ork"],
                statuses: [200, 201, 404, 409],
                to: "lease machine \(id)")
            // A lease that nobody uses ends by itself.
            call.isWrite = false
            call.isIdempotent = true
            let answer = try client.send(call, until: deadline)
            switch answer.status {
            case 409:
                guard clock.now < end else {
                    let words = answer.words.map { ": \($0)" } ?? ""
                    throw ServiceError(
                        PublisherError(
                            .conflict, "machine \(id) is leased by somebody else\(words)",
                            hint: "a deployment may be under way: run the step again once it has ended",
                            field: "with.app"))
                }
                clock.sleep(until: clock.now.addingTimeInterval(2))
            case 404:
                guard answer.words != nil else { throw client.refusal(answer, to: call) }
                return nil
            default:
                let object = try answer.object()
                // The published document and Fly's own client disagree about where it stands.
                guard let nonce = object["nonce"]?.string ?? object["data"]?["nonce"]?.string,
                    (1...200).contains(nonce.utf8.count), nonce.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
                else { throw answer.surprise("without the lease") }
                return Secret(nonce)
            }
        }
    }

    private func release(_ lease: Secret, of id: ServiceID) {
        var call = call(
            .delete, path(of: id) + ["lease"], statuses: Set(200...299).union([404]), to: "release machine \(id)")
        call.headers = [(Self.nonce, lease.revealed() ?? "")]
        call.isWrite = false
        // One that stays ends by itself.
        _ = try? client.send(call, until: deadline)
    }
}
