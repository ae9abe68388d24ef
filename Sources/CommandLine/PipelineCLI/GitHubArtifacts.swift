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
    let holdsEverything = true
    private let environment: StepEnvironment
    private let console: Console
    private let client: ArtifactClient
    private let repository: HTTPURL
    private let branch: String
    private let rotation: PlanName
    private let folder: String

    /// Of so many artifacts, the newest ones, one has to be believed.
    private static let limit = 200

    init(
        _ rotation: PlanName, _ environment: StepEnvironment, _ console: Console, _ transport: any HTTPTransport
    ) throws(StepError) {
        func variable(_ name: String) throws(StepError) -> String {
            guard let value = environment[name] else {
                throw StepError(.usage, "\(name) is not set", hint: "run it as a step of a GitHub workflow")
            }
            return value
        }
        guard environment["GITHUB_REF_TYPE"] != "tag" else {
            throw StepError(
                .unacceptable, "this run is for a tag", hint: "run the workflow for the branch that rotates")
        }
        guard let token = environment["ORK_HANDOFF_TOKEN"] else {
            throw StepError(
                .denied, "ORK_HANDOFF_TOKEN is not set", hint: "pass it: ORK_HANDOFF_TOKEN: ${{ github.token }}",
                isRetryable: false)
        }
        self.environment = environment
        self.console = console
        self.rotation = rotation
        client = ArtifactClient(
            transport, token: Secret(token), hint: "the workflow needs permissions: {actions: read, contents: read}")
        branch = try variable("GITHUB_REF_NAME")
        let address = try variable("GITHUB_API_URL") + "/repos/" + variable("GITHUB_REPOSITORY")
        do { repository = try HTTPURL(address) } catch {
            throw StepError(.unacceptable, "GITHUB_API_URL: \(error.rawValue)", hint: "see GITHUB_API_URL")
        }
        // A later step of the job uploads the handoff from here; the runner clears the folder after the job.
        folder = try variable("RUNNER_TEMP") + "/ork-" + ULID.fresh.description
        handoff = folder + "/ork-handoff.json"
        do { try DurableFile.makeDirectories(folder) } catch {
            throw StepError(.failed, "\(folder) cannot be made: \(error)", hint: "look at RUNNER_TEMP")
        }
    }

    private func name(of turn: Turn) -> String {
        "ork-handoff.\(rotation.description.replacing("/", with: "+")).\(turn.rawValue)"
    }

    func forEachCandidate(_ body: (Candidate) -> Verdict) throws(StepError) {
        let lists = Turn.allCases.filter { $0 != .done }.map { turn in
            repository.appending("/actions/artifacts", query: [("per_page", "100"), ("name", name(of: turn))])
        }
        var ids: Set<Int> = []
        for answer in try client.fetch(lists) {
            let json = answer.flatMap { try? JSONValue(parsing: $0) }
            ids.formUnion((json?["artifacts"]?.array ?? []).filter(isOurs).compactMap { $0["id"]?.integer })
        }
        var isFound = ids.count <= Self.limit
        for id in ids.sorted(by: >).prefix(Self.limit) {
            guard let zip = try client.fetch(repository.appending("/actions/artifacts/\(id)/zip")),
                let content = try unzip(zip)
            else { continue }
            switch body(Candidate(place: "the handoff in the artifact \(id)", bytes: content)) {
            case .enough: return
            case .trusted: isFound = true
            case .skipped: break
            }
        }
        guard isFound else { throw .noneTrusted(among: Self.limit) }
    }

    /// Those of forks and of other branches are not ours.
    private func isOurs(_ artifact: JSONValue) -> Bool {
        let run = artifact["workflow_run"]
        return artifact["expired"]?.bool == false && run?["repository_id"]?.integer != nil
            && run?["head_repository_id"]?.integer == run?["repository_id"]?.integer
            && run?["head_branch"]?.string == branch
    }

    /// The handoff in an artifact; `nil` if it has none, or one that is larger than any.
    private func unzip(_ zip: [UInt8]) throws(StepError) -> [UInt8]? {
        let file = folder + "/artifact.zip"
        do { try DurableFile(file).replace(zip) } catch {
            throw StepError(.failed, "\(file) cannot be written: \(error)", hint: "make room, and run the job again")
        }
        let run = Program(["unzip", "-p", file, "ork-handoff.json"])
            .run(.init(outputLimit: HandoffFile.sizeLimit, time: .seconds(30)))
        guard run.ending != .notStarted else {
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
    /// that GitHub has; any other is the record of the rotation.
    func keep(_ handoff: Handoff?, of turn: JobTurn) {
        guard case .step(let turn) = turn else { return }
        let isSealed = handoff.map { !$0.sealed.isEmpty } ?? true
        let days = isSealed ? days("ORK_SEALED_DAYS", default: 1) : days("ORK_DAYS", default: 90)
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
