import Steps

/// A file of `ci-templates` that is built in, with the user's own words in their places.
struct Template {
    private(set) var text: String
    let name: String

    init(_ name: String, _ bytes: [UInt8]) {
        self.name = name
        text = String(decoding: bytes, as: UTF8.self)
    }

    /// Both are written under one name, by which they are started.
    static let simple = Template("ork-rotate.yml", PackageResources.ork_simple_yml)
    static let staged = Template("ork-rotate.yml", PackageResources.ork_staged_yml)
    static let lint = Template("ork-lint.yml", PackageResources.ork_lint_yml)
    static let script = Template("rotate.sh", PackageResources.rotate_sh)

    /// Puts a text in the place of another wherever that stands. A template that lacks it is not the one that this was made for.
    mutating func put(_ text: String, for place: String) throws(StepError) {
        guard self.text.contains(place) else {
            throw StepError(
                .failed, "the template \(name) has no \(place)", hint: "install all of ork from one version")
        }
        self.text = self.text.split(separator: place, omittingEmptySubsequences: false).joined(separator: text)
    }

    /// Puts lines in the place of every line that begins so, indented as that is.
    mutating func put(lines: [String], for start: String) throws(StepError) {
        var found = false
        var result: [Substring] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            guard line.drop(while: { $0 == " " }).hasPrefix(start) else {
                result.append(line)
                continue
            }
            found = true
            let indent = line.prefix { $0 == " " }
            result += lines.map { "\(indent)\($0)" }
        }
        guard found else { return try put("", for: start) }
        text = result.joined(separator: "\n")
    }
}
