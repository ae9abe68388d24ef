/// A flag of the command line that says a field of the plan. It comes from the field's row.
package struct PlanFlag: Hashable, Sendable {
    /// How often it is given, and whether a value follows it.
    package enum Kind: Hashable, Sendable {
        /// Once, with a value.
        case option
        /// As often as wanted, each time with a value.
        case list
        /// Without a value; it says `true`.
        case toggle
    }

    /// Without its two dashes.
    package let name: String
    package let kind: Kind
    /// What stands for the value in `--help`.
    package let valueName: String?
    /// What it is for, with the default: a whole sentence.
    package let help: String
    /// The keys that lead to the field, from the plan's root.
    package let path: [String]
    /// Whether the value is the field's as it is written in `ork.yaml`, and no form of the flag's own.
    package let isPlain: Bool
    /// Whether the word `null` says no value at all.
    package let acceptsNull: Bool

    /// What a row says about its flag.
    struct Declaration: Sendable {
        /// That of the field, with dashes, if `nil`.
        var name: String?
        var kind = Kind.option
        var valueName: String?
        /// That of the field if `nil`.
        var help: String?
        /// What holds without the flag, in words, where the field's own default does not say it.
        var standard: String?
        var isPlain = true

        /// A flag with the field's value as `ork.yaml` has it.
        static func option(_ valueName: String, name: String? = nil, standard: String? = nil) -> Self {
            Self(name: name, valueName: valueName, standard: standard)
        }

        /// A flag without a value.
        static let toggle = Self(kind: .toggle)

        /// A flag with a form of its own, which Configuration reads.
        static func form(_ name: String, _ valueName: String, kind: Kind = .list, help: String) -> Self {
            Self(name: name, kind: kind, valueName: valueName, help: help, isPlain: false)
        }
    }

    init(_ declaration: Declaration, key: String, help: String, standard: String?, acceptsNull: Bool) {
        name = declaration.name ?? key.replacing("_", with: "-")
        kind = declaration.kind
        valueName = declaration.valueName
        isPlain = declaration.isPlain
        self.acceptsNull = acceptsNull
        path = [key]
        var text = declaration.help ?? help
        if kind == .list { text += " (repeatable)" }
        if kind == .option, isPlain, let standard = declaration.standard ?? standard {
            text += " (default: \(standard))"
        }
        self.help = text + "."
    }

    private init(_ other: PlanFlag, path: [String]) {
        name = other.name
        kind = other.kind
        valueName = other.valueName
        help = other.help
        isPlain = other.isPlain
        acceptsNull = other.acceptsNull
        self.path = path
    }

    /// The same flag, of a field in the section of this key.
    func below(_ section: String) -> PlanFlag { PlanFlag(self, path: [section] + path) }
}
