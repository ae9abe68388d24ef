import GitLabSandbox
import JSON
import TestSupport
import Testing

/// A place that can hold variables, with its settings, and what GitLab calls it.
struct PlaceCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let with: @Sendable (GitLabFixture) -> JSONObject
    let owner: VariableOwner
    /// `*` for the instance too.
    let scope: String
    /// As messages call it.
    let name: @Sendable (GitLabFixture) -> String

    private init(
        _ name: String, _ with: JSONObject, _ owner: VariableOwner, _ scope: String = "*"
    ) {
        self.init(name, { _ in with }, owner, scope) { _ in name }
    }

    private init(
        _ description: String, _ with: @escaping @Sendable (GitLabFixture) -> JSONObject, _ owner: VariableOwner,
        _ scope: String, _ name: @escaping @Sendable (GitLabFixture) -> String
    ) {
        testDescription = description
        self.with = { fixture in
            var with = with(fixture)
            with["key"] = "TOKEN"
            if scope != "*" { with["environment_scope"] = .string(scope) }
            return with
        }
        self.owner = owner
        self.scope = scope
        self.name = name
    }

    static let all = [
        PlaceCase("project acme/web", ["project": "acme/web"], .project("acme/web")),
        PlaceCase(
            "a project by number", { ["project": .number(JSONNumber($0.ids["project", default: 0]))] },
            .project("acme/web"), "*",
            { "project \($0.ids["project", default: 0])" }),
        PlaceCase("project acme/tools/bot", ["project": "acme/tools/bot"], .project("acme/tools/bot")),
        PlaceCase("group acme", ["group": "acme"], .group("acme")),
        PlaceCase("group acme/tools", ["group": "acme/tools"], .group("acme/tools")),
        PlaceCase(
            "a group by number", { ["group": .string(String($0.ids["group", default: 0]))] }, .group("acme/tools"), "*",
            { "group \($0.ids["group", default: 0])" }),
        PlaceCase("the instance", ["instance": true], .instance),
        PlaceCase(
            "project acme/web (environment production)", ["project": "acme/web"], .project("acme/web"), "production"),
        PlaceCase(
            "project acme/web (environment review/*)", ["project": "acme/web"], .project("acme/web"), "review/*"),
        PlaceCase(
            "project acme/web (environment a b/${c}.d-e_*)", ["project": "acme/web"], .project("acme/web"),
            "a b/${c}.d-e_*"),
        PlaceCase("group acme (environment production)", ["group": "acme"], .group("acme"), "production"),
    ]

    static let project = all[0]
    static let group = all[3]
    static let instance = all[6]
    static let production = all[7]
    static let groupProduction = all[10]
}
