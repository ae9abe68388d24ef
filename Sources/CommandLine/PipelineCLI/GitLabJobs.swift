import HTTP
import JSON
import Rotation
import Secrets
import StepCLI
import Steps

/// GitLab: each job leaves its handoff and its report in its artifacts, under names with its own id.
///
/// No job takes another one's artifacts into its folder, where they could replace `ork.yaml`, and no variable comes from
/// a dotenv report: everything is fetched from the API. `CI_JOB_TOKEN` may not list jobs
/// (docs.gitlab.com/ci/jobs/ci_job_token), so this needs a token with `read_api`.
struct GitLabJobs: HandoffStore {
    let handoff: String
    private let client: ArtifactClient
    private let jobs: HTTPURL
    private let job: String
    private let pipeline: Int?
    private let branch: String
    private let prefix: String

    private static let folder = "ork-handoffs"
    /// So many pages of the project's jobs, a hundred each, are looked through.
    private static let pages = 50
    /// Of so many handoffs, the newest ones, one has to count.
    private static let limit = 200
    /// So many are asked for at once.
    private static let batch = 20

    init(_ rotation: PlanName, _ environment: StepEnvironment, _ transport: any HTTPTransport) throws(StepError) {
        guard environment["CI_COMMIT_TAG"] == nil else {
            throw StepError(
                .unacceptable, "this pipeline is for a tag", hint: "run it for the branch that rotates")
        }
        guard let token = environment["ORK_HANDOFF_TOKEN"] else {
            throw StepError(
                .denied, "ORK_HANDOFF_TOKEN is not set",
                hint: "keep an access token with the scope read_api in it, masked and protected: "
                    + "with it a job finds the handoffs of the jobs before", isRetryable: false)
        }
        client = ArtifactClient(
            transport, token: Secret(token), hint: "look at the role and the scope of ORK_HANDOFF_TOKEN")
        let variables = JobVariables(environment: environment, hint: "run it as a job of a GitLab pipeline")
        job = try variables.required("CI_JOB_ID")
        branch = try variables.required("CI_COMMIT_REF_NAME")
        pipeline = environment["CI_PIPELINE_ID"].flatMap { Int($0) }
        prefix = "\(rotation):"
        let project = try HTTPURL.encode(variables.required("CI_PROJECT_ID"))
        jobs = try variables.address("CI_API_V4_URL", "/projects/\(project)/jobs")
        handoff = "\(Self.folder)/\(job).json"
        try DurableFile.makeFolder(Self.folder, hint: "look at the job's folder")
    }

    /// A job of this rotation that has artifacts.
    private struct Job {
        let id: Int
        let turn: String
        let pipeline: Int?
    }

    func forEachCandidate(_ body: (Candidate) -> Verdict) throws(StepError) -> Bool {
        var left = Self.limit
        var isFound = false
        var seen: Set<Int> = []
        for page in 1...Self.pages {
            // A job that has come meanwhile moves others to the next page.
            guard var found = try listed(page)?.map(\.id).filter({ seen.insert($0).inserted }) else { return true }
            while !found.isEmpty {
                let jobs = found.prefix(Self.batch)
                found.removeFirst(jobs.count)
                for (job, content) in try zip(jobs, client.fetch(jobs.map { file(of: $0, "json") })) {
                    guard let content else { continue }
                    switch body(Candidate(place: "the handoff of the job \(job)", bytes: content)) {
                    case .enough: return true
                    case .trusted: isFound = true
                    case .skipped: break
                    }
                    left -= 1
                    guard left > 0 else {
                        guard isFound else { throw .noneTrusted(among: Self.limit) }
                        return true
                    }
                }
            }
        }
        return isFound
    }

    /// The jobs of this rotation on a page of the project's, the newest first; `nil` behind the last page.
    private func listed(_ page: Int) throws(StepError) -> [Job]? {
        let query =
            ["success", "failed", "canceled"].map { ("scope[]", $0) }
            + [("per_page", "100"), ("page", String(page))]
        guard let all = try client.fetchJSON([jobs.appending("", query: query)])[0].array else {
            throw StepError(.unreachable, "GitLab does not list its jobs", hint: "see CI_API_V4_URL")
        }
        return all.isEmpty ? nil : all.compactMap(ours).sorted { $0.id > $1.id }
    }

    /// Jobs of other branches, and of tags that are called as this branch, are not ours.
    private func ours(_ entry: JSONValue) -> Job? {
        guard let id = entry["id"]?.integer, let name = entry["name"]?.string, name.hasPrefix(prefix),
            entry["ref"]?.string == branch, entry["tag"]?.bool != true, entry["artifacts_file"]?.object != nil
        else { return nil }
        return Job(
            id: id, turn: String(name.dropFirst(prefix.count)), pipeline: entry["pipeline"]?["id"]?.integer)
    }

    private func file(of job: Int, _ suffix: String) -> HTTPURL {
        jobs.appending("/\(job)/artifacts/\(Self.folder)/\(job).\(suffix)")
    }

    /// The report of the nearest job before this one in its pipeline. Without one, a create that is run again could not
    /// tell what it was for.
    func previousReport(for turn: JobTurn) throws(StepError) -> JobReport? {
        guard let pipeline, !turn.before.isEmpty else { return nil }
        var mine: [Job] = []
        for page in 1...Self.pages {
            guard let found = try listed(page) else { break }
            mine += found.filter { $0.pipeline == pipeline }
            // Behind a page of older pipelines' jobs alone there are none of this one.
            if !mine.isEmpty, found.allSatisfy({ ($0.pipeline ?? pipeline) < pipeline }) { break }
        }
        for before in turn.before {
            for job in mine where job.turn == before.description {
                guard let report = try client.fetch(file(of: job.id, "report")).flatMap(JobReport.init(parsing:))
                else { continue }
                return report
            }
        }
        guard turn != .step(.create) else {
            throw StepError(
                .unacceptable, "the report of this pipeline's check is gone",
                hint: "nothing was changed; start a new pipeline instead of this one")
        }
        return nil
    }

    func keep(_: Handoff?, of _: JobTurn) {}

    func save(_ report: JobReport, isNotYet _: Bool) throws(StepError) {
        try DurableFile.write(report.bytes, to: "\(Self.folder)/\(job).report")
    }
}
