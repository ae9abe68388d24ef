package import JSON

/// Where a record was written, as far as the CI system says. Nothing of it is ever acted on.
package struct Provenance: Sendable {
    /// The `by` of a record.
    package let json: JSONObject

    package init(_ environment: StepEnvironment) {
        var json: JSONObject = [:]
        if environment["GITHUB_ACTIONS"] != nil {
            json["ci"] = "github-actions"
            if let server = environment["GITHUB_SERVER_URL"], let repository = environment["GITHUB_REPOSITORY"],
                let run = environment["GITHUB_RUN_ID"]
            {
                json["run"] = .string("\(server)/\(repository)/actions/runs/\(run)")
            }
            json["actor"] = environment["GITHUB_ACTOR"].map { .string($0) }
        } else if environment["GITLAB_CI"] != nil {
            json["ci"] = "gitlab"
            json["run"] = environment["CI_JOB_URL"].map { .string($0) }
            json["actor"] = environment["GITLAB_USER_LOGIN"].map { .string($0) }
        } else if environment.isCI {
            json["ci"] = "other"
            json["run"] = environment["BUILD_URL"].map { .string($0) }
        } else {
            json["actor"] = (environment["USER"] ?? environment["LOGNAME"]).map { .string($0) }
        }
        self.json = json
    }
}
