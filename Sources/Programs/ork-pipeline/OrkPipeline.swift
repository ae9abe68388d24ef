import ArgumentParser
import CurlHTTP
import Glibc
import PipelineCLI
import StepCLI
import Steps
import Wording

@main struct OrkPipeline: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "ork-pipeline", abstract: "Do one job of a pipeline: find the handoff, do the step, keep it.",
        discussion: """
            A job whose turn it is not does nothing and succeeds. Handoffs are found where GitHub and GitLab keep artifacts, \
            and elsewhere in the folder ORK_HANDOFFS (ork-handoffs), which the pipeline keeps between jobs. Only those \
            of this rotation, signed by an identity that ork.yaml trusts, count.

            JOBS:
              check             say where it stands, or if publishing would work
              create … retire   \(JobTurn.all.prefix(4).joined(separator: ", ")),
                                \(JobTurn.all.dropFirst(4).joined(separator: ", "))
              deploy            print what a deployment has to take up: first, rest or none
              deploy-rest       the same, after later waves
              rotate            in a pipeline of one job: all of these in a row,
                                without gates, as far as it goes
              begin             the first of them: mint if a rotation is to begin,
                                after a look at every target

            VARIABLES:
              ORK_ROTATION      the rotation in ork.yaml
              ORK_ROTATION_ID   which run of it, as an earlier job said
              ORK_BEGIN         "false": begin no rotation; "due": only when ork-due
                                says so
              ORK_SUPERSEDE     "true": start a new rotation, because the handoff is
                                lost
              ORK_LEAKED        "true": the old key is known to others, and goes
                                without overlap, quiet and soak
              ORK_ROLLBACK      "true": take the rotation back; only check, rollback
                                and rotate do anything
              ORK_EXPECT_HEAD   stop unless the handoff is still the one with this head
              ORK_SEEN          the newest rotation that check saw
              ORK_DUE_ACTION    in a fleet, the action from ork-due
              ORK_DUE_KEY       in a fleet, the hash of the key that ork-due saw in use
              ORK_HANDOFF_TOKEN reads artifacts: github.token, or on GitLab one with
                                read_api
              ORK_SEALED_DAYS   on GitHub, how many days a handoff is kept until
                                every target has the key (1)
              ORK_DAYS          on GitHub, how many days any other is kept (90)
              ORK_HANDOFFS      the folder with the handoffs, where no CI system keeps them
              ORK_REPORT        the file for what a job tells the next
                                (ORK_HANDOFFS/job.report)

            EXAMPLES:
              ORK_ROTATION=checkout ork-pipeline check
              ORK_ROTATION=checkout ork-pipeline verify --wait 5m
            """, version: orkVersion)

    @Argument(help: ArgumentHelp("What this job is for.", valueName: "job"))
    var job: String

    @Argument(parsing: .captureForPassthrough, help: "Options for the step's own program.")
    var options: [String] = []

    /// The step's own is the job's as well.
    var verbosity: Verbosity? { Verbosity.allCases.first { options.contains("--\($0.rawValue)") } }

    static func main() { start() }

    func validate() throws {
        guard JobTurn(job) != nil else {
            let jobs = JobTurn.all + ["check", "deploy", "deploy-rest", "begin", "rotate"]
            throw ValidationError(UnknownName(job, of: "job", among: jobs).message)
        }
    }

    func perform(_ console: Console) throws(StepError) {
        guard let turn = JobTurn(job) else { return }
        let environment = StepEnvironment()
        let transport = CurlTransport(userAgent: "ork/\(orkVersion)", observer: .showing(on: console))
        func tell(_ error: StepError) {
            error.tellWebhooks(
                of: "ork-pipeline", rotation: environment["ORK_ROTATION"],
                config: PipelineJob.configuration(in: options), environment, console, over: transport)
        }
        do {
            var job = try PipelineJob(
                turn, options: options, environment: environment, console: console, transport: transport)
            let status = try job.run()
            if let waiting = job.waiting { tell(waiting) }
            if status != 0 { Glibc.exit(status) }
        } catch {
            console.show(error)
            tell(error)
            Glibc.exit(error.code.rawValue)
        }
    }
}
