import FoundationEssentials
import JSON
import PublisherKit
import Secrets
import Timestamps

extension SecretTarget {
    /// Reads what publishing reads first, and tells which machines it would update.
    func check(_ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        _ = try hook()
        let before = try shown()
        let comparison = try judge(before, request)
        let machines = settings.redeploy == .no ? [] : try machines()
        let notes = [
            before == nil
                ? "would make \(settings.place); \(request.noteOfMaking(absence))" : "would write \(settings.place)",
            comparison == nil && before != nil ? notCompared : nil, effect,
            settings.redeploy == .yes ? plan(machines) : nil,
        ]
        return PublisherAnswer(.ready, message: joined(notes))
    }

    /// Writes, then updates the machines.
    func publish(_ secret: Secret, _ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        let hook = try hook()
        let before = try shown()
        let comparison = try judge(before, request)
        let written = try write(secret, over: before)
        let told = "\(written.change?.rawValue ?? "wrote") \(settings.place)"
        var receipt = receipt(written, request)
        var notes = [told, comparison == nil ? notCompared : nil, effect]
        if settings.redeploy != .no {
            try ServiceError.after(told) { () throws(ServiceError) in
                var rollout = Rollout(of: self, since: written.version)
                let machines = try machines()
                if let hook {
                    rollout.note(machines)
                    try hook.call(by: client, hiding: secret, until: deadline)
                    notes.append("called the deploy hook")
                } else {
                    try rollout.run(machines)
                    notes.append(rollout.told)
                }
                receipt["machines"] = .object(rollout.machines)
                receipt["redeployed"] = settings.redeploy == .yes ? true : "hook"
            }
        }
        return PublisherAnswer(.committed, receipt: receipt, message: joined(notes))
    }

    private func receipt(_ written: Written, _ request: PublisherRequest) -> JSONObject {
        var receipt = written.digest?.receipt(of: request) ?? [:]
        receipt["written_for"] = .string(request.digest.description)
        receipt["change"] = written.change.map { .string($0.rawValue) }
        receipt["secrets_version"] = written.version.map { .string(String($0)) }
        receipt["written"] = written.moment.map { .string($0.rfc3339) }
        return receipt
    }

    /// Compares the digest that Fly shows, and whether every machine was made after the write.
    func verify(_ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        let receipt = WrittenReceipt(request)
        guard let shown = try shown(atLeast: receipt?.version) else { return PublisherAnswer(.absent) }
        let comparison = shown.digest.flatMap { request.compare(shown: $0) }
        if let comparison, comparison != .same { return PublisherAnswer(.mismatch) }
        if comparison == nil, request.hasShownDigest, shown.digest != nil { return PublisherAnswer(.mismatch) }
        if comparison == nil, receipt == nil {
            return PublisherAnswer(.unverifiable, message: joined([notShown, again(request)]))
        }
        let state = settings.redeploy == .no ? nil : try requireInEffect(machines(), receipt, request)
        guard comparison != nil else {
            return PublisherAnswer(.unverifiable, message: joined([notShown, state]))
        }
        return PublisherAnswer(.match, message: state.map { "holds the successor; \($0)" } ?? effect)
    }

    /// How the secret compares; `nil` where that cannot be told. Refuses to make what nobody said was to be made.
    private func judge(_ before: Shown?, _ request: PublisherRequest) throws(ServiceError) -> Comparison? {
        guard let before else {
            let refusal = request.refusalToMake(
                absence, hint: "check the spelling of app and name", field: "with.name")
            if let refusal { throw ServiceError(refusal) }
            return .nothing
        }
        return before.digest.flatMap { request.compare(shown: $0) }
    }

    private func hook() throws(ServiceError) -> DeployHook? {
        try settings.redeploy.hook(of: client.service.name, environment: environment)
    }

    /// Which machines would be updated, and what is to be known of them before.
    private func plan(_ machines: [Machine]) -> String {
        guard !machines.isEmpty else { return "no machine is there yet: the first deployment takes it up" }
        let running = machines.filter(\.isRunning)
        let ephemeral = running.filter(\.isEphemeral)
        let alone = Machine.groups(running.filter { !$0.isEphemeral }).filter { $0.count == 1 }.flatMap(\.self)
        let notes = [
            "would update \(machines.count - ephemeral.count) machines, \(running.count - ephemeral.count) of which run",
            alone.isEmpty
                ? nil
                : "\(list(alone)) \(alone.count == 1 ? "is" : "are each") the only one of its group that runs: its group is down while it restarts",
            ephemeral.isEmpty
                ? nil : "\(list(ephemeral)) would end first: machines with auto_destroy are not restarted",
            list(machines.filter { $0.config == nil && !$0.isEphemeral }, "Fly.io does not reach the host of"),
        ]
        return joined(notes)
    }

    private func list(_ machines: [Machine], _ words: String) -> String? {
        machines.isEmpty ? nil : "\(words) \(list(machines))"
    }

    func list(_ machines: [Machine]) -> String { machines.prefix(8).map(\.id.description).joined(separator: ", ") }

    private var absence: String { "app \(settings.app) has no secret \(settings.name)" }

    private var notCompared: String { "it was not compared before: \(notShown)" }

    private var notShown: String {
        "Fly.io shows only a digest of \(settings.place), and does not say how it is made; give ork-verify a probe, which asks the application"
    }

    /// What updates machines without ork.
    var deployCommand: String { "fly secrets deploy -a \(settings.app)" }

    /// How what nobody updates here comes into effect.
    private var effect: String? {
        settings.redeploy == .no
            ? "machines get it when they are updated, as by `\(deployCommand)`; this target does not do that"
            : nil
    }
}
