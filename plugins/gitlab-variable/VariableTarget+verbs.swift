import JSON
import PublisherPlugin
import Secrets
import ServiceClient

extension VariableTarget {
    /// Reading takes the role that writing takes; only the token's scopes may allow less.
    func check(_ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        let variable = try read()
        if let variable { _ = try judge(variable, request) }
        let facts = try token.facts(client, until: deadline)
        guard facts.mayWrite != false else {
            throw ServiceError(
                PublisherError(
                    .denied, "the token in GITLAB_TOKEN can read \(settings.variable) and not write it",
                    hint: "make one with the scope api; read_api is not enough", field: settings.place.field))
        }
        let notes = [
            variable == nil ? "would make \(settings.variable)" : "would write \(settings.variable)",
            variable?.differences(from: settings.wishes),
            facts.expiresAt.map { "the token expires on \($0)" },
        ]
        return PublisherAnswer(.ready, message: notes.compactMap(\.self).joined(separator: "; "))
    }

    /// Compares and writes. What comes between reading and writing is met by reading again, a few times.
    func publish(_ secret: Secret, _ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        /// A write whose answer was lost or is none.
        var doubtful: (change: Change, error: ServiceError)?
        for _ in 1...4 {
            let held = try settle(doubtful?.error) { () throws(ServiceError) in
                let held = try read()
                return (
                    variable: held,
                    judgement: try held.map { variable throws(ServiceError) in
                        try judge(variable, request)
                    }
                )
            }
            if let variable = held.variable, held.judgement == .successor {
                guard let change = doubtful?.change else {
                    return PublisherAnswer(
                        .unchanged, receipt: receipt(variable), message: "\(settings.variable) holds the key already")
                }
                return committed(change, variable)
            }
            let change = held.variable == nil ? Change.created : .updated
            do throws(ServiceError) {
                guard let written = try change == .created ? create(secret) : update(secret) else { continue }
                guard written.isHidden || written.content == .value(request.digest) else {
                    throw ServiceError(
                        PublisherError(
                            .unavailable, "GitLab took the key for \(settings.variable) and shows another value",
                            hint: "run the step again, which compares anew"), mayHaveTakenEffect: true)
                }
                return committed(change, written, previous: held.variable)
            } catch {
                guard error.mayHaveTakenEffect else { throw error.doubted(doubtful != nil) }
                doubtful = (change, error)
            }
        }
        throw doubtful?.error ?? ServiceError(unsettled)
    }

    /// Reads the variable back.
    func verify(_ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        guard let variable = try read() else { return PublisherAnswer(.absent) }
        switch variable.content {
        case .nothing: return PublisherAnswer(.absent)
        case .value(let digest): return PublisherAnswer(digest == request.digest ? .match : .mismatch)
        case .hidden:
            return PublisherAnswer(
                .unverifiable, message: "\(settings.variable) is hidden: GitLab shows its value to nobody")
        }
    }

    private enum Change: String {
        case created, updated
    }

    private enum Judgement {
        case successor, replaceable
    }

    /// Tells what the variable holds, and refuses a value that this rotation does not know. What is hidden cannot be
    /// compared, and is taken for ours.
    private func judge(
        _ variable: Variable, _ request: PublisherRequest
    ) throws(ServiceError) -> Judgement {
        guard case .value(let digest) = variable.content else { return .replaceable }
        if digest == request.digest { return .successor }
        guard request.expect?.contains(digest) ?? true else {
            throw ServiceError(
                PublisherError(
                    .conflict, "\(settings.variable) holds a value that this rotation does not know",
                    hint: "look whether key, place and scope are right and whether another rotation writes there",
                    field: "with.key"))
        }
        return .replaceable
    }

    /// What fails after a write in doubt leaves the doubt.
    private func settle<Value>(
        _ doubt: ServiceError?, _ body: () throws(ServiceError) -> Value
    ) throws(ServiceError) -> Value {
        guard let doubt else { return try body() }
        return try ServiceError.after(doubt.error.message, body)
    }

    private func committed(_ change: Change, _ variable: Variable, previous: Variable? = nil) -> PublisherAnswer {
        var receipt = receipt(variable)
        receipt["change"] = .string(change.rawValue)
        let notes = [
            "\(change.rawValue) \(settings.variable)",
            change == .updated ? variable.differences(from: settings.wishes) : nil,
            previous?.isHidden == true ? "it is hidden, so that it was not compared before" : nil,
        ]
        return PublisherAnswer(
            .committed, receipt: receipt, message: notes.compactMap(\.self).joined(separator: "; "))
    }

    private func receipt(_ variable: Variable) -> JSONObject {
        var receipt: JSONObject = ["hidden": .bool(variable.isHidden)]
        if let scope = settings.place.environmentScope { receipt["environment_scope"] = .string(scope) }
        return receipt
    }

    private var unsettled: PublisherError {
        PublisherError(
            .conflict, "\(settings.variable) comes and goes: GitLab says that it is taken, and does not show it",
            hint: "look who else writes it; for a group, scopes need Premium, and one of scope * may be in the way",
            field: "with.environment_scope")
    }
}
