import ChildProcesses
import FoundationEssentials
import JSON
import PublisherKit
import Secrets
import Sodium

/// Hands the secret to a program of the user's on its standard input.
@main
struct CommandPublisher: Publisher {
    var information: PublisherInformation {
        PublisherInformation(
            with: .init(required: ["publish"], optional: ["verify", "check", "timeout", Settings.create]),
            paths: ["publish", "verify", "check"],
            // Its programs are the clients of such services.
            environment: .init(inherited: [
                "GITHUB_API_URL", "CI_API_V4_URL", "VAULT_ADDR", "VAULT_NAMESPACE", "VAULT_CACERT", "AWS_REGION",
                "AWS_DEFAULT_REGION", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT",
            ]), readback: .value, rollback: .value)
    }

    func check(_ request: PublisherRequest) throws(PublisherError) -> PublisherAnswer {
        let settings = try CommandSettings(request.with)
        for (key, arguments) in settings.commands {
            guard let obstacle = Program(arguments).obstacle else { continue }
            throw Self.notStarted(arguments[0], key, obstacle)
        }
        if let arguments = settings.check {
            let run = Command(arguments, request, .check).run(until: settings.end(request))
            guard run.succeeded else {
                throw Self.refusal(run, arguments, "check") ?? PublisherError(.internal, Self.message(run, "check"))
            }
        }
        // What publishing looks at first.
        let isMade = try look(settings, request) == .nothing
        return PublisherAnswer(.ready, message: isMade ? request.noteOfMaking(Self.absence) : nil)
    }

    func publish(_ request: PublisherRequest) throws(PublisherError) -> PublisherAnswer {
        let settings = try CommandSettings(request.with)
        let secret = try request.requireSecret()
        if try look(settings, request) == .same { return PublisherAnswer(.unchanged) }
        let run = Command(settings.publish, request, .publish).run(input: secret, until: settings.end(request))
        if run.succeeded {
            return PublisherAnswer(.committed, message: "the program \(settings.publish[0]) took it")
        }
        if let refusal = Self.refusal(run, settings.publish, "publish") { throw refusal }
        return PublisherAnswer(
            .unknown(
                PublisherError(
                    .internal, Self.message(run, "publish"),
                    hint: "read what the program printed, and check whether it wrote the key")))
    }

    func verify(_ request: PublisherRequest) throws(PublisherError) -> PublisherAnswer {
        let settings = try CommandSettings(request.with)
        guard let arguments = settings.verify else { return PublisherAnswer(.unverifiable) }
        switch try compare(arguments, settings, request) {
        case .same: return PublisherAnswer(.match)
        case .nothing: return PublisherAnswer(.absent)
        case .expected, .other: return PublisherAnswer(.mismatch)
        }
    }

    private static let absence = "the program of 'verify' finds nothing"

    /// What the target holds by the program of `verify`; `nil` without one: then nobody knows. Refuses a value that this
    /// rotation does not know, and to make what nobody said was to be made.
    private func look(_ settings: CommandSettings, _ request: PublisherRequest) throws(PublisherError) -> Comparison? {
        guard let arguments = settings.verify else { return nil }
        let comparison = try compare(arguments, settings, request)
        switch comparison {
        case .same, .expected: return comparison
        case .nothing:
            if let refusal = request.refusalToMake(Self.absence, field: "with.verify") { throw refusal }
            return comparison
        case .other:
            throw PublisherError(
                .conflict, "the program of 'verify' finds a value that this rotation does not know",
                hint: "check that the target is the right one",
                field: "with.verify")
        }
    }

    /// Compares what the program of `verify` finds: the value itself, or its digest.
    private func compare(
        _ arguments: [String], _ settings: CommandSettings, _ request: PublisherRequest
    ) throws(PublisherError) -> Comparison {
        let command = Command(arguments, request, .verify)
        let run = command.run(capture: true, until: settings.end(request))
        guard run.succeeded else {
            throw Self.refusal(run, arguments, "verify") ?? PublisherError(.internal, Self.message(run, "verify"))
        }
        guard !run.isCut else {
            throw PublisherError(
                .configuration, "the program of 'verify' printed more than \(Command.outputLimit) bytes",
                hint: "print the value and nothing else", field: "with.verify")
        }
        let output = run.output.withoutLineEnd
        if let digest = output.revealed().flatMap({ Digest($0) }) { return request.compare(held: digest) }
        return request.compare(held: output.count > 0 ? output : nil)
    }

    /// The error of a program that certainly wrote nothing: it was not started, or says so by a status of `sysexits.h`.
    private static func refusal(_ run: Run, _ arguments: [String], _ key: String) -> PublisherError? {
        if let obstacle = run.ending.obstacle { return notStarted(arguments[0], key, obstacle) }
        guard !run.wasStopped, case .exited(let status) = run.ending else { return nil }
        let message = message(run, key)
        switch status {
        case 64, 65, 78: return PublisherError(.configuration, message, field: "with.\(key)")
        case 66: return PublisherError(.notFound, message)
        case 69, 75: return PublisherError(.unavailable, message, hint: "run the step again later")
        case 77: return PublisherError(.denied, message)
        default: return nil
        }
    }

    private static func message(_ run: Run, _ key: String) -> String {
        if run.wasStopped { return "the program of '\(key)' did not end in time and was stopped" }
        return "the program of '\(key)' \(run.ending)"
    }

    private static func notStarted(_ program: String, _ key: String, _ obstacle: Obstacle) -> PublisherError {
        PublisherError(
            .configuration, "the program \(program) \(obstacle)",
            hint:
                "name a file that may be executed, with its path or in an absolute folder of PATH; \(obstacle.remedy)",
            field: "with.\(key)")
    }
}
