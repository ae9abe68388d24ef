import PublisherKit
import Secrets

/// A target's `with`, checked.
struct VariableSettings {
    let key: String
    let place: VariablePlace
    /// How a variable is made. One that is there keeps what it has.
    let making: Making

    /// What may be wished for a variable that is made, besides its visibility.
    struct Making {
        /// Whether `$NAME` in the value stays as it is.
        let isRaw: Bool
        /// Whether only jobs on protected branches and tags get it.
        let isProtected: Bool
        let kind: Kind
        let description: String?
    }

    /// How a job gets the value: in its environment, or in a file that the environment names.
    enum Kind: String, CaseIterable {
        case environment = "env_var"
        case file
    }

    /// The wishes that the settings spell out, by GitLab's names, so that a variable that differs can be told of.
    let wishes: [(name: String, value: String)]

    /// All that a variable which is made is to be, by GitLab's names.
    var wishesForMaking: [(name: String, value: String)] {
        [
            ("masked", "\(place.visibility != .plain)"), ("hidden", "\(place.visibility == .hidden)"),
            ("raw", "\(making.isRaw)"), ("protected", "\(making.isProtected)"),
            ("variable_type", making.kind.rawValue),
        ]
    }

    static let names = PublisherInformation.Names(
        required: ["key"],
        optional: [
            "project", "group", "instance", Settings.create, "environment_scope", "masked", "hidden", "raw",
            "protected",
            "variable_type", "description", "url", "writes",
        ])

    /// Errors are of code `configuration` and name the field.
    init(_ settings: Settings) throws(PublisherError) {
        key = try Self.key(settings)
        place = try Self.place(settings)
        let kind = try settings.choice("variable_type", Kind.self)
        let (isRaw, isProtected) = (try settings.flag("raw"), try settings.flag("protected"))
        making = Making(
            isRaw: isRaw ?? true, isProtected: isProtected ?? false, kind: kind ?? .environment,
            description: try Self.description(settings))
        let flags = [
            ("masked", try settings.flag("masked")), ("hidden", try settings.flag("hidden")), ("raw", isRaw),
            ("protected", isProtected),
        ]
        var wishes = flags.compactMap { name, flag in flag.map { (name: name, value: "\($0)") } }
        if let kind { wishes.append(("variable_type", kind.rawValue)) }
        self.wishes = wishes
    }

    /// The variable for people, as `KEY of project acme/web`.
    var variable: String { "\(key) of \(place.name)" }

    /// app/models/concerns/ci/has_variable.rb
    private static func key(_ settings: Settings) throws(PublisherError) -> String {
        let key = try settings.required("key", hint: "name the variable, as OPENROUTER_API_KEY")
        guard key.utf8.count <= 255, key.utf8.allSatisfy({ isAlphanumeric($0) || $0 == UInt8(ascii: "_") }) else {
            throw Settings.error(
                "key", "'key' is no name of a variable", hint: "take letters, digits and _, 255 of them at most")
        }
        return key
    }

    private static func place(_ settings: Settings) throws(PublisherError) -> VariablePlace {
        let project = try identifier(settings, "project")
        let group = try identifier(settings, "group")
        let isInstance = try settings.flag("instance") ?? false
        let visibility = try visibility(settings)
        switch (project, group, isInstance) {
        case (let project?, nil, false):
            guard project.contains("/") || UInt(project) != nil else {
                throw Settings.error(
                    "project", "'project' names no project", hint: "write its path with its group, as acme/web")
            }
            return .project(project, .init(environmentScope: try scope(settings), visibility: visibility))
        case (nil, let group?, false):
            return .group(group, .init(environmentScope: try scope(settings), visibility: visibility))
        case (nil, nil, true):
            guard !settings.has("environment_scope") else {
                throw Settings.error(
                    "environment_scope", "a variable of the instance is for all environments",
                    hint: "leave 'environment_scope' out")
            }
            guard visibility != .hidden else {
                throw Settings.error(
                    "hidden", "a variable of the instance cannot be hidden", hint: "leave 'hidden' out")
            }
            return .instance(isMasked: visibility == .masked)
        case (nil, nil, false):
            throw Settings.error(
                "project", "nothing says whose variable it is", hint: "set 'project', 'group' or 'instance: true'")
        default:
            throw Settings.error(
                "project", "'project', 'group' and 'instance' exclude each other", hint: "leave all but one out")
        }
    }

    private static func visibility(_ settings: Settings) throws(PublisherError) -> VariablePlace.Visibility {
        let isMasked = try settings.flag("masked") ?? true
        guard try settings.flag("hidden") ?? false else { return isMasked ? .masked : .plain }
        guard isMasked else {
            throw Settings.error("hidden", "a hidden variable is masked too", hint: "leave 'masked' out")
        }
        return .hidden
    }

    /// A number, or a path such as `acme/platform/web`, as its address shows it.
    private static func identifier(_ settings: Settings, _ key: String) throws(PublisherError) -> String? {
        guard let text = try settings.nameOrNumber(key) else { return nil }
        let segments = text.split(separator: "/", omittingEmptySubsequences: false)
        let isPath = segments.allSatisfy { segment in
            !segment.isEmpty && segment != "." && segment != ".."
                && segment.utf8.allSatisfy { isAlphanumeric($0) || "_-.".utf8.contains($0) }
        }
        guard isPath, segments.count <= 22, text.utf8.count <= 1024 else {
            throw Settings.error(
                key, "'\(key)' is neither a number nor a path",
                hint: "write the path without the address of GitLab, as acme/platform/web")
        }
        return text
    }

    /// app/models/concerns/has_environment_scope.rb
    private static func scope(_ settings: Settings) throws(PublisherError) -> String {
        guard let scope = try settings.text("environment_scope") else { return "*" }
        let isScope =
            scope.utf8.count <= 255 && !scope.hasPrefix(" ") && !scope.hasSuffix(" ")
            && scope.utf8.allSatisfy { isAlphanumeric($0) || "-_/${}.* ".utf8.contains($0) }
        guard isScope else {
            throw Settings.error(
                "environment_scope", "'environment_scope' is no environment scope",
                hint: "name an environment, or a pattern as review/*: letters, digits, blanks and -_/${}.*")
        }
        return scope
    }

    private static func description(_ settings: Settings) throws(PublisherError) -> String? {
        let text = try settings.text("description")
        guard (text ?? "").unicodeScalars.count <= 255 else {
            throw Settings.error("description", "'description' has more than 255 characters")
        }
        return text
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        byte.isASCIIAlphanumeric
    }
}
