import ArgumentParser
package import Configuration
package import Rotation

/// Flags of the plan that a program takes together.
package protocol PlanFlagGroup {
    /// In the order of `--help`.
    static var flags: [PlanFlag] { get }
}

/// How the successor is made.
package enum NewKeyFlags: PlanFlagGroup {
    package static var flags: [PlanFlag] {
        Plan.flags.filter { ["predecessor", "workspace", Plan.Successor.key].contains($0.path[0]) }
    }
}

/// Where the key is published.
package enum TargetFlags: PlanFlagGroup {
    package static var flags: [PlanFlag] { Plan.flags.filter { $0.path[0] == "targets" } }
}

extension Plan.PublishRules: PlanFlagGroup {}
extension Plan.VerifyRules: PlanFlagGroup {}
extension Plan.RetireRules: PlanFlagGroup {}
extension DueRules: PlanFlagGroup {}

/// A group of flags as options of a program.
///
/// ArgumentParser finds the options of a type by reflection and decodes them by their names. `customMirror` shows it those
/// of the tables in place of declared properties, so that a field of the plan has its flag and its help without a second
/// declaration. `PlanOptionsTests` and the tests of the programs' help hold ArgumentParser to it.
package struct PlanOptions<Group: PlanFlagGroup>: ParsableArguments, CustomReflectable {
    /// What was said.
    package private(set) var flags = PlanFlags()

    package init() {}

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        for flag in Group.flags {
            let key = Key(stringValue: flag.name)
            switch flag.kind {
            case .option:
                let value = try container.decode(Option<String?>.self, forKey: key).wrappedValue
                flags[flag.name] = value.map { [$0] } ?? []
            case .list:
                flags[flag.name] = try container.decode(Option<[String]>.self, forKey: key).wrappedValue
            case .toggle:
                let isOn = try container.decode(Flag<Bool>.self, forKey: key).wrappedValue
                flags[flag.name] = isOn ? ["true"] : []
            }
        }
    }

    package var customMirror: Mirror {
        Mirror(self, children: Group.flags.map { (label: $0.name, value: Self.declaration($0)) }, displayStyle: .struct)
    }

    private static func declaration(_ flag: PlanFlag) -> Any {
        let name = NameSpecification.customLong(flag.name)
        let help = ArgumentHelp(flag.help, valueName: flag.valueName)
        return switch flag.kind {
        case .option: Option<String?>(name: name, help: help)
        case .list: Option<[String]>(wrappedValue: [], name: name, help: help)
        case .toggle: Flag<Bool>(wrappedValue: false, name: name, help: help)
        }
    }

    /// A flag's name.
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}
