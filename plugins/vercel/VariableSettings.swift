import JSON
import PublisherKit
import Secrets

/// A target's `with`, checked.
struct VariableSettings {
    /// By id or name.
    let project: String
    /// By id or slug; without it, the token's own account.
    let team: String?
    let name: String
    let choice: Choice
    /// How production is deployed, where the target says so.
    let redeploy: Redeploy?
    /// Whether a variable that is made can be read back by nobody.
    let isSensitive: Bool

    /// Which records of the name hold the key.
    enum Choice: Hashable {
        /// The only one.
        case only
        case environments([VercelEnvironment])
        case records([ServiceID])
    }

    static let names = PublisherInformation.Names(
        required: ["project", "name"],
        optional: ["team", "environments", "records", "sensitive"] + Redeploy.settings + [
            Settings.create, "url", "writes",
        ])

    /// Errors are of code `configuration` and name the field.
    init(_ settings: Settings) throws(PublisherError) {
        project = try settings.required("project", hint: "the name or the id (prj_…) of the project")
        _ = try Self.word(settings, "project")
        team = try Self.word(settings, "team")
        name = try Self.name(settings)
        choice = try Self.choice(settings)
        redeploy = try Redeploy(settings)
        isSensitive = try settings.flag("sensitive") ?? false
        if isSensitive, case .environments(let environments) = choice, environments.contains(.development) {
            throw Settings.error(
                "sensitive", "Vercel makes no sensitive variable for development",
                hint: "give development a target of its own, without sensitive")
        }
    }

    /// For people: `OPENROUTER_API_KEY of project shop`.
    var variable: String { "\(name) of project \(project)" }

    /// The environments that the target names.
    var environments: [VercelEnvironment] {
        if case .environments(let environments) = choice { environments } else { [] }
    }

    /// What every address has behind the `?`.
    var query: [(String, String)] {
        team.map { [($0.hasPrefix("team_") ? "teamId" : "slug", $0)] } ?? []
    }

    /// Names and ids: Vercel knows no others, and none leads out of its segment of an address.
    private static func word(_ settings: Settings, _ key: String) throws(PublisherError) -> String? {
        guard let text = try settings.text(key) else { return nil }
        let isWord = text.utf8.allSatisfy {
            $0.isASCIIAlphanumeric || [UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ".")].contains($0)
        }
        guard isWord, text.utf8.count <= 100, text.utf8.contains(where: \.isASCIIAlphanumeric) else {
            throw Settings.error(
                key, "'\(key)' is no name and no id of Vercel's",
                hint: "write it as in the address of its page, or its id")
        }
        return text
    }

    /// Letters, digits and underscores, and no digit in front ("Environment variables").
    private static func name(_ settings: Settings) throws(PublisherError) -> String {
        let name = try settings.required("name", hint: "the variable's name, as OPENROUTER_API_KEY")
        let isName = name.utf8.allSatisfy { $0.isASCIIAlphanumeric || $0 == UInt8(ascii: "_") }
        guard isName, name.utf8.first?.isASCIIDigit == false, name.utf8.count <= 256 else {
            throw Settings.error(
                "name", "'name' is no name of a variable",
                hint: "take letters, digits and underscores, with no digit in front")
        }
        return name
    }

    private static func choice(_ settings: Settings) throws(PublisherError) -> Choice {
        let (names, ids) = (try settings.texts("environments"), try settings.texts("records"))
        guard names == nil || ids == nil else {
            throw Settings.error(
                "records", "there are both 'environments' and 'records'",
                hint: "take one of them: both say which records")
        }
        if let ids {
            let records = ids.compactMap { ServiceID($0) }
            guard !ids.isEmpty, records.count == ids.count else {
                throw Settings.error(
                    "records", "'records' is no list of ids", hint: "ork-publish --check shows them")
            }
            return .records(unique(records))
        }
        guard let names else { return .only }
        let environments = names.compactMap { VercelEnvironment($0) }
        guard !names.isEmpty, environments.count == names.count else {
            throw Settings.error(
                "environments", "'environments' is no list of environments",
                hint: "take production, preview, development, preview/BRANCH, or names of the project's own")
        }
        return .environments(unique(environments))
    }

    private static func unique<Element: Hashable>(_ elements: [Element]) -> [Element] {
        var seen: Set<Element> = []
        return elements.filter { seen.insert($0).inserted }
    }
}
