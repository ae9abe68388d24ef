import Configuration
import FoundationEssentials
import Reports
import Rotation
import Secrets
package import Steps
import Timestamps

/// The rotations of several handoffs, for one report: those of one rotation are merged.
package enum RotationReports {
    /// Writes the report of what is recorded in the handoffs to `destination`; with `asked`, also what OpenRouter has shown of
    /// the one rotation that they are of.
    package static func write(
        _ destination: String, _ paths: [String], trust flags: [String], config: String?, _ asked: StatusReport?,
        _ console: Console
    ) throws(StepError) {
        let file = try ReportDestination(destination)
        let configurations =
            ConfigurationFile.found(config).flatMap { try? ConfigurationFile.load($0) }?.rotations ?? []
        try file.write(
            read(paths, trust: flags, config: config, asked, by: "ork-status \(orkVersion)"),
            hiding: HeldSecrets(StepEnvironment(), configurations))
        console.show(.done("wrote \(destination)"))
    }

    /// Reads them all; one that cannot be believed is named, and nothing is reported.
    private static func read(
        _ paths: [String], trust flags: [String], config: String?, _ asked: StatusReport?, by version: String
    ) throws(StepError) -> RotationsReport {
        let now = SystemClock().now
        let trust = try flags.isEmpty ? nil : Trust(flags, nil, own: nil)
        var handoffs: [(handoff: Handoff, paths: [String])] = []
        for path in paths.isEmpty ? [HandoffFile.name] : paths {
            guard
                let handoff = try HandoffFile.read(
                    path, mustExist: true, lastResort: HandoffFile.lastResort(config: config))
            else { continue }
            guard let index = handoffs.firstIndex(where: { $0.handoff.header.digest == handoff.header.digest }) else {
                handoffs.append((handoff, [path]))
                continue
            }
            do { try handoffs[index].handoff.merge(handoff) } catch { throw StepError(error, in: path) }
            handoffs[index].paths.append(path)
        }
        var reports: [RotationReport] = []
        for (handoff, paths) in handoffs {
            let state: State
            do { state = try State(handoff, trust: trust) } catch {
                throw StepError(error, in: paths.joined(separator: ", "))
            }
            let named = paths == [HandoffFile.name] ? [] : paths
            let invocation = Invocation(handoffs: named, config: config, trust: flags)
            let next = NextCommand(state, at: now, invocation, isGated: trust?.requiresApproval ?? false)
            let wayBack = state.canGoBack ? invocation.whole("ork-rollback") : nil
            reports.append(
                RotationReport(
                    handoff, state,
                    next: next.map { .init($0.description, notBefore: $0.notBefore, wayBack: wayBack) },
                    areSignersTrusted: trust != nil, account: asked?.accountLines ?? [], at: now))
        }
        return RotationsReport(reports, by: version, at: now)
    }
}
