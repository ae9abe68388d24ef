/// The kinds of file in which a value can be replaced.
package enum DocumentFormat: String, Sendable, CaseIterable {
    /// `NAME=value` lines as python-dotenv, Node's dotenv and Compose read them.
    case dotenv
    /// RFC 8259.
    case json
    /// One document of YAML 1.1 or 1.2.
    case yaml
    /// Sections, names and values as Python's configparser reads them.
    case ini
    /// The whole file is the value.
    case raw

    /// The format that the name of a file stands for, `nil` if it tells none.
    package init?(fileName: String) {
        let name = fileName.lowercased()
        if name == ".env" || name.hasPrefix(".env.") || name.hasSuffix(".env") {
            self = .dotenv
            return
        }
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return nil }
        switch name[name.index(after: dot)...] {
        case "json": self = .json
        case "yaml", "yml": self = .yaml
        case "ini", "cfg": self = .ini
        default: return nil
        }
    }
}
