import Rotation
import Steps

extension Template {
    /// Puts a repository's own words into one of its workflows: where ork comes from, the rotation, and one line for each
    /// variable of the targets.
    mutating func fillIn(
        _ options: InitOptions, _ rotation: PlanName, _ variables: [String], host: String
    ) throws(StepError) {
        guard let ork = options.ork else { return }
        if text.contains("OWNER/ork/") {
            try put("\(ork.path)/", for: "OWNER/ork/")
            try put("@\(ork.commit)", for: "@COMMIT")
            try putSource(options, ork, host)
        }
        if text.contains("# OWNER/ork and COMMIT") {
            try put(
                "",
                for:
                    "#\n# OWNER/ork and COMMIT stand for ork's repository and the full hash of one of its commits: see README.md.\n"
            )
        }
        if text.contains("vars.ORK_ROTATION") { try put("'\(rotation)'", for: "vars.ORK_ROTATION") }
        if text.contains("schedule:") {
            // The template begins one each month; here ork.yaml says when a key is due.
            try put(
                "cron: \(Schedule.begins) # begins a rotation that is due", for: "cron: 17 3 1 * * # begins a rotation")
            try put(
                "${{ github.event.schedule == '47 */6 * * *' && 'false' || github.event.schedule && 'due' || 'true' }}",
                for: "${{ inputs.action != '' || github.event.schedule != '47 */6 * * *' }}")
        }
        if text.contains("TARGET_TOKEN:") {
            try put(lines: variables.map { "\($0): ${{ secrets.\($0) }}" }, for: "TARGET_TOKEN:")
        }
    }

    private mutating func putSource(_ options: InitOptions, _ ork: OrkReference, _ host: String) throws(StepError) {
        guard let tarball = options.tarball else {
            try put("ORK_SOURCE: https://\(host)/\(ork.path)", for: "ORK_SOURCE: ''")
            return try put("ORK_REVISION: \(Self.quoted(ork.commit))", for: "ORK_REVISION: ''")
        }
        try put("ORK_URL: \(Self.quoted(tarball))", for: "ORK_URL: ''")
        if let sum = options.sha256 { try put("ORK_SHA256: \(Self.quoted(sum))", for: "ORK_SHA256: ''") }
        if let signer = options.signer { try put("ORK_SIGNER: \(Self.quoted(signer))", for: "ORK_SIGNER: ''") }
    }

    private static func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }
}
