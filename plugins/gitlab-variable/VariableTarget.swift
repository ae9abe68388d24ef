import FoundationEssentials
import HTTP
import JSON
import PublisherPlugin
import Secrets
import ServiceClient

/// One variable at GitLab, and the time that there is for it.
struct VariableTarget: ServiceTarget {
    let settings: VariableSettings
    let client: ServiceClient
    let token: TokenReader
    let deadline: Date

    /// GitLab does not tell cases of paths apart; two scopes of one key need not wait for each other.
    var place: String { (path + [settings.place.environmentScope ?? ""]).joined(separator: "/").lowercased() }
    private var path: [String] { settings.place.path + [settings.key] }

    /// Several variables may have one key; exactly ours is meant ("The filter parameter").
    private var filter: [(String, String)] { settings.place.environmentScope.map(Self.filter) ?? [] }

    private static func filter(_ scope: String) -> [(String, String)] { [("filter[environment_scope]", scope)] }

    /// Reads the variable, `nil` if there is none.
    func read() throws(ServiceError) -> Variable? {
        let call = call(.get, path, query: filter, statuses: [200, 404], to: "read")
        let answer = try client.send(call, until: deadline)
        guard answer.status == 200 else {
            guard isAboutVariable(answer) else { throw client.refusal(answer, to: call) }
            return nil
        }
        let variable = try Variable(answer)
        guard isOurs(variable) else {
            throw ServiceError(
                Settings.error(
                    "environment_scope",
                    "this GitLab shows \(settings.key) of scope \(variable.environmentScope)"
                        + " when asked for \(settings.variable)",
                    hint: "it cannot tell variables of one key apart; GitLab can since 13.4, for groups since 16.9"))
        }
        return variable
    }

    /// Makes the variable; `nil` if somebody else has made it meanwhile.
    func create(_ secret: Secret) throws(ServiceError) -> Variable? {
        var body: JSONObject = [
            "key": .string(settings.key), "value": .string(try text(secret)),
            "raw": .bool(settings.making.isRaw), "protected": .bool(settings.making.isProtected),
            "variable_type": .string(settings.making.kind.rawValue),
        ]
        switch settings.place.visibility {
        case .plain: body["masked"] = false
        case .masked: body["masked"] = true
        case .hidden: body["masked_and_hidden"] = true
        }
        if let description = settings.making.description { body["description"] = .string(description) }
        if let scope = settings.place.environmentScope { body["environment_scope"] = .string(scope) }
        var call = call(.post, settings.place.path, body: body, statuses: [201, 400], to: "make")
        call.secret = secret
        let answer = try client.send(call, until: deadline)
        guard answer.status == 201 else {
            guard answer.words?.contains("has already been taken") == true else {
                throw client.refusal(answer, to: call)
            }
            return nil
        }
        let variable = try Variable(answer)
        guard isOurs(variable) else { throw takeBack(variable) }
        return variable
    }

    /// Writes the value and nothing else, so that every flag stays; `nil` if there is no such variable any more.
    func update(_ secret: Secret) throws(ServiceError) -> Variable? {
        var call = call(
            .put, path, query: filter, body: ["value": .string(try text(secret))], statuses: [200, 404], to: "write")
        call.secret = secret
        let answer = try client.send(call, until: deadline)
        guard answer.status == 200 else {
            guard isAboutVariable(answer) else { throw client.refusal(answer, to: call) }
            return nil
        }
        let variable = try Variable(answer)
        guard isOurs(variable) else { throw straying(variable) }
        return variable
    }

    /// Without Premium, GitLab drops the scope of a group's variable without a word, and makes one for all environments
    /// (ee/lib/ee/api/helpers/variables_helpers.rb). Nobody asked for that one.
    private func takeBack(_ variable: Variable) -> ServiceError {
        let scope = variable.environmentScope
        let removal = call(.delete, path, query: Self.filter(scope), statuses: [204, 404], to: "remove")
        let isGone: Bool
        do throws(ServiceError) {
            _ = try client.send(removal, until: deadline)
            isGone = true
        } catch {
            isGone = false
        }
        return ServiceError(
            Settings.error(
                "environment_scope",
                "GitLab made \(settings.key) for scope \(scope) instead of \(settings.variable); it was "
                    + (isGone ? "removed again" : "not possible to remove it"),
                hint: (isGone ? "" : "remove it; ")
                    + "scopes of a group's variables need Premium: leave 'environment_scope' out, or take projects"))
    }

    /// If a group has no variable of our scope, GitLab changes another one of the key (lib/api/group_variables.rb,
    /// app/services/ci/change_variable_service.rb): ours was removed between reading and writing.
    private func straying(_ variable: Variable) -> ServiceError {
        ServiceError(
            PublisherError(
                .conflict,
                "\(settings.variable) was removed meanwhile, and GitLab wrote the key to the variable of"
                    + " scope \(variable.environmentScope) instead",
                hint: "look whether that one is to hold this key, give it its own value back if not, and run the step"
                    + " again", field: "with.environment_scope"))
    }

    private func isOurs(_ variable: Variable) -> Bool {
        settings.place.environmentScope.map { $0 == variable.environmentScope } ?? true
    }

    /// Whether it is the variable that is missing, and not what should have it: `404 GroupVariable Not Found`.
    private func isAboutVariable(_ answer: ServiceAnswer) -> Bool {
        answer.words?.hasSuffix("Variable Not Found") ?? false
    }

    private func text(_ secret: Secret) throws(ServiceError) -> String {
        guard let text = secret.revealed() else {
            throw ServiceError(PublisherError(.configuration, "the key is not UTF-8, which a variable has to be"))
        }
        return text
    }

    private func call(
        _ method: HTTPRequest.Method, _ path: [String], query: [(String, String)] = [], body: JSONObject? = nil,
        statuses: Set<Int>, to verb: String
    ) -> ServiceCall {
        ServiceCall(
            method, path, query: query, body: body.map(JSONValue.object), statuses: statuses,
            to: "\(verb) \(settings.variable)", field: settings.place.field, permission: settings.place.permission)
    }
}
