import Secrets

/// What is wrong with `ork.yaml` or with a flag, and where. It never quotes a value.
package struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file as the user names it, `nil` for flags.
    package let file: String?
    /// The line from 1, `nil` where there is none to point at.
    package let line: Int?
    /// The keys from the file's root, joined by dots, or the flag; empty for the file as a whole.
    package let path: String
    /// The same keys; empty for flags.
    let keys: [String]
    /// What is wrong and what to write instead: lower case, no full stop.
    package let message: String

    init(file: String? = nil, line: Int? = nil, path: String = "", keys: [String] = [], _ message: String) {
        self.file = file
        self.line = line
        self.path = path
        self.keys = keys
        self.message = message
    }

    /// A file of more than `ConfigurationFile.sizeLimit` bytes, of which nothing is read.
    package static func tooLarge(_ file: String) -> ConfigurationError {
        ConfigurationError(file: file, "is larger than 1 MiB; is this the right file?")
    }

    /// `ork.yaml:12: rotations.checkout.targets.web: …`, or `--limit: …`
    package var description: String {
        var text = file.map { name in line.map { "\(name):\($0): " } ?? "\(name): " } ?? ""
        if !path.isEmpty { text += path + ": " }
        return text + message
    }
}

/// A place in a configuration file.
struct SourcePlace: Hashable, Sendable {
    let file: String
    let line: Int
    /// The keys from the file's root.
    let path: [String]

    func error(_ message: String) -> ConfigurationError {
        let text = path.map { DisplayText.escaped(Self.withoutKeys($0), limit: 64) }.joined(separator: ".")
        return ConfigurationError(file: file, line: line, path: text, keys: path, message)
    }

    /// A name of the file as it may be shown: so many hexadecimal digits may be of a key, and eight tell which one is meant.
    private static func withoutKeys(_ name: String) -> String {
        var shown = ""
        var run = ""
        for character in name {
            if character.isHexDigit {
                run.append(character)
                continue
            }
            shown += shortened(run) + String(character)
            run = ""
        }
        return shown + shortened(run)
    }

    private static func shortened(_ digits: String) -> String {
        digits.utf8.count < 16 ? digits : digits.prefix(8) + "…"
    }

    /// The place of something below, on `line` or on this one.
    func appending(_ keys: some Sequence<String>, line: Int? = nil) -> SourcePlace {
        SourcePlace(file: file, line: line ?? self.line, path: path + keys)
    }
}
