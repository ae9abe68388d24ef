import ArgumentParser
import CurlHTTP
import Rotation
import StepCLI
import Steps

@main struct OrkApprove: StepCommand {
    static let configuration = CommandConfiguration(
        commandName: "ork-approve", abstract: "Approve a rotation as it stands, as a signed record in its handoff.",
        discussion: """
            Binds plan, predecessors, successor and targets by digest: a change of any of them voids the approval. Where \
            trust.approve is set, later waves and retirement wait for it; retirement is approved after a verification. \
            Connects to nothing but the webhooks of notify, to tell of a failure.

            EXAMPLES:
              ork-approve --for retire --expect-head "$(ork-status --head)"
            """, version: orkVersion)

    static let step = StepName.approve

    @OptionGroup var common: CommonOptions

    @Option(
        name: .customLong("for"),
        help: ArgumentHelp(
            "What is approved: publish (later waves) or retire (default: what comes next).", valueName: "step"))
    var purpose: Purpose?

    enum Purpose: String, ExpressibleByArgument, CaseIterable { case publish, retire }

    static func main() { start { CurlTransport(userAgent: "ork/\(orkVersion)", observer: $0) } }

    func perform(_ session: Session) throws(StepError) {
        try session.requireConfiguredPlan()
        try ApproveStep(context: session.context, for: purpose.flatMap { StepName(rawValue: $0.rawValue) }).run()
    }
}
