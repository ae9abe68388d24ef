import FoundationEssentials
import JSON
import PublisherKit
import Secrets
import Timestamps

extension SecretTarget {
    /// Reads what publishing reads first, and refuses services that a new version would not reach.
    func check(_ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        _ = try hook()
        let comparison = try judge(newest(), request)
        let states = try usedStates()
        let held = states.filter { !$0.followsLatest }
        let notes = [
            comparison == .nothing
                ? "would write \(settings.place); \(request.noteOfMaking(absence))" : "would write \(settings.place)",
            effect,
            settings.redeploy == .yes ? "would make a new revision of \(names(settings.services))" : nil,
            held.isEmpty
                ? nil
                : "\(names(held.map(\.service))) sends requests to revisions by name: after ork-publish, run \(Self.toLatest(held[0].service))",
        ]
        return PublisherAnswer(.ready, message: joined(notes))
    }

    /// Compares and writes, then has the services make new revisions.
    func publish(_ secret: Secret, _ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        let hook = try hook()
        let states = settings.redeploy == .yes ? try usedStates() : []
        let written = try write(secret, request)
        let told =
            written.isUnchanged
            ? "\(settings.place) has the key already" : "added version \(written.number) of \(settings.place)"
        var receipt: JSONObject = [
            "version": .string(String(written.number)), "written_for": .string(request.digest.description),
        ]
        receipt["change"] = written.change.map { .string($0) }
        receipt["written"] = written.moment.map { .string($0.text) }
        var notes: [String?] = [told, effect]
        try ServiceError.after(told) { () throws(ServiceError) in
            if settings.redeploy != .no { try awaitLatest(written.number, hint: "then `ork-publish` again") }
            if let hook {
                try hook.call(by: client, hiding: secret, until: deadline)
                receipt["redeployed"] = "hook"
                notes.append("called the deploy hook")
            } else if settings.redeploy == .yes {
                var services: JSONObject = [:]
                for state in states {
                    let made = try renew(state, since: written.moment?.date, isUnchanged: written.isUnchanged)
                    services[state.service.description] = .object(made)
                    let revision = made["revision"]?.string.map { "revision \($0)" } ?? "a new revision"
                    notes.append("\(state.service) makes \(revision)")
                }
                receipt["services"] = .object(services)
                receipt["redeployed"] = true
            }
        }
        return PublisherAnswer(written.isUnchanged ? .unchanged : .committed, receipt: receipt, message: joined(notes))
    }

    /// Reads the newest version back, and whether what serves was made after it.
    func verify(_ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        let newest = try self.newest()
        switch request.compare(held: newest?.value) {
        case .nothing: return PublisherAnswer(.absent)
        case .expected, .other: return PublisherAnswer(.mismatch)
        case .same: break
        }
        if let newest, newest.latest < newest.number { throw notLatest(newest.latest, hint: NotInEffect.waiting) }
        guard let newest, settings.redeploy != .no, !settings.services.isEmpty else {
            guard case .hook = settings.redeploy else { return PublisherAnswer(.match, message: effect) }
            return PublisherAnswer(
                .unverifiable,
                message: "the hook's deployment cannot be seen: name the services, or give ork-verify a probe")
        }
        let moment = try moment(of: newest, request)
        let states = try settings.services.map { service throws(ServiceError) in
            try requireServed(service, since: moment, request)
        }
        return PublisherAnswer(.match, message: joined(["holds the successor"] + states))
    }

    /// The services, each of which has the secret.
    private func usedStates() throws(ServiceError) -> [ServiceState] {
        let states = try settings.services.map { service throws(ServiceError) in try state(service) }
        for state in states { try requireReference(state) }
        return states
    }

    private struct Written {
        let number: Int
        let isUnchanged: Bool
        let change: String?
        /// When it was there at the latest, by Google's clock.
        let moment: Moment?
    }

    /// Each write is another version, so an answer that was lost is settled by reading.
    private func write(_ secret: Secret, _ request: PublisherRequest) throws(ServiceError) -> Written {
        var doubt: ServiceError?
        var change: String?
        for _ in 1...4 {
            let newest = try ServiceError.after(doubt) { () throws(ServiceError) in try self.newest() }
            let comparison = try ServiceError.after(doubt) { () throws(ServiceError) in try judge(newest, request) }
            if comparison == .same, let newest {
                let moment = try made(newest.number) ?? newest.read.map(Moment.init)
                return Written(number: newest.number, isUnchanged: doubt == nil, change: change, moment: moment)
            }
            change = comparison == .nothing ? "created" : "updated"
            do throws(ServiceError) {
                let added = try add(secret)
                return Written(
                    number: added.number, isUnchanged: false, change: doubt == nil ? change : nil, moment: added.made)
            } catch {
                guard error.mayHaveTakenEffect else { throw error.doubted(doubt != nil) }
                doubt = error
            }
        }
        throw doubt ?? ServiceError(conflict)
    }

    /// When the newest version was made: by Google, and only where the token may not ask, by the receipt.
    private func moment(of newest: Version, _ request: PublisherRequest) throws(ServiceError) -> Date {
        if let made = try made(newest.number) { return made.date }
        let receipt = request.receipt ?? [:]
        if receipt["written_for"]?.string == request.digest.description,
            receipt["version"]?.string == String(newest.number),
            let written = receipt["written"]?.string.flatMap({ Date(rfc3339: $0) })
        {
            return written
        }
        throw NotInEffect.error(
            .denied, at: settings.place, "the token may not read when it was made",
            hint: "give the token roles/secretmanager.viewer on this secret; or \(NotInEffect.again(request))")
    }

    /// How the newest version compares. Refuses a value that this rotation does not know, and to make what nobody said was to be
    /// made.
    private func judge(_ newest: Version?, _ request: PublisherRequest) throws(ServiceError) -> Comparison {
        let comparison = request.compare(held: newest?.value)
        switch comparison {
        case .same, .expected: break
        case .other: throw ServiceError(conflict)
        case .nothing:
            let refusal = request.refusalToMake(
                absence,
                hint:
                    "check the spelling of project and name; `gcloud secrets create \(settings.name)` makes the secret",
                field: "with.name")
            if let refusal { throw ServiceError(refusal) }
        }
        return comparison
    }

    private func hook() throws(ServiceError) -> DeployHook? {
        try settings.redeploy.hook(of: cloudRun.service.name, environment: environment)
    }

    private var conflict: PublisherError {
        PublisherError(
            .conflict, "\(settings.place) holds a value that this rotation does not know",
            hint: "check that project and name are right", field: "with.name")
    }

    private var absence: String { "no version of \(settings.place)" }

    /// How what nobody deploys here comes into effect.
    private var effect: String? {
        settings.redeploy == .no
            ? "whatever reads 'latest' gets it when it next reads or starts; instances of Cloud Run keep what they began with"
            : nil
    }

    private func names(_ services: [RunService]) -> String { services.map(\.description).joined(separator: ", ") }
}
