import OpenRouter
import Rotation
import Secrets

/// What goes by the name of a key, which a rotation changes: the successor's has a date in it.
struct NameDependence {
    /// What changes with the name, and what to do about it.
    let warnings: [String]

    init(_ references: KeyReferences, from predecessor: Key, to name: String) {
        var warnings: [String] = []
        for destination in references.destinations {
            guard destination.keyHashes?.contains(predecessor.hash) ?? true else { continue }
            let title = KeyList(destination).title
            for rule in destination.nameRules {
                guard let before = rule.holds(for: predecessor.name), let after = rule.holds(for: name) else {
                    warnings.append(
                        "\(title) goes by the key's name, and nobody can tell what its rule \(rule.text) makes of \(name): "
                            + "look at it")
                    continue
                }
                guard before != after else { continue }
                warnings.append(
                    "\(title) goes by the key's name: its rule \(rule.text) holds for "
                        + "\(before ? predecessor.name : name) and not for \(before ? name : predecessor.name); let it say "
                        + "starts_with \(predecessor.keyName.base)")
            }
            if destination.hasNameInPath {
                warnings.append(
                    "\(title) keeps generations in a path with the key's name: those of the successor come into another one"
                )
            }
        }
        self.warnings = warnings
    }
}

extension ObservabilityDestination.NameRule {
    /// `api_key_name equals checkout-prod`
    var text: String { "api_key_name \(comparison)" + (value.map { " \(DisplayText.escaped($0, limit: 80))" } ?? "") }

    /// Whether the rule is met by a key of this name; `nil` where that cannot be told.
    func holds(for name: String) -> Bool? {
        switch (comparison, value) {
        case ("exists", _): true
        case ("not_exists", _): false
        case ("equals", let value?): name == value
        case ("not_equals", let value?): name != value
        case ("contains", let value?): name.contains(value)
        case ("not_contains", let value?): !name.contains(value)
        case ("starts_with", let value?): name.hasPrefix(value)
        case ("ends_with", let value?): name.hasSuffix(value)
        default: nil
        }
    }
}
