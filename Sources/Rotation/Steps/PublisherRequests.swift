import FoundationEssentials
import JSON
import PublisherHosting
import PublisherKit
import Rotation
import Secrets
import Sodium

/// What the publishers of some targets are asked, whatever the verb.
struct PublisherRequests {
    private let publishers: any PublisherHost
    private let targets: [Entry]
    private let tell: (Announcement) -> Void

    private struct Entry {
        let target: Plan.Target
        let address: PublisherAddress
        let information: PublisherInformation
    }

    /// Finds everything that is wrong with the targets and can be found without asking their services.
    ///
    /// `folder` is that of this stage's `ork.yaml`, `command` what it runs, and `tell` is told who is waited for.
    init(
        to publishers: any PublisherHost, _ targets: [Plan.Target], in folder: String?, for command: String,
        tell: @escaping (Announcement) -> Void
    ) throws(StepError) {
        self.publishers = publishers
        self.tell = tell
        var found: [Entry] = []
        var problems: [String] = []
        var isDenied = true
        var hint: String?
        publishers.prepare(targets.map { PublisherAddress($0, in: folder) })
        for target in targets {
            do throws(PublisherError) {
                found.append(try Self.entry(target, publishers, folder, command))
            } catch {
                problems.append("\(target.name): \(error.text)")
                hint = hint ?? error.advice(for: target.name)
                isDenied = isDenied && error.code == .denied
            }
        }
        guard problems.isEmpty else {
            throw StepError(
                isDenied ? .denied : .unacceptable, problems.joined(separator: "; "),
                hint: hint ?? "nothing was written", isRetryable: false)
        }
        self.targets = found
    }

    private init(_ requests: Self, only targets: [Entry]) {
        publishers = requests.publishers
        tell = requests.tell
        self.targets = targets
    }

    /// Those of them of which this holds.
    func only(where isWanted: (Plan.Target, PublisherInformation) -> Bool) -> PublisherRequests {
        PublisherRequests(self, only: targets.filter { isWanted($0.target, $0.information) })
    }

    var isEmpty: Bool { targets.isEmpty }

    /// What the publisher of each target says of itself.
    var descriptions: [(target: Plan.Target, information: PublisherInformation)] {
        targets.map { ($0.target, $0.information) }
    }

    private static func entry(
        _ target: Plan.Target, _ publishers: any PublisherHost, _ folder: String?, _ command: String
    ) throws(PublisherError) -> Entry {
        let address = PublisherAddress(target, in: folder)
        let information = try publishers.information(address)
        try information.validate(with: target.with)
        if folder == nil, target.origin == .configuration, information.hasRelativePath(in: target.with) {
            throw PublisherError(
                .configuration, "its paths are seen from the folder of ork.yaml, and this stage sees none",
                hint: "name the rotation's ork.yaml: `\(command) --config PATH`")
        }
        return Entry(target: target, address: address, information: information)
    }

    /// Asks all publishers at once, and hands over each answer as it comes.
    ///
    /// Only `publish` and `rollback` hand `secret` on; what comes back shows it in no verb.
    /// `state` is what is known of the rotation, `nil` before it has begun. `asked` is the key that is asked about, if
    /// that is not the successor, and `expecting` what a target may hold, if that is not what the verb expects by itself.
    /// `sealTo` are those for whom a predecessor is sealed that a check finds. `accepted` are the targets that may be overwritten whatever they hold, `created` those
    /// that are to be made where there is nothing. `timeout` is how long one publisher may take for one target, in seconds.
    func send(
        _ verb: Verb, _ state: State?, about asked: Digest? = nil, expecting: [Digest]? = nil, secret: Secret? = nil,
        accepted: Set<PlanName> = [], created: Set<PlanName> = [], sealTo: [PublicIdentity] = [], from now: Date,
        timeout: TimeInterval,
        each: (Plan.Target, PublisherRequest, PublisherAnswer) -> Void
    ) {
        // One that takes many requests together works on them one after the other.
        let together = targets.filter { !$0.information.together.isEmpty }.count
        let rounds = max(together, (targets.count + Self.concurrency - 1) / Self.concurrency)
        let deadline = now.addingTimeInterval(timeout * Double(rounds))
        let expect = expecting ?? asked.map { [$0] } ?? state.flatMap { Self.expectation(verb, $0) }
        // A check may come before the key that it asks about.
        let digest = asked ?? state?.created?.digest ?? Digest(of: [])
        let isAboutSuccessor = digest == state?.created?.digest
        let requests = targets.enumerated().map { number, entry in
            let name = entry.target.name
            let rotation = state?.header.id.description ?? ""
            let known = state.flatMap { $0.targetState(entry.target) }
            // A receipt of the successor says nothing of another key that is looked for.
            let receipt =
                isAboutSuccessor || verb.isWrite ? known?.receipt : state?.putBack(entry.target)?.receipt(of: digest)
            let request = PublisherRequest(
                id: "\(number + 1)",
                operation: verb == .check ? "check/\(name)" : "\(rotation)/\(name)/\(digest.hex.prefix(16))",
                rotation: rotation, deadline: deadline, target: name.description, with: entry.target.with,
                expect: accepted.contains(name) ? nil : expect,
                // What this rotation has written and somebody has removed since, it has been let make already.
                create: created.contains(name) || known?.written != nil, digest: digest, secret: secret,
                receipt: receipt, sealTo: sealTo.map(\.recipient))
            return (address: entry.address, request: request)
        }
        var silent = targets.map(\.target)
        defer { tell(.waited) }
        tell(.waiting(for: PublishStep.list(silent), until: deadline))
        publishers.deliver(verb, requests) { index, answer in
            silent.removeAll { $0.name == targets[index].target.name }
            if !silent.isEmpty { tell(.waiting(for: PublishStep.list(silent), until: deadline)) }
            var answer = answer
            if let state { answer.held = Self.held(answer, state) }
            each(targets[index].target, requests[index].request, answer)
        }
    }

    /// Publishers that take one request a process run so many at a time.
    private static let concurrency = 8

    /// What the target held: the publisher's word, unless it gives a digest, which is told by whose it is.
    private static func held(_ answer: PublisherAnswer, _ state: State) -> Held {
        guard let digest = answer.holds else {
            // To a publisher, what may be written over is the predecessor.
            return answer.held == .predecessor && !state.header.dead.isEmpty ? .unknown : answer.held
        }
        if digest == state.created?.digest { return .successor }
        guard state.hashesAreDigests else { return .unknown }
        return state.predecessorDigests.contains(digest) ? .predecessor : .other
    }

    /// What a target may hold; `nil` where that is not known.
    private static func expectation(_ verb: Verb, _ state: State) -> [Digest]? {
        let successor = state.created.map { [$0.digest] } ?? []
        if verb == .verify { return successor }
        guard state.hashesAreDigests else { return nil }
        let dead = state.header.dead.compactMap { Digest(hex: $0.hash.description) }
        return state.predecessorDigests + dead + successor
    }
}

extension State {
    /// OpenRouter documents a key's hash to be our digest of it. Where the successor's is not, nothing is known of the
    /// predecessors' digests, and targets are not compared.
    var hashesAreDigests: Bool { created.map { $0.hash == KeyHash(documentedFor: $0.digest) } ?? true }

    /// The digests of the predecessors, as far as they are known.
    var predecessorDigests: [Digest] {
        hashesAreDigests ? header.predecessors.compactMap { Digest(hex: $0.hash.description) } : []
    }

    /// What to tell of targets that are not compared.
    var comparisonWarning: String? {
        hashesAreDigests
            ? nil : "targets are not compared before they are written: OpenRouter's hashes are not SHA-256 digests"
    }
}

extension PublisherAddress {
    /// `folder` is that of this stage's `ork.yaml`.
    init(_ target: Plan.Target, in folder: String?) {
        self.init(
            publisher: target.publisher, pin: target.pin?.hex, environment: target.environment,
            folder: target.origin == .configuration ? folder : nil)
    }
}

extension PublisherError {
    /// What to do, with the flag that hands a variable on to this target where one is to blame.
    func advice(for target: PlanName) -> String? {
        guard let hint, let field, field.hasPrefix("env.") else { return hint }
        return "\(hint); \(Self.flag(handing: String(field.dropFirst("env.".count)), to: target))"
    }

    /// How the same is said without a file.
    static func flag(handing variable: String, to target: PlanName) -> String {
        "by flags: --target-env \(target):\(variable), or \(target):\(variable)=YOURS"
    }

    /// The message with the setting that is to blame, where it does not name that itself.
    var text: String {
        guard let field, let name = field.split(separator: ".").last, !message.contains(name) else { return message }
        return "\(message) (\(field))"
    }
}
