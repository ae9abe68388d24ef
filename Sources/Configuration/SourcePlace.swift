/// A place in a configuration file.
struct SourcePlace: Hashable, Sendable {
    let file: String
    let line: Int
    /// The keys from the file's root.
    let path: [String]

    func error(_ message: String) -> ConfigurationError {
        let path = path.map { $0.shown(limit: 64) }.joined(separator: ".")
        return ConfigurationError(file: file, line: line, path: path, message)
    }

    /// The place of something below, on `line` or on this one.
    func appending(_ keys: some Sequence<String>, line: Int? = nil) -> SourcePlace {
        SourcePlace(file: file, line: line ?? self.line, path: path + keys)
    }
}
