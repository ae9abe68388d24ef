import FoundationEssentials
import JSON
import PublisherKit
import Secrets
import Sodium

// Several records are one target: all are read before any is written, each is written on its own, and what became of which
// is told.
extension VercelTarget {
    /// The records of a target, and how what they hold compares.
    struct Look {
        let choice: RecordChoice
        /// The comparison is `nil` where nobody can read the value.
        let items: [(record: VariableRecord, comparison: Comparison?)]

        /// When the last of them was written, by Vercel's clock, in milliseconds.
        var written: Int? { items.compactMap(\.record.updatedAt).max() }
    }

    /// What was written, by whom it is for.
    struct Written {
        let choice: RecordChoice
        var created: [String] = []
        var updated: [String] = []
        /// What nobody could compare before.
        var unseen: [String] = []
        /// The moment of each record, by Vercel's clock, in milliseconds.
        var moments: [ServiceID: Int] = [:]

        var isUnchanged: Bool { created.isEmpty && updated.isEmpty }

        /// What is written a second time is told once.
        mutating func note(updated name: String) {
            if !updated.contains(name), !created.contains(name) { updated.append(name) }
        }

        /// For people; `nil` if nothing was written.
        func told(_ variable: String) -> String? {
            let parts = [("updated", updated), ("created", created)].filter { !$0.1.isEmpty }
            let told = parts.map { "\($0.0) \(variable) for \($0.1.joined(separator: ", "))" }
            return told.isEmpty ? nil : told.joined(separator: "; ")
        }
    }

    /// Reads the records that the target is about. A record that goes meanwhile is looked for again.
    func look(_ request: PublisherRequest, _ project: Project) throws(ServiceError) -> Look {
        for _ in 1...3 {
            let records = try records()
            let choice = try stated { () throws(PublisherError) in
                try RecordChoice(settings, among: records, in: project.names)
            }
            var contents: [(record: VariableRecord, content: Content)] = []
            for record in choice.chosen {
                if let content = try content(of: record) { contents.append((record, content)) }
            }
            guard contents.count == choice.chosen.count else { continue }
            // What is compared first is what the target is said to have held: the successor only if all of them hold it.
            let (ours, others) = (
                contents.filter { holds($0.content, request) }, contents.filter { !holds($0.content, request) }
            )
            return Look(choice: choice, items: (others + ours).map { ($0.record, comparison($0.content, request)) })
        }
        throw ServiceError(unsettled)
    }

    private func holds(_ content: Content, _ request: PublisherRequest) -> Bool {
        if case .value(let value) = content { Digest(of: value) == request.digest } else { false }
    }

    private func comparison(_ content: Content, _ request: PublisherRequest) -> Comparison? {
        switch content {
        case .value(let value): request.compare(held: value)
        case .nothing: request.compare(held: nil as Secret?)
        case .unseen: nil
        }
    }

    /// Refuses a value that this rotation does not know, and to make what nobody said was to be made.
    func judge(_ look: Look, _ request: PublisherRequest, _ project: Project) throws(ServiceError) {
        if let (record, _) = look.items.first(where: { $0.comparison == .other }) {
            throw ServiceError(
                PublisherError(
                    .conflict,
                    "\(settings.variable) for \(project.names.describe(record)) holds a value that this rotation does not know",
                    hint: "check that project, name and environments are right", field: "with.name"))
        }
        guard let absence = absence(look, project) else { return }
        let refusal = request.refusalToMake(
            absence, hint: "check the spelling of project, name and environments", field: "with.name")
        if let refusal { throw ServiceError(refusal) }
        if look.choice.chosen.isEmpty, look.choice.missing.isEmpty {
            throw ServiceError(
                Settings.error(
                    "environments", "\(settings.variable) is to be made, and nothing says for which environments",
                    hint: "name them, as environments: [production]"))
        }
    }

    /// What is missing, for people; `nil` if nothing is.
    func absence(_ look: Look, _ project: Project) -> String? {
        if look.choice.chosen.isEmpty, look.choice.missing.isEmpty { return "no variable \(settings.variable)" }
        if !look.choice.missing.isEmpty {
            return "no variable \(settings.variable) for \(project.names.names(look.choice.missing))"
        }
        let empty = look.items.first { $0.comparison == .nothing }
        return empty.map { "no value in \(settings.variable) for \(project.names.describe($0.record))" }
    }

    /// Writes what does not hold the key yet. What comes between reading and writing, and an answer that got lost, is met by
    /// reading again, a few times.
    func write(_ secret: Secret, _ request: PublisherRequest, _ project: Project) throws(ServiceError) -> Written {
        var written: Written?
        /// Writes whose answer was lost or is none, and what Vercel showed before.
        var doubts: [ServiceID: Int?] = [:]
        var doubt: ServiceError?
        /// Why nothing could be made, if that is all that is known.
        var obstacle: ServiceError?
        /// What may have been made although nobody said so.
        var perhapsMade: [VercelEnvironment] = []
        for _ in 1...4 {
            let look = try after(written, doubt) { () throws(ServiceError) in
                let look = try self.look(request, project)
                try judge(look, request, project)
                _ = try redeploy(for: look.choice)
                return look
            }
            var round = Written(choice: look.choice)
            if let written {
                (round.created, round.updated, round.moments) = (written.created, written.updated, written.moments)
            }
            var failure: ServiceError?
            var isSettled = true
            func settle(_ error: ServiceError, _ id: ServiceID?, before: Int?) {
                if error.mayHaveTakenEffect || error.isTaken {
                    isSettled = false
                    if error.mayHaveTakenEffect { doubt = error } else { obstacle = error }
                    if let id { doubts[id] = before }
                } else {
                    failure = failure ?? error
                }
            }
            for (record, comparison) in look.items {
                let name = project.names.names(record.environments)
                if comparison == nil { round.unseen.append(name) }
                let hasMoved = doubts[record.id].map { $0 != record.updatedAt } ?? false
                if comparison == .same || comparison == nil && (hasMoved || round.moments[record.id] != nil) {
                    if doubts.removeValue(forKey: record.id) != nil { round.note(updated: name) }
                    if record.environments.contains(where: perhapsMade.contains) { round.created.append(name) }
                    perhapsMade.removeAll { record.environments.contains($0) }
                    round.moments[record.id] = round.moments[record.id] ?? record.updatedAt
                    continue
                }
                do throws(ServiceError) {
                    if let moment = try update(record, secret, for: name) {
                        round.note(updated: name)
                        round.moments[record.id] = moment.milliseconds
                    } else {
                        isSettled = false
                    }
                } catch {
                    settle(error, record.id, before: record.updatedAt)
                }
            }
            for environments in Self.groups(look.choice.missing) {
                do throws(ServiceError) {
                    let moment = try make(environments, secret)
                    round.created.append(project.names.names(environments))
                    round.moments[moment.id] = moment.milliseconds
                } catch {
                    if error.mayHaveTakenEffect { perhapsMade += environments }
                    settle(error, nil, before: nil)
                }
            }
            written = round
            if let failure { throw after(written, doubt, failure) }
            if isSettled { return round }
        }
        throw after(written, nil, doubt ?? obstacle ?? ServiceError(unsettled))
    }

    /// A branch has a record of its own, all else one together.
    private static func groups(_ missing: [VercelEnvironment]) -> [[VercelEnvironment]] {
        let branches = missing.filter { if case .branch = $0 { true } else { false } }
        let rest = missing.filter { !branches.contains($0) }
        return (rest.isEmpty ? [] : [rest]) + branches.map { [$0] }
    }

    private func after<Value>(
        _ written: Written?, _ doubt: ServiceError?, _ body: () throws(ServiceError) -> Value
    ) throws(ServiceError) -> Value {
        do throws(ServiceError) { return try body() } catch { throw after(written, doubt, error) }
    }

    /// What failed, behind what was written before.
    private func after(_ written: Written?, _ doubt: ServiceError?, _ failure: ServiceError) -> ServiceError {
        guard let told = written?.told(settings.variable) else { return failure.doubted(doubt != nil) }
        var failure = failure.doubted(true)
        failure.error.message = "\(told), but \(failure.error.message)"
        return failure
    }

    private var unsettled: PublisherError {
        PublisherError(
            .conflict, "\(settings.variable) changes faster than it can be written",
            hint: "look who else writes it, and run the step again", field: "with.name")
    }

    /// A mistake in the settings is one before anything is sent.
    func stated<Value>(_ body: () throws(PublisherError) -> Value) throws(ServiceError) -> Value {
        do throws(PublisherError) { return try body() } catch { throw ServiceError(error) }
    }
}
