import JSON
import PublisherKit
import Secrets

extension VariableTarget {
    /// Reading takes the role that writing takes; only the token's scopes may allow less.
    func check(_ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        let variable = try read()
        let isMade = try judge(variable, request) == .made
        let facts = try token.facts(client, until: deadline)
        guard facts.mayWrite != false else {
            throw ServiceError(
                PublisherError(
                    .denied, "the token in GITLAB_TOKEN can read \(settings.variable) and not write it",
                    hint: "make one with the scope api; read_api is not enough", field: settings.place.field))
        }
        let notes = [
            isMade
                ? "would make \(settings.variable); \(request.noteOfMaking(absence(variable)))"
                : "would write \(settings.variable)",
            variable.flatMap(leftAsItIs),
            facts.expiresAt.map { "the token expires on \($0)" },
        ]
        return PublisherAnswer(.ready, message: joined(notes))
    }

    /// Compares and writes. What comes between reading and writing is met by reading again, a few times.
    func publish(_ secret: Secret, _ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        /// A write whose answer was lost or is none.
        var doubtful: (change: Change, error: ServiceError)?
        /// Other scopes that hold the key, as it was when ours was missing.
        var elsewhere: [String] = []
        for _ in 1...4 {
            let held = try ServiceError.after(doubtful?.error) { () throws(ServiceError) in try look(request) }
            if held.variable == nil { elsewhere = held.elsewhere }
            if let variable = held.variable, held.judgement == .successor {
                guard let change = doubtful?.change else {
                    let notes = [
                        "\(settings.variable) holds the key already", leftAsItIs(variable), alsoHeld(elsewhere),
                    ]
                    return PublisherAnswer(
                        .unchanged, receipt: receipt(variable, elsewhere), message: joined(notes))
                }
                guard change == .updated || !isReadableAgainstWish(variable) else { throw takeBackReadable(variable) }
                return committed(change, variable, elsewhere: elsewhere)
            }
            let change = held.variable == nil ? Change.created : .updated
            let writing: Writing
            do throws(ServiceError) {
                writing = try change == .created ? create(secret, request.digest) : update(secret, request.digest)
            } catch {
                guard error.mayHaveTakenEffect else { throw error.doubted(doubtful != nil) }
                doubtful = (change, error)
                continue
            }
            switch writing {
            case .overtaken: continue
            case .otherwise(let error): throw error.doubted(doubtful != nil)
            case .done(let variable, let isRepetition):
                // Reading a hidden variable does not tell who has written it.
                let isCertain = !isRepetition && (doubtful == nil || held.variable?.isHidden != true)
                return committed(
                    isCertain ? change : nil, variable, previous: held.variable, elsewhere: elsewhere)
            }
        }
        guard elsewhere.isEmpty else { throw stranded(elsewhere) }
        throw doubtful?.error ?? ServiceError(unsettled)
    }

    /// Reads the variable back.
    func verify(_ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        guard let variable = try read() else { return PublisherAnswer(.absent) }
        switch variable.content {
        case .nothing: return PublisherAnswer(.absent)
        case .value(let value):
            return PublisherAnswer(request.compare(held: value) == .same ? .match : .mismatch)
        case .hidden:
            return PublisherAnswer(
                .unverifiable,
                message: "\(settings.variable) is hidden: GitLab shows its value to nobody; give ork-verify a probe,"
                    + " which asks the application")
        }
    }

    private enum Change: String {
        case created, updated
    }

    private enum Judgement {
        case successor, replaceable
        /// There is nothing, and somebody has said that it is to be made.
        case made
    }

    /// Reads and judges; where there is nothing, it looks for the key under other scopes.
    private func look(
        _ request: PublisherRequest
    ) throws(ServiceError) -> (variable: Variable?, judgement: Judgement?, elsewhere: [String]) {
        let variable = try read()
        return (variable, try judge(variable, request), variable == nil ? try scopesElsewhere(request.digest) : [])
    }

    private func absence(_ variable: Variable?) -> String {
        "no \(variable == nil ? "variable" : "value at") \(settings.variable)"
    }

    /// Tells what the variable holds, and refuses a value that this rotation does not know, and to make what nobody said
    /// was to be made. What is hidden cannot be compared, and is taken for ours.
    private func judge(
        _ variable: Variable?, _ request: PublisherRequest
    ) throws(ServiceError) -> Judgement {
        let value: Secret?
        switch variable?.content {
        case .hidden: return .replaceable
        case .value(let held): value = held
        case .nothing, nil: value = nil
        }
        switch request.compare(held: value) {
        case .same: return .successor
        case .expected: return .replaceable
        case .nothing:
            let refusal = request.refusalToMake(
                absence(variable), hint: "check the spelling of key, place and scope", field: "with.key")
            if let refusal { throw ServiceError(refusal) }
            return .made
        case .other:
            throw ServiceError(
                PublisherError(
                    .conflict, "\(settings.variable) holds a value that this rotation does not know",
                    hint: "check that key, place and scope are right",
                    field: "with.key"))
        }
    }

    /// `change` is `nil` where it is not certain whether this write or an earlier one did it.
    private func committed(
        _ change: Change?, _ variable: Variable, previous: Variable? = nil, elsewhere: [String] = []
    ) -> PublisherAnswer {
        var receipt = receipt(variable, elsewhere)
        if let change { receipt["change"] = .string(change.rawValue) }
        let notes = [
            "\(change?.rawValue ?? "wrote") \(settings.variable)",
            change == .created
                ? variable.differences(from: settings.wishesForMaking).map { "GitLab made it otherwise: " + $0 }
                : leftAsItIs(variable),
            previous?.isHidden == true ? "it is hidden, so that it was not compared before" : nil,
            alsoHeld(elsewhere),
        ]
        return PublisherAnswer(.committed, receipt: receipt, message: joined(notes))
    }

    private func leftAsItIs(_ variable: Variable) -> String? {
        variable.differences(from: settings.wishes).map { "left as it is: " + $0 }
    }

    private func alsoHeld(_ scopes: [String]) -> String? {
        scopes.isEmpty ? nil : "\(settings.key) of scope \(scopes.joined(separator: ", ")) holds the key too"
    }

    private func receipt(_ variable: Variable, _ elsewhere: [String]) -> JSONObject {
        var receipt: JSONObject = ["hidden": .bool(variable.isHidden)]
        if let scope = settings.place.environmentScope { receipt["environment_scope"] = .string(scope) }
        if !elsewhere.isEmpty { receipt["also_in_scopes"] = .array(elsewhere.map(JSONValue.string)) }
        return receipt
    }

    private var unsettled: PublisherError {
        PublisherError(
            .conflict, "\(settings.variable) comes and goes: GitLab says that it is taken, and does not show it",
            hint: "look who else writes it; for a group, scopes need Premium, and one of scope * may be in the way",
            field: "with.environment_scope")
    }

    /// There is no place for ours, and the key is where nobody asked for it: perhaps an earlier write has put it there.
    private func stranded(_ scopes: [String]) -> ServiceError {
        var error = unsettled
        error.message = joined([error.message, alsoHeld(scopes)])
        error.hint = "check whether that one is to hold this key; scopes of a group's variables need Premium"
        return ServiceError(error, mayHaveTakenEffect: true)
    }
}
