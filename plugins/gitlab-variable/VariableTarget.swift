import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import Sodium

/// One variable at GitLab, and the time that there is for it.
struct VariableTarget: ServiceTarget {
    let settings: VariableSettings
    let client: ServiceClient
    let token: TokenReader
    let deadline: Date
    /// What no message may repeat: an answer to reading may have it, too.
    let secret: Secret?

    /// GitLab does not tell cases of paths apart. Two scopes of a project's key need not wait for each other; those of a
    /// group's can end in one variable (`takeBack`, `straying`).
    var place: String {
        var place = path
        if case .project(_, let reach) = settings.place { place.append(reach.environmentScope) }
        return place.joined(separator: "/").lowercased()
    }

    /// Keys are told apart by case, and one key may have a variable for each scope.
    var claims: [(field: String, thing: String)] {
        let owner = settings.place.path.joined(separator: "/").lowercased()
        return [("with.key", "\(owner)/\(settings.key) \(settings.place.environmentScope ?? "")")]
    }

    var path: [String] { settings.place.path + [settings.key] }

    /// Several variables may have one key; exactly ours is meant ("The filter parameter").
    private var filter: [(String, String)] { settings.place.environmentScope.map(Self.filter) ?? [] }

    static func filter(_ scope: String) -> [(String, String)] { [("filter[environment_scope]", scope)] }

    /// What became of a write.
    enum Writing {
        /// `isRepetition`: an earlier try may have done it already.
        case done(Variable, isRepetition: Bool)
        /// Somebody else has made or removed the variable meanwhile.
        case overtaken
        /// GitLab did something else than it was asked for, and would do so again.
        case otherwise(ServiceError)
    }

    /// Reads the variable, `nil` if there is none.
    func read() throws(ServiceError) -> Variable? {
        let call = call(.get, path, query: filter, statuses: [200, 404], to: "read")
        let answer = try client.send(call, until: deadline)
        guard answer.status == 200 else {
            guard isAboutVariable(answer) else { throw client.refusal(answer, to: call) }
            return nil
        }
        let variable = try Variable(answer.object())
        guard isOurs(variable) else {
            throw ServiceError(
                Settings.error(
                    "environment_scope",
                    "this GitLab shows \(settings.key) of scope \(variable.scopeName)"
                        + " when asked for \(settings.variable)",
                    hint: "it cannot tell variables of one key apart; GitLab can since 13.4, for groups since 16.9"))
        }
        return variable
    }

    /// Makes the variable.
    func create(_ secret: Secret, _ digest: Digest) throws(ServiceError) -> Writing {
        var body: JSONObject = [
            "key": .string(settings.key), "value": .string(try text(secret)),
            "raw": .bool(settings.making.isRaw), "protected": .bool(settings.making.isProtected),
            "variable_type": .string(settings.making.kind.rawValue),
            // A GitLab older than 17.4 drops `masked_and_hidden` without a word; newer ones let it win
            // (app/services/ci/change_variable_service.rb).
            "masked": .bool(settings.place.visibility != .plain),
        ]
        if settings.place.visibility == .hidden { body["masked_and_hidden"] = true }
        if let description = settings.making.description { body["description"] = .string(description) }
        if let scope = settings.place.environmentScope { body["environment_scope"] = .string(scope) }
        let call = call(.post, settings.place.path, body: body, statuses: [201, 400], to: "make")
        let answer = try client.send(call, until: deadline)
        guard answer.status == 201 else {
            guard answer.says("has already been taken") else {
                throw client.refusal(answer, to: call).doubted(answer.isRepetition)
            }
            return .overtaken
        }
        let variable = try written(answer, digest)
        if !isOurs(variable) { return .otherwise(takeBackScope(variable)) }
        if isReadableAgainstWish(variable) { return .otherwise(takeBackReadable(variable)) }
        return .done(variable, isRepetition: answer.isRepetition)
    }

    /// Writes the value and nothing else, so that every flag stays.
    func update(_ secret: Secret, _ digest: Digest) throws(ServiceError) -> Writing {
        let call = call(
            .put, path, query: filter, body: ["value": .string(try text(secret))], statuses: [200, 404], to: "write")
        let answer = try client.send(call, until: deadline)
        guard answer.status == 200 else {
            guard isAboutVariable(answer) else {
                throw client.refusal(answer, to: call).doubted(answer.isRepetition)
            }
            return .overtaken
        }
        let variable = try written(answer, digest)
        guard isOurs(variable) else { return .otherwise(straying(variable)) }
        return .done(variable, isRepetition: answer.isRepetition)
    }

    /// The variable in the answer to a write, if it holds what was written.
    private func written(_ answer: ServiceAnswer, _ digest: Digest) throws(ServiceError) -> Variable {
        let variable = try Variable(answer.object())
        guard variable.isHidden || variable.holds(digest) else {
            throw ServiceError(
                PublisherError(
                    .unavailable, "GitLab took the key for \(settings.variable) and shows another value",
                    hint: "run the step again, which compares anew"), mayHaveTakenEffect: true)
        }
        return variable
    }

    func isOurs(_ variable: Variable) -> Bool {
        settings.place.environmentScope.map { $0 == variable.environmentScope } ?? true
    }

    /// Whether it is the variable that is missing, and not what should have it: `404 GroupVariable Not Found`.
    func isAboutVariable(_ answer: ServiceAnswer) -> Bool {
        answer.says("Variable Not Found")
    }

    private func text(_ secret: Secret) throws(ServiceError) -> String {
        guard let text = secret.revealed() else {
            throw ServiceError(PublisherError(.configuration, "the key is not UTF-8, which a variable has to be"))
        }
        return text
    }

    func call(
        _ method: HTTPRequest.Method, _ path: [String], query: [(String, String)] = [], body: JSONObject? = nil,
        statuses: Set<Int>, to verb: String
    ) -> ServiceCall {
        var call = ServiceCall(
            method, path, query: query, body: body.map(JSONValue.object), statuses: statuses,
            to: "\(verb) \(settings.variable)", field: settings.place.field, permission: settings.place.permission)
        call.secret = secret
        return call
    }
}

/// What GitLab does otherwise than it was asked to, without saying so.
extension VariableTarget {
    /// Without Premium, GitLab drops the scope of a group's variable and makes one for all environments
    /// (ee/lib/ee/api/helpers/variables_helpers.rb). Nobody asked for that one.
    func takeBackScope(_ variable: Variable) -> ServiceError {
        takeBack(
            variable, "GitLab made \(settings.key) for scope \(variable.scopeName) instead of \(settings.variable)",
            field: "environment_scope",
            hint: "scopes of a group's variables need Premium: leave 'environment_scope' out, or take projects")
    }

    /// A GitLab older than 17.4 makes a variable that can be read where a hidden one is asked for.
    func takeBackReadable(_ variable: Variable) -> ServiceError {
        takeBack(
            variable, "GitLab made \(settings.variable) readable where it is to be hidden", field: "hidden",
            hint: "hidden variables need GitLab 17.4: update it, or leave 'hidden' out")
    }

    func isReadableAgainstWish(_ variable: Variable) -> Bool {
        settings.place.visibility == .hidden && !variable.isHidden
    }

    /// Removes what was just made. Only if that is certain, nothing is written.
    private func takeBack(_ variable: Variable, _ made: String, field: String, hint: String) -> ServiceError {
        let scope = settings.place.environmentScope == nil ? [] : Self.filter(variable.environmentScope)
        let removal = call(.delete, path, query: scope, statuses: [204, 404], to: "remove")
        var isGone = false
        do throws(ServiceError) {
            let answer = try client.send(removal, until: deadline)
            isGone = answer.status == 204 || isAboutVariable(answer)
        } catch {}
        return ServiceError(
            Settings.error(
                field, "\(made); it was " + (isGone ? "removed again" : "not possible to remove it"),
                hint: (isGone ? "" : "remove it; ") + hint), mayHaveTakenEffect: !isGone)
    }

    /// If a group has no variable of our scope, GitLab changes another one of the key (lib/api/group_variables.rb,
    /// app/services/ci/change_variable_service.rb): ours was removed between reading and writing.
    func straying(_ variable: Variable) -> ServiceError {
        ServiceError(
            PublisherError(
                .conflict,
                "\(settings.variable) was removed meanwhile, and GitLab wrote the key to the variable of"
                    + " scope \(variable.scopeName) instead",
                hint: "check whether that one is to hold this key, give it its own value back if not, and run the step"
                    + " again", field: "with.environment_scope"), mayHaveTakenEffect: true)
    }

    /// The other scopes under which a group's variable of this key holds this value, a few at most: what an earlier
    /// write did otherwise, or another target's.
    ///
    /// Only if several variables have the key, all of the group are listed: there is no list of one key.
    func scopesElsewhere(_ digest: Digest) throws(ServiceError) -> [String] {
        guard case .group = settings.place else { return [] }
        let probe = call(.get, path, statuses: [200, 404, 409], to: "read the other scopes of")
        let answer = try client.send(probe, until: deadline)
        let others: [Variable]
        switch answer.status {
        case 200: others = [try Variable(answer.object())]
        case 409: others = try list()
        case _ where isAboutVariable(answer): others = []
        default: throw client.refusal(answer, to: probe)
        }
        return others.filter { !isOurs($0) && $0.holds(digest) }.prefix(8).map(\.scopeName)
    }

    /// All of the group's variables that have the key.
    private func list() throws(ServiceError) -> [Variable] {
        var variables: [Variable] = []
        let size = 100
        // A group has 30 000 at most (application limits).
        for page in 1...300 {
            let query = [("per_page", String(size)), ("page", String(page))]
            let answer = try client.send(
                call(.get, settings.place.path, query: query, statuses: [200], to: "list the scopes of"),
                until: deadline)
            let objects = try answer.objects()
            for object in objects where object["key"]?.string == settings.key {
                variables.append(try Variable(object))
            }
            guard objects.count == size else { break }
        }
        return variables
    }
}
