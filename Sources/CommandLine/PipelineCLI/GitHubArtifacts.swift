import ChildProcesses
import FoundationEssentials
import HTTP
import JSON
import Rotation
import Secrets
import StepCLI
import Steps
import Timestamps

/// GitHub: each job that did a step has left an artifact of its own name, which any later run finds by it.
///
/// A run of a fleet has thousands of artifacts, and a rotation that soaks saves none for days: so they are asked for by
/// name (docs.github.com/rest/actions/artifacts). Needs a token with `actions: read`.
struct GitHubArtifacts: HandoffStore {
    let handoff: String
    private let environment: StepEnvironment
    private let console: Console
    private let client: ArtifactClient
    private let repository: HTTPURL
    private let branch: String
    private let rotation: PlanName
    private let folder: String
    /// The runner's, for what the job's steps leave each other.
    private let temporary: String

    /// Of so many artifacts, the newest ones, one has to count.
    private static let limit = 200
    /// So many pages of artifacts of one name, a hundred each, are looked through.
    private static let pages = 10

    init(
        _ rotation: PlanName, _ environment: StepEnvironment, _ console: Console, _ transport: any HTTPTransport
    ) throws(StepError) {
        guard environment["GITHUB_REF_TYPE"] != "tag" else {
            throw StepError(
                .unacceptable, "this run is for a tag", hint: "run the workflow for the branch that rotates")
        }
        guard let token = environment["ORK_HANDOFF_TOKEN"] else {
            throw StepError(
                .denied, "ORK_HANDOFF_TOKEN is not set", hint: "pass it: ORK_HANDOFF_TOKEN: ${{ github.token }}",
                isRetryable: false)
        }
        let variables = JobVariables(environment: environment, hint: "run it as a step of a GitHub workflow")
        self.environment = environment
        self.console = console
        self.rotation = rotation
        client = ArtifactClient(
            transport, token: Secret(token), hint: "the workflow needs permissions: {actions: read, contents: read}")
        branch = try variables.required("GITHUB_REF_NAME")
        repository = try variables.address("GITHUB_API_URL", "/repos/" + variables.required("GITHUB_REPOSITORY"))
        // A later step of the job uploads the handoff from here; the runner clears the folder after the job.
        temporary = try variables.required("RUNNER_TEMP")
        folder = temporary + "/ork-" + ULID(at: SystemClock().now).description
        handoff = folder + "/ork-handoff.json"
        try DurableFile.makeFolder(folder, hint: "look at RUNNER_TEMP")
    }

    private func name(of turn: JobTurn) -> String {
        "ork-handoff.\(rotation.description.replacing("/", with: "+")).\(turn.description)"
    }

    func forEachCandidate(_ body: (Candidate) -> Verdict) throws(StepError) -> Bool {
        // What an earlier step of this job has left, whose artifact need not be listed yet.
        for file in ofThisJob {
            guard let bytes = try? DurableFile(file).read(limit: HandoffFile.sizeLimit) else { continue }
            if body(Candidate(place: file, bytes: bytes)) == .enough { return true }
        }
        let (all, isComplete) = try listed()
        let artifacts = all.sorted { $0.id > $1.id }
        var isOfBranch: [String: Bool] = [:]
        var newest: String?
        var isFound = isComplete && artifacts.count <= Self.limit
        for artifact in artifacts.prefix(Self.limit) {
            if isOfBranch[artifact.commit] == nil {
                let tip = if let newest { newest } else { try newestCommit() }
                newest = tip
                isOfBranch[artifact.commit] = try holds(artifact.commit, newest: tip)
            }
            guard isOfBranch[artifact.commit] == true,
                let zip = try client.fetch(repository.appending("/actions/artifacts/\(artifact.id)/zip")),
                let content = try unzip(zip)
            else { continue }
            switch body(Candidate(place: "the handoff in the artifact \(artifact.id)", bytes: content)) {
            case .enough: return true
            case .trusted: isFound = true
            case .skipped: break
            }
        }
        guard isFound else { throw .noneTrusted(among: Self.limit) }
        return true
    }

    /// The handoffs of the job's other steps, the newest first.
    private var ofThisJob: [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: temporary)) ?? []
        return names.filter { $0.hasPrefix("ork-") }.sorted(by: >).map { "\(temporary)/\($0)/ork-handoff.json" }
            .filter { $0 != handoff }
    }

    /// An artifact of this repository's runs on this branch, or on a tag of its name.
    private struct Artifact: Hashable {
        let id: Int
        let commit: String
    }

    /// The artifacts of all jobs, and whether these are all that there are.
    private func listed() throws(StepError) -> (artifacts: Set<Artifact>, isComplete: Bool) {
        var names = (Turn.allCases.filter { $0 != .done }.map(JobTurn.step) + [.begin, .rotate]).map(name)
        var artifacts: Set<Artifact> = []
        for page in 1...Self.pages {
            let urls = names.map { name in
                repository.appending(
                    "/actions/artifacts", query: [("per_page", "100"), ("page", String(page)), ("name", name)])
            }
            var full: [String] = []
            for (name, json) in try zip(names, client.fetchJSON(urls)) {
                guard let all = json["artifacts"]?.array else {
                    throw StepError(.unreachable, "GitHub does not list its artifacts", hint: "see GITHUB_API_URL")
                }
                artifacts.formUnion(all.compactMap(ours))
                if all.count == 100 { full.append(name) }
            }
            names = full
            if names.isEmpty { return (artifacts, true) }
        }
        return (artifacts, false)
    }

    /// Those of forks and of other branches are not ours.
    private func ours(_ artifact: JSONValue) -> Artifact? {
        let run = artifact["workflow_run"]
        guard artifact["expired"]?.bool == false, let repository = run?["repository_id"]?.integer,
            run?["head_repository_id"]?.integer == repository, run?["head_branch"]?.string == branch,
            let id = artifact["id"]?.integer, let commit = run?["head_sha"]?.string
        else { return nil }
        return Artifact(id: id, commit: commit)
    }

    /// The commit that the branch is at. Only a whole name is no tag's, which would come before a branch of the same name.
    private func newestCommit() throws(StepError) -> String {
        let answer = try client.fetch(repository.appending("/git/ref/heads/\(HTTPURL.encode(branch))"))
        guard let json = answer.flatMap({ try? JSONValue(parsing: $0) }), json["ref"]?.string == "refs/heads/\(branch)",
            let commit = json["object"]?["sha"]?.string, Self.isCommit(commit)
        else {
            throw StepError(
                .unacceptable, "GitHub knows no branch \(branch)", hint: "run the workflow for the branch that rotates")
        }
        return commit
    }

    /// Whether a name is a commit's, and can be no branch's or tag's: GitHub takes none that looks like it.
    private static func isCommit(_ name: String) -> Bool {
        [40, 64].contains(name.utf8.count) && name.utf8.allSatisfy(\.isLowercaseHexDigit)
    }

    /// Whether a run was for a commit that the branch holds. A tag of the branch's name can be of any other.
    private func holds(_ commit: String, newest: String) throws(StepError) -> Bool {
        guard Self.isCommit(commit) else { return false }
        let path = "/compare/\(newest)...\(commit)"
        // Of the second page on, the differences are left out.
        let answer = try client.fetch(repository.appending(path, query: [("per_page", "1"), ("page", "2")]))
        let status = answer.flatMap { try? JSONValue(parsing: $0) }?["status"]?.string
        return status == "identical" || status == "behind"
    }

    /// The handoff in an artifact; `nil` if it has none, or one that is larger than any.
    private func unzip(_ zip: [UInt8]) throws(StepError) -> [UInt8]? {
        let file = folder + "/artifact.zip"
        try DurableFile.write(zip, to: file)
        let run = Program(
            ["unzip", "-p", file, "ork-handoff.json"], environment: ["PATH": environment["PATH"] ?? "/usr/bin:/bin"]
        )
        .run(.init(outputLimit: HandoffFile.sizeLimit, time: .seconds(30)))
        guard run.ending.obstacle == nil else {
            throw StepError(.failed, "unzip is not installed", hint: "install it on the runner")
        }
        return run.succeeded && !run.isCut ? run.output.copyBytes() : nil
    }

    func previousReport(for turn: JobTurn) throws(StepError) -> JobReport? {
        guard case .deploy = turn else { return nil }
        throw StepError(
            .usage, "\(turn.description) is not for GitHub", hint: "use the output deploy of the job before")
    }

    /// Names the artifact for the step of the action that uploads it. One with the sealed key is kept for the least time
    /// that GitHub has, until every target has it: from then on gates and soaks may take long, and what a later look has
    /// found must outlive what an earlier one had.
    func keep(_ handoff: Handoff?, of turn: JobTurn) {
        guard turn != .check else { return }
        let state = handoff.flatMap { try? State($0, trust: nil) }
        let isUnderWay = state.map { $0.isSealed && !$0.isPublished } ?? true
        let days = isUnderWay ? days("ORK_SEALED_DAYS", default: 1) : days("ORK_DAYS", default: 90)
        output([("artifact", name(of: turn)), ("path", self.handoff), ("days", String(days))])
    }

    private func days(_ variable: String, default days: Int) -> Int {
        environment[variable].flatMap { Int($0) } ?? days
    }

    func save(_ report: JobReport, isNotYet _: Bool) { output(report.parts) }

    private func output(_ parts: [(name: String, value: String)]) {
        guard let path = environment["GITHUB_OUTPUT"] else { return }
        console.add(parts.map { "\($0.name)=\($0.value)\n" }.joined(), to: path)
    }
}
