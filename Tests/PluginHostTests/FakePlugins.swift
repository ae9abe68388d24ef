import FoundationEssentials
import JSON
import PluginHost
import PublisherHosting
import PublisherKit
import Secrets
import Sodium
import Synchronization
import TestSupport

/// A folder of plugins written by a test, and a host that looks for plugins there.
final class FakePlugins: Sendable {
    static let key = "sk-or-v1-" + String(repeating: "0f1e2d3c", count: 8)
    static let secret = Secret(key)

    let folder: TemporaryDirectory
    private let lines = Mutex<[String]>([])

    init() throws { folder = try TemporaryDirectory() }

    /// The lines of standard error that the host passed on.
    var log: [String] { lines.withLock { $0 } }

    static func information(
        batch: Bool = false, together: String = "[]", environment: String = "[]", inherited: String = "[]"
    ) -> String {
        #"""
        {"protocol":1,"verbs":["check","publish","verify"],"with":{"required":[],"optional":["path"]},\#
        "environment":{"required":\#(environment),"optional":[],"inherited":\#(inherited)},"readback":"none","rollback":"none","batch":\#(batch),"together":\#(together)}
        """#
    }

    /// Writes `ork-publisher-NAME`: it prints `information` for `info` and runs `body` for every other word.
    @discardableResult
    func add(_ name: String, information: String = information(), _ body: String) throws -> String {
        let script =
            "#!/bin/sh\nif [ \"$1\" = info ]; then echo '\(information)'; exit; fi\ncd '\(folder.path)'\n\(body)\n"
        return try addProgram(name, script)
    }

    @discardableResult
    func addProgram(_ name: String, _ text: String) throws -> String {
        try folder.writeProgram(text, to: "ork-publisher-\(name)")
    }

    /// A busy machine may take its time to start a program.
    static var patient: Limits {
        var limits = Limits()
        limits.informationTime = .seconds(120)
        return limits
    }

    func host(
        _ environment: [String: String] = [:], _ limits: Limits = patient, masking masked: [Secret] = []
    ) -> PluginHost {
        var environment = environment
        environment["PATH"] = environment["PATH"] ?? "/usr/bin:/bin"
        return PluginHost(searchPath: [folder.path], environment: environment, limits: limits, masking: masked) {
            [self] _, line in
            lines.withLock { $0.append(line) }
        }
    }

    static func address(
        _ name: String, pin: String? = nil, environment: [String: String] = [:], folder: String? = nil
    ) throws -> PublisherAddress {
        guard let name = PublisherName(name) else { throw PublisherError(.internal, "not a name") }
        var names: [EnvironmentName: EnvironmentName] = [:]
        for (child, ours) in environment {
            guard let child = EnvironmentName(child), let ours = EnvironmentName(ours) else {
                throw PublisherError(.internal, "not a variable's name")
            }
            names[child] = ours
        }
        return PublisherAddress(publisher: name, pin: pin, environment: names, folder: folder)
    }

    static func request(_ target: String = "web", seconds: Double = 30) -> PublisherRequest {
        PublisherRequest(
            id: target, operation: "R/\(target)/0f", rotation: "R", deadline: Date.now.addingTimeInterval(seconds),
            target: target, with: [:], expect: [], digest: Digest(of: secret), secret: secret)
    }

    /// Sends one `publish` per address and gives back the answers in the order of the addresses.
    func publish(
        _ addresses: [PublisherAddress], seconds: Double = 30, environment: [String: String] = [:],
        with settings: [JSONObject] = [], limits: Limits = Limits()
    ) async throws -> [PublisherAnswer?] {
        let requests = addresses.enumerated().map { index, address in
            var request = Self.request("target-\(index)", seconds: seconds)
            if index < settings.count { request.with = settings[index] }
            return (address, request)
        }
        return try await onOwnThread { [self] in
            var answers = [PublisherAnswer?](repeating: nil, count: requests.count)
            host(environment, limits).send(.publish, requests) { index, answer in
                precondition(answers[index] == nil, "a second answer")
                answers[index] = answer
            }
            return answers
        }
    }
}
