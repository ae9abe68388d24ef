import JSON
import Rotation
import Steps

extension Template {
    /// Puts a repository's own words into one of its workflows: where ork comes from, the rotation, and the variables of the
    /// targets, once.
    mutating func fillIn(
        _ options: InitOptions, _ rotation: PlanName, _ variables: [String], host: String
    ) throws(StepError) {
        guard let ork = options.ork else { return }
        try put("\(ork.path)/", for: "OWNER/ork/")
        try put("@\(ork.commit)", for: "@COMMIT")
        if text.contains("# OWNER/ork and COMMIT") {
            try put(
                "",
                for:
                    "#\n# OWNER/ork and COMMIT stand for ork's repository and the full hash of one of its commits: see README.md.\n"
            )
            try put("'\(rotation)'", for: "'ROTATION'")
            try put("default: '\(rotation)'", for: "default: ROTATION")
        }
        try putSource(options, ork, host)
        if text.contains("TARGET_TOKEN:") {
            try put(lines: variables.map { "\($0): ${{ secrets.\($0) }}" }, for: "TARGET_TOKEN:")
        } else if text.contains("TARGET_TOKEN") {
            let names = variables.map { "\"\($0)\"" }.joined(separator: ", ")
            try put("[\(names)]", for: "[\"TARGET_TOKEN\"]")
        }
    }

    /// Where the programs come from; what does not apply is left out.
    private mutating func putSource(_ options: InitOptions, _ ork: OrkReference, _ host: String) throws(StepError) {
        let isBuilt = options.tarball == nil
        let values = [
            ("url", options.tarball), ("sha256", isBuilt ? nil : options.sha256),
            ("signer", isBuilt ? nil : options.signer), ("source", isBuilt ? "https://\(host)/\(ork.path)" : nil),
            ("revision", isBuilt ? ork.commit : nil),
        ]
        for (name, value) in values {
            try put(lines: value.map { ["\(name): \(Self.quoted($0))"] } ?? [], for: "\(name): ''")
        }
    }

    // Several keys of signers are one a line.
    private static func quoted(_ text: String) -> String {
        text.contains(where: \.isNewline)
            ? JSONValue.string(text).text(.compact)
            : "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }
}
