import Configuration
import FoundationEssentials
import HTTP
import JSON
import Rotation
import Secrets
import Steps
import Timestamps

extension Outcome {
    /// What is news in how the run ended, to those who do not read its log; `nil` where nobody has to know.
    var news: NotifyRules.News? {
        guard !isDryRun else { return nil }
        switch failure?.code {
        case .interrupted, .terminated: return nil
        case .notYet: return failure?.isRetryable == true ? nil : .needsPerson
        case nil: return hasFinished ? .finish : next?.isApproval == true ? .needsPerson : nil
        default: return .failure
        }
    }
}

extension NextCommand {
    /// Whether it is for somebody who has to decide.
    var isApproval: Bool { command.hasPrefix("ork-approve") }
}

/// How a run ended, for people who are not there: a sentence of our own words, and others' text apart from it.
struct Notice {
    let news: NotifyRules.News
    /// Names of rotations and programs, which hold nothing that a service could take for markup.
    let sentence: String
    /// What is known, each with its name. Our own words, too.
    let facts: [(name: String, value: String)]
    /// What the step said. Names of keys are in it, which anybody may have chosen.
    let message: String?
    let hint: String?
    /// Where the CI system shows the run.
    let run: HTTPURL?
    let json: JSONValue

    /// The most characters of a text of others. Services refuse what is longer than a few thousand.
    private static let limit = 700

    private static func shown(_ text: String, _ held: HeldSecrets) -> String {
        DisplayText.line(SecretShape.masking(held.redacting(text)), limit: limit)
    }

    /// What a program that continues no rotation has found, and a person should look at. `sentence` is of our own words.
    init(
        from program: String, _ sentence: String, of rotations: [PlanName], _ message: String, hint: String,
        _ environment: StepEnvironment, hiding held: HeldSecrets
    ) {
        news = .needsPerson
        self.sentence = sentence
        let message = Self.shown(message, held)
        let run = Provenance(environment).json["run"]?.string.flatMap { try? HTTPURL($0) }
        self.message = message
        self.hint = hint
        self.run = run
        facts = []
        json = [
            "event": .string(NotifyRules.News.needsPerson.rawValue), "text": .string(sentence),
            "rotation": rotations.count == 1 ? .string(rotations[0].description) : .null, "rotation_id": .null,
            "rotations": .array(rotations.map { .string($0.description) }), "program": .string(program), "status": 0,
            "class": .null, "state": .null, "message": .string(message), "hint": .string(hint),
            "run": run.map { .string($0.description) } ?? .null, "at": .string(StepClock().now.rfc3339),
        ]
    }

    /// `nil` where nothing is news. No part of it shows any of what is `held`.
    init?(_ outcome: Outcome, _ environment: StepEnvironment, hiding held: HeldSecrets) {
        guard let news = outcome.news, let configuration = outcome.configuration else { return nil }
        func shown(_ text: String) -> String { Self.shown(text, held) }
        self.news = news
        let rotation = configuration.name
        sentence =
            switch news {
            case .failure: "\(outcome.program) of \(rotation) failed"
            case .needsPerson where outcome.failure == nil: "\(rotation) waits for an approval"
            case .needsPerson: "\(outcome.program) of \(rotation) waits for a person"
            case .finish:
                "the rotation \(rotation) \(outcome.state?.isRolledBack == true ? "was rolled back" : "is finished")"
            }
        message = outcome.failure.map { shown($0.message) }
        hint =
            outcome.failure.map { $0.hint.map(shown) } ?? outcome.next.map { "next: " + shown($0.description) }
        let run = Provenance(environment).json["run"]?.string.flatMap { try? HTTPURL($0) }
        self.run = run
        var facts: [(name: String, value: String)] = []
        if let state = outcome.state {
            facts = [("rotation", state.header.id.description), ("state", state.phase.rawValue)]
        }
        if let failure = outcome.failure { facts.append(("class", failure.code.word)) }
        self.facts = facts
        json = [
            "event": .string(news.rawValue), "text": .string(sentence), "rotation": .string(rotation.description),
            "rotation_id": outcome.state.map { .string($0.header.id.description) } ?? .null,
            "program": .string(outcome.program),
            "status": .number(JSONNumber(Int(outcome.failure?.code.rawValue ?? 0))),
            "class": outcome.failure.map { .string($0.code.word) } ?? .null,
            "state": outcome.state.map { .string($0.phase.rawValue) } ?? .null,
            "message": message.map { .string($0) } ?? .null, "hint": hint.map { .string($0) } ?? .null,
            "run": run.map { .string($0.description) } ?? .null, "at": .string(StepClock().now.rfc3339),
        ]
    }
}

extension StepError.Code {
    /// One word for it, which programs may rely on.
    var word: String {
        switch self {
        case .failed: "failed"
        case .usage: "usage"
        case .unacceptable: "unacceptable"
        case .unreachable: "unreachable"
        case .notYet: "not_yet"
        case .denied: "denied"
        case .interrupted, .terminated: "stopped"
        }
    }
}
