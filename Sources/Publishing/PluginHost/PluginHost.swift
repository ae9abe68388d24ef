import ChildProcesses
import FoundationEssentials
import Glibc
package import PublisherHosting
package import PublisherKit
package import Secrets

/// Runs publisher plugins as child processes, within bounds, and believes only what keeps to the contract.
///
/// The caller's thread waits meanwhile, so the calls are not for Swift's cooperative pool.
package final class PluginHost: PublisherHost {
    private let directories: [String]
    private let environment: PublisherEnvironment
    private let limits: Limits
    private let hidden: [Secret]
    private let masked: [Secret]
    private let log: (PublisherName, String) -> Void
    private var known: [Key: Result<PublisherInformation, PublisherError>] = [:]
    /// Those that are being asked.
    private var asked: [Key: InformationJob] = [:]
    private let asking: ProcessLoop

    private struct Key: Hashable {
        let publisher: PublisherName
        let pin: String?

        init(_ address: PublisherAddress) {
            publisher = address.publisher
            pin = address.pin
        }
    }

    /// `directories` are searched in order; `environment` is the step's own.
    /// Nothing that comes back shows `hidden`, the step's own secrets, beside those of the requests: an answer that does is
    /// dropped. In the texts of one that shows any of `masked`, other credentials, only those are taken out.
    /// `log` gets the lines of the plugins' standard error, redacted, escaped and prefixed with `NAME: `.
    package init(
        searchPath directories: [String], environment: [String: String], limits: Limits = Limits(),
        hiding hidden: [Secret] = [], masking masked: [Secret] = [], log: @escaping (PublisherName, String) -> Void
    ) {
        self.directories = directories
        self.hidden = hidden
        self.masked = masked
        self.environment = PublisherEnvironment(environment)
        self.limits = limits
        self.log = log
        asking = ProcessLoop(limits)
    }

    deinit {
        // Whoever stopped before wants no answer, and leaves no process behind.
        for job in asked.values { job.abandon() }
        asking.run()
    }

    /// Where programs are looked for: beside `executable`, then in `ORK_PLUGIN_PATH`, then in `PATH`. Of these,
    /// `Program.find` passes over what is relative.
    package static func searchPath(executable: String, environment: [String: String]) -> [String] {
        var directories: [String] = []
        if let slash = executable.lastIndex(of: "/") { directories.append(String(executable[..<slash])) }
        for name in ["ORK_PLUGIN_PATH", "PATH"] {
            directories += (environment[name] ?? "").split(separator: ":").map(String.init)
        }
        return directories
    }

    package func prepare(_ addresses: [PublisherAddress]) {
        for address in addresses { ask(Key(address)) }
        asking.start()
    }

    package func information(_ address: PublisherAddress) throws(PublisherError) -> PublisherInformation {
        try describe(address).information
    }

    package func description(
        of publisher: PublisherName, pin: String?
    ) throws(PublisherError) -> PublisherInformation? {
        guard Program.find(Self.prefix + "\(publisher)", in: directories) != nil else {
            if let error = unusable(publisher) { throw error }
            return nil
        }
        return try statement(PublisherAddress(publisher: publisher, pin: pin))
    }

    package func hasVariable(_ name: EnvironmentName) -> Bool { environment.has(name) }

    /// What the publisher says of itself, and the environment that it is to get.
    private func describe(
        _ address: PublisherAddress
    ) throws(PublisherError) -> (information: PublisherInformation, environment: [String: String]) {
        let information = try statement(address)
        return (information, try environment.child(address.environment, of: information))
    }

    /// What the publisher says of itself, asked once.
    private func statement(_ address: PublisherAddress) throws(PublisherError) -> PublisherInformation {
        let key = Key(address)
        ask(key)
        if asked[key] != nil {
            asking.run()
            for (key, job) in asked { known[key] = job.result() }
            asked = [:]
        }
        guard let result = known[key] else { throw missing(key.publisher) }
        return try result.get()
    }

    /// Asks it, once.
    private func ask(_ key: Key) {
        guard known[key] == nil, asked[key] == nil else { return }
        do throws(PublisherError) {
            let job = InformationJob(try find(key), environment: environment.general, limits: limits)
            asked[key] = job
            asking.add(job)
        } catch {
            known[key] = .failure(error)
        }
    }

    private func find(_ key: Key) throws(PublisherError) -> ProgramFile {
        let file = try ProgramFile.find(Self.prefix + "\(key.publisher)", in: directories, pin: key.pin)
        guard let file else { throw missing(key.publisher) }
        return file
    }

    /// How the programs are called, before the name of the publisher.
    private static let prefix = "ork-publisher-"

    /// A file that has the publisher's name and cannot be started: it was meant to be found.
    private func unusable(_ publisher: PublisherName) -> PublisherError? {
        for folder in directories where folder.hasPrefix("/") {
            let path = folder + "/" + Self.prefix + "\(publisher)"
            var status = stat()
            // A link that leads nowhere has a name all the same.
            guard unsafe lstat(path, &status) == 0, let obstacle = Program([path]).obstacle else { continue }
            return PublisherError(.configuration, "\(path) \(obstacle)", hint: obstacle.remedy, field: "publisher")
        }
        return nil
    }

    private func missing(_ publisher: PublisherName) -> PublisherError {
        if let error = unusable(publisher) { return error }
        let names = directories.filter { $0.hasPrefix("/") }.flatMap { folder in
            (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        }
        let known = names.filter { $0.hasPrefix(Self.prefix) }.map { String($0.dropFirst(Self.prefix.count)) }
        let skipped = directories.filter { !$0.hasPrefix("/") }
        return PublisherError(
            noPublisher: publisher, among: known,
            skipped.isEmpty ? "" : "; relative folders are not searched: \(skipped.joined(separator: ", "))")
    }

    private func process(
        _ address: PublisherAddress, _ secrets: [Secret]
    ) throws(PublisherError) -> PublisherProcess {
        var (information, environment) = try describe(address)
        if address.folder != nil {
            let current = FileManager.default.currentDirectoryPath
            environment = PublisherEnvironment.moved(environment, from: current)
        }
        let own = self.environment.credentials(address.environment)
        let credentials = own + masked.filter { !own.contains($0) }
        return PublisherProcess(
            program: try find(Key(address)), environment: environment, folder: address.folder,
            credentials: credentials.isEmpty ? nil : Redactor(secrets + credentials), own: own, information: information
        )
    }

    package func send(
        _ verb: Verb, _ requests: [(address: PublisherAddress, request: PublisherRequest)],
        each: (Int, PublisherAnswer) -> Void
    ) {
        // The loop is done with the closure when `run` returns.
        withoutActuallyEscaping(each) { exchange(verb, requests, $0) }
    }

    private func exchange(
        _ verb: Verb, _ requests: [(address: PublisherAddress, request: PublisherRequest)],
        _ each: @escaping (Int, PublisherAnswer) -> Void
    ) {
        let loop = ProcessLoop(limits)
        let start = (clock: ContinuousClock.now, date: Date.now)
        var seen = hidden
        for case let secret? in requests.map(\.request.secret) where !seen.contains(secret) { seen.append(secret) }
        let redactor = Redactor(seen)
        let exchange = PublisherExchange(verb, redactor, loop, limits, log: log, each: each)
        var groups: [PublisherAddress: [PendingRequest]] = [:]
        var order: [PublisherAddress] = []
        for (index, (address, request)) in requests.enumerated() {
            var request = request
            // Answers are told apart by it, so it must be unique here, whatever the step calls it.
            request.id = String(index + 1)
            let left = Duration.seconds(request.deadline.timeIntervalSince(start.date))
            if groups[address] == nil { order.append(address) }
            groups[address, default: []].append(
                PendingRequest(index: index, address: address, request: request, deadline: start.clock + left))
        }
        for address in order {
            let requests = groups[address] ?? []
            do throws(PublisherError) {
                exchange.start(requests, try process(address, seen))
            } catch {
                for pending in requests { each(pending.index, PublisherAnswer(.rejected(error))) }
            }
        }
        loop.run()
    }
}
