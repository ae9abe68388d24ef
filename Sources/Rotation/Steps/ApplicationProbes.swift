import FoundationEssentials
package import HTTP
import OpenRouter
import PublisherHosting
import PublisherKit
import Rotation
import Secrets
import Timestamps

/// How a step asks the application whether it works: by the probes of the plan.
package struct ApplicationProbes {
    let context: StepContext
    let transport: any HTTPTransport
    let programs: any ProgramRunner

    package init(context: StepContext, transport: any HTTPTransport, programs: any ProgramRunner) {
        self.context = context
        self.transport = transport
        self.programs = programs
    }

    /// The application's own probes.
    ///
    /// `hint` is what leads on where one fails; nothing that a program prints shows `secret`.
    func check(_ state: State, hiding secret: Secret?, hint: String) throws(StepError) -> [Check] {
        var requests: [HTTPRequest] = []
        var expected: [(url: HTTPURL, statuses: [Int])] = []
        var checks: [Check] = []
        for probe in state.plan.verify.probes {
            switch probe {
            case .http(let probe):
                let url: HTTPURL
                do { url = try probe.address() } catch {
                    throw StepError(
                        .unacceptable, "a probe's address: \(error.rawValue)", hint: "fix it in ork.yaml or --probe")
                }
                requests.append(HTTPRequest(.get, url, headers: [("Accept", "*/*")], wantsFreshConnection: true))
                expected.append((url, probe.expect))
            case .command(let probe):
                checks.append(try run(probe, hiding: secret))
            }
        }
        transport.send(requests) { index, result in
            let (url, statuses) = expected[index]
            checks.append(Self.check(url, statuses, result, hint: hint))
        }
        return checks.sorted { $0.name < $1.name }
    }

    private static func check(
        _ url: HTTPURL, _ statuses: [Int], _ result: Result<HTTPResponse, TransportError>, hint: String
    ) -> Check {
        let name = "probe \(url.withoutQuery)"
        switch result {
        case .failure(let error):
            return Check(name, .failed, error.message, hint: "\(VerifyStep.fixingHint); \(otherProbes)")
        case .success(let response) where statuses.contains(response.status):
            return Check(name, .passed, "answers \(response.status)")
        case .success(let response):
            let wanted = statuses.map(String.init).joined(separator: " or ")
            return Check(
                name, .failed, "answers \(response.status) instead of \(wanted)",
                hint: "\(hint); \(otherProbes)")
        }
    }

    /// What leads on where it is the probe that is wrong: it stays in the plan until others take the place of all.
    private static let otherProbes =
        "if the probe is wrong: `ork-verify --probe none --probe URL` asks that one instead of all that this rotation has, and "
        + "`ork-verify --probe none` asks none"

    private func run(_ probe: Plan.CommandProbe, hiding secret: Secret?) throws(StepError) -> Check {
        let program = probe.arguments[0]
        let name = "probe \(program)"
        let folder = probe.origin == .configuration ? context.configurationFolder : nil
        let isRelative = program.contains("/") && !program.hasPrefix("/")
        guard !isRelative || folder != nil || probe.origin == .currentFolder else {
            throw StepError(
                .unacceptable, "\(name) is seen from the folder of ork.yaml, and this stage sees none",
                hint: "name the rotation's ork.yaml: `ork-verify --config PATH`", isRetryable: false)
        }
        let deadline = context.clock.now.addingTimeInterval(Double(probe.timeout.seconds))
        let problem = programs.run(
            probe.arguments, environment: probe.environment, in: folder, deadline: deadline, hiding: secret)
        if let problem {
            return Check(
                name, .failed, problem.text,
                hint: (problem.hint.map { "\($0); " } ?? "") + Self.otherProbes)
        }
        return Check(name, .passed, "exits 0")
    }
}
