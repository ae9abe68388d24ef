package import Fleet
package import HTTP
import Rotation
package import StepCLI
import Steps

/// What only handoffs tell of a fleet: which rotations were taken back. Nothing at OpenRouter says so, and such a rotation would
/// hold a place under the limit that no run can use.
package struct FleetHandoffs {
    private let config: String
    private let environment: StepEnvironment
    private let console: Console
    private let transport: any HTTPTransport

    /// So many rotations are looked up: GitHub answers a workflow a thousand times an hour.
    private static let limit = 20

    /// `nil` without a token to ask for artifacts.
    package init?(
        _ config: String, _ environment: StepEnvironment, _ console: Console, _ transport: any HTTPTransport
    ) {
        guard environment["ORK_HANDOFF_TOKEN"] != nil else { return nil }
        self.config = config
        self.environment = environment
        self.console = console
        self.transport = transport
    }

    /// The same findings, where those that would have a place and were taken back are left to people, as long as others wait for one.
    package func leavingPlaces(_ findings: [DueFinding], limit: Int?) -> [DueFinding] {
        var findings = findings
        var seen: Set<PlanName> = []
        do {
            while seen.count < Self.limit {
                let report = DueReport(findings, limit: limit)
                guard !report.waiting.isEmpty,
                    let next = report.due.first(where: { !seen.contains($0.rotation) && $0.begins })
                else { break }
                seen.insert(next.rotation)
                guard let state = try newest(of: next.rotation), let left = next.leftToPeople(after: state) else {
                    continue
                }
                findings = findings.map { $0.rotation == left.rotation ? left : $0 }
            }
        } catch {
            console.warn("which rotations were taken back is not known, so they keep their places: \(error.message)")
        }
        return findings
    }

    /// The newest rotation of which there is a handoff that counts.
    private func newest(of rotation: PlanName) throws(StepError) -> State? {
        guard let store = try environment.artifacts(of: rotation, console, transport),
            let handoff = try store.newest(of: rotation, besides: nil, config: config, environment, console).handoff
        else { return nil }
        do { return try State(handoff, trust: nil) } catch { throw StepError(error) }
    }
}
