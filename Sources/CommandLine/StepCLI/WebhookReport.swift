import Configuration
import FoundationEssentials
package import HTTP
import JSON
import PublisherHosting
package import Rotation
import Secrets
package import Steps

/// Posts news of a run to the webhooks of `ork.yaml`: when all is done and saved, for a few seconds at most. What cannot
/// be delivered is told here, and changes nothing.
struct WebhookReport: Reporter {
    private let rules: NotifyRules
    private let environment: StepEnvironment
    private let console: Console
    private let transport: any HTTPTransport

    /// `nil` where nobody is to be told.
    init?(
        _ rules: NotifyRules?, _ environment: StepEnvironment, _ console: Console, _ transport: any HTTPTransport
    ) {
        guard let rules, !rules.webhooks.isEmpty else { return nil }
        self.rules = rules
        self.environment = environment
        self.console = console
        self.transport = transport.brief
    }

    func report(_ outcome: Outcome) {
        guard let notice = Notice(outcome, environment, hiding: outcome.heldSecrets(environment)) else { return }
        deliver(notice)
    }

    /// Sends it to all who want such news, at once.
    func deliver(_ notice: Notice) {
        var requests: [HTTPRequest] = []
        var names: [String] = []
        for webhook in rules.webhooks where webhook.settings.news.contains(notice.news) {
            guard let variable = webhook.settings.variable else { continue }
            do throws(DeliveryMistake) {
                let url = try webhook.settings.address(in: environment)
                requests.append(Self.request(to: url, notice, webhook.service, in: variable))
                names.append("the webhook in \(variable)")
            } catch {
                console.warn("nobody at \(webhook.service.rawValue) was told that \(notice.sentence): \(error.message)")
            }
        }
        transport.send(requests) { index, result in
            guard let problem = result.deliveryProblem else { return }
            console.warn("\(names[index]) was not told that \(notice.sentence): \(problem)")
        }
    }

    private static func request(
        to url: HTTPURL, _ notice: Notice, _ service: NotifyRules.Service, in variable: EnvironmentName
    ) -> HTTPRequest {
        // Told twice is better than not at all.
        var request = HTTPRequest(
            .post, url, headers: [(name: "Content-Type", value: "application/json; charset=utf-8")],
            body: notice.body(for: service).bytes(.compact), isIdempotent: true, wantsFreshConnection: true)
        request.alias = "the webhook in \(variable)"
        return request
    }
}

extension NotifyRules {
    /// Tells the webhooks for `needs_person` what `program` has found. `sentence` is ork's own wording, and `message`
    /// shows nothing that is `held`.
    package func tell(
        from program: String, _ sentence: String, of rotations: [PlanName], _ message: String, hint: String,
        hiding held: HeldSecrets, _ environment: StepEnvironment, _ console: Console, over transport: any HTTPTransport
    ) {
        let notice = Notice(from: program, sentence, of: rotations, message, hint: hint, environment, hiding: held)
        WebhookReport(self, environment, console, transport)?.deliver(notice)
    }
}

extension StepError {
    /// Tells the webhooks of this stage's `ork.yaml` why a program that is no step did not finish.
    package func tellWebhooks(
        of program: String, rotation: String?, config: String?, _ environment: StepEnvironment, _ console: Console,
        over transport: any HTTPTransport
    ) {
        let outcome = Outcome(of: program, failure: self, rotation: rotation, config: config)
        WebhookReport(outcome.configuration?.notify, environment, console, transport)?.report(outcome)
    }
}

extension Result<HTTPResponse, TransportError> {
    /// Why something was not delivered. The host's name may be all that is secret in an address: it stands in no message.
    var deliveryProblem: String? {
        switch self {
        case .success(let answer): answer.deliveryProblem
        case .failure(let error): error.deliveryProblem
        }
    }
}

extension HTTPResponse {
    /// Why something was not taken.
    var deliveryProblem: String? { (200...299).contains(status) ? nil : "it answers \(status)" }
}

extension TransportError {
    /// Why something did not arrive.
    var deliveryProblem: String {
        switch code {
        case .unreachable: "it cannot be reached"
        case .untrusted: "its certificate is not accepted"
        case .timeout: "it does not answer in time"
        case .interrupted: "there was no whole answer"
        case .tooLarge: "its answer is too long to be understood"
        case .invalid: "its address or its headers cannot be sent"
        }
    }
}

/// Why nobody is there to whom something could be delivered.
struct DeliveryMistake: Error {
    let message: String

    init(_ message: String) { self.message = message }
}

extension NotifyRules.WebhookSettings {
    /// The address in its variable.
    func address(in environment: StepEnvironment) throws(DeliveryMistake) -> HTTPURL {
        guard let variable else { throw DeliveryMistake("it has no variable") }
        guard let text = environment[variable.description] else {
            throw DeliveryMistake("the environment variable \(variable) is not set")
        }
        guard let url = try? HTTPURL(text) else {
            throw DeliveryMistake("the environment variable \(variable) does not hold an https address")
        }
        return url
    }
}

extension NotifyRules {
    /// The addresses that are there, which nothing may show.
    func addresses(in environment: StepEnvironment) -> [HTTPURL] {
        webhooks.compactMap { try? $0.settings.address(in: environment) }
    }
}
