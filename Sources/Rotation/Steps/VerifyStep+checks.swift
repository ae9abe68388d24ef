import FoundationEssentials
import HTTP
import JSON
import OpenRouter
import PublisherHosting
import PublisherKit
import Rotation
import Secrets
import Timestamps

extension VerifyStep {
    /// The successor answers, may spend, and is in use as far as that can be told.
    func checkSuccessor(_ secret: Secret?, _ state: State) throws(StepError) -> [Check] {
        guard let secret else {
            let wasDropped = state.verification != nil
            guard wasDropped else {
                throw StepError(
                    .unacceptable, "the successor is not sealed to this stage's identity",
                    hint: "give it the identity that ork-create sealed to (ORK_IDENTITY)")
            }
            // A complete verification has probed it before; retirement reads its state at OpenRouter itself.
            let check = Check(
                State.Check.first, .unknown, "not probed again: the sealed key is dropped from the handoff")
            guard state.plan.verify.requiresAdoption, state.verification?.adoption != .seen else { return [check] }
            return [
                check,
                Check(
                    Check.adoption, .failed, "its use cannot be seen without the sealed key",
                    hint: "use a copy of the handoff from before the last ork-verify"),
            ]
        }
        let call = InferenceAPI(baseURL: service, key: secret).currentKey()
        let answer: Dated<CurrentKey>
        do { answer = try OpenRouterClient(transport: transport).send(call) } catch {
            let hint =
                error.code == .unauthorized
                ? "it is deleted or disabled: another rotation has taken over, or start a new rotation with another --handoff "
                    + "and ork-create --supersede" : error.hint
            return [Check(State.Check.first, .failed, error.message, hint: hint)]
        }
        let key = answer.value
        guard key.maySpend(at: answer.date ?? context.clock.now) else {
            return [
                Check(
                    State.Check.first, .failed, "OpenRouter accepts it, but it may not spend",
                    hint: "raise its limit, or start a new rotation")
            ]
        }
        return [Check(State.Check.first, .passed, "OpenRouter accepts it"), adoption(key, state)]
    }

    private func adoption(_ key: CurrentKey, _ state: State) -> Check {
        guard let baseline = state.lastBaseline, let before = Decimal(string: baseline.cost) else {
            return Check(Check.adoption, .unknown, "its usage before publishing is not known")
        }
        if key.usageTotal > before { return Check(Check.adoption, .passed, "its usage has grown since publishing") }
        guard state.plan.verify.requiresAdoption else {
            return Check(
                Check.adoption, .unknown, "no usage yet that costs money; use of free models does not show here")
        }
        return Check(
            Check.adoption, .notYet, "no usage yet",
            hint: "let an application use it, and run ork-verify again or with --wait")
    }

    /// Every target is read back where it can be.
    func checkTargets(
        _ targets: [Plan.Target], _ state: State, hiding secret: Secret?
    ) throws(StepError) -> [Check] {
        let requests = try PublisherRequests(
            to: publishers, targets, in: context.configurationFolder, for: "ork-verify")
        var checks: [Check] = []
        let now = context.clock.now
        requests.send(.verify, state, secret: secret, from: now, timeout: options.timeout) { target, _, answer in
            let news = state.newsOfMaking(target.name).map { "; \($0)" } ?? ""
            checks.append(Self.check(target.name, answer, news: news, canRepair: state.isSealed))
        }
        return checks.sorted { $0.name < $1.name }
    }

    /// The publisher's own words tell best what was seen: the value, or only when it was written.
    private static func check(
        _ target: PlanName, _ answer: PublisherAnswer, news: String, canRepair: Bool
    ) -> Check {
        let name = "target \(target)"
        let repair =
            canRepair
            ? "ork-publish --accept-target \(target) writes it again"
            : "the sealed key is dropped, so fix it by hand, or start a new rotation: another --handoff, --supersede"
        func check(_ result: Check.Outcome, _ text: String, hint: String? = nil) -> Check {
            Check(name, result, (answer.message ?? text) + (result == .failed ? "" : news), hint: hint, target: target)
        }
        switch answer.outcome {
        case .match: return check(.passed, "holds the successor")
        case .mismatch: return check(.failed, "holds another value", hint: "find out who wrote it; \(repair)")
        case .absent: return check(.failed, "holds nothing", hint: "find out who removed it; \(repair)")
        case .unverifiable: return check(.unknown, "cannot be read back")
        case .rejected(let error), .unknown(let error):
            return Check(name, .failed, error.text, hint: error.hint, target: target)
        case .ready, .committed, .unchanged:
            return Check(
                name, .failed, "the publisher answered verify as if it were another verb", target: target)
        }
    }

    /// The application's own probes.
    func checkApplications(_ probes: [Plan.Probe], hiding secret: Secret?) throws(StepError) -> [Check] {
        var requests: [HTTPRequest] = []
        var expected: [(url: HTTPURL, statuses: [Int])] = []
        var checks: [Check] = []
        for probe in probes {
            switch probe {
            case .http(let probe):
                let url: HTTPURL
                do { url = try HTTPURL(probe.url) } catch {
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
            checks.append(Self.check(url, statuses, result))
        }
        return checks.sorted { $0.name < $1.name }
    }

    private static func check(
        _ url: HTTPURL, _ statuses: [Int], _ result: Result<HTTPResponse, TransportError>
    ) -> Check {
        let name = "probe \(url.withoutQuery)"
        switch result {
        case .failure(let error):
            return Check(name, .failed, error.message)
        case .success(let response) where statuses.contains(response.status):
            return Check(name, .passed, "answers \(response.status)")
        case .success(let response):
            let wanted = statuses.map(String.init).joined(separator: " or ")
            return Check(
                name, .failed, "answers \(response.status) instead of \(wanted)",
                hint: "look at the application's log; the predecessor stays as it is")
        }
    }

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
            return Check(name, .failed, problem, hint: "its output is above")
        }
        return Check(name, .passed, "exits 0")
    }
}
