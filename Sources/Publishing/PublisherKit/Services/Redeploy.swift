/// What a target says about deploying what it has written.
package enum Redeploy: Hashable, Sendable {
    /// Somebody else does.
    case no
    /// The publisher does, by the service's API.
    case yes
    /// The publisher calls the address in this variable.
    case hook(variable: String)

    /// The settings that say it.
    package static let settings = ["redeploy", "hook"]

    /// Reads `redeploy: true | false | hook`, and with `hook` the variable's name, by default `DEPLOY_HOOK`. `nil` where
    /// nothing is said. `more` is what else the publisher takes, for people.
    package init?(_ settings: Settings, more: String = "") throws(PublisherError) {
        guard settings.has("redeploy") else { return nil }
        if let text = try? settings.text("redeploy"), text == "hook" {
            self = .hook(variable: try settings.text("hook") ?? "DEPLOY_HOOK")
        } else if let flag = try? settings.flag("redeploy") {
            self = flag ? .yes : .no
        } else {
            throw Settings.error(
                "redeploy", "'redeploy' is none of true, false\(more.isEmpty ? " and hook" : ", hook\(more)")",
                hint: "with hook, the variable named in 'hook' has the address that deploys")
        }
    }
}
