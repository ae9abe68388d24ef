import FoundationEssentials
import Secrets
import TestSupport

/// Where each secret of a rotation may be seen.
struct SentinelRules {
    let successor: Sentinel
    let predecessor: Sentinel
    let management: Sentinel
    let identity: Sentinel
    /// The files of the targets, as absolute paths.
    let targets: [String]
    /// The port of OpenRouter on this machine.
    let port: Int
    /// The publishers that write to a service of the web.
    var services: [Service] = []
    /// The publisher that has the key encrypted.
    var encryption: SentinelEncryption?

    /// A publisher's service and its token.
    struct Service {
        /// The name of the publisher's program.
        let program: String
        /// The variable with the token.
        let variable: String
        let token: Sentinel
        /// Its port on this machine.
        let port: Int
        /// What stands around the successor in a request; `nil` if the service never sees it.
        let wrapping: (before: String, after: String)?
        /// Whether the service gets the token itself, and not only what is made with it.
        var sendsToken = true
        /// Whether it is sent in base64.
        var isBase64 = false
    }

    var all: [Sentinel] {
        [successor, predecessor, management, identity] + services.map(\.token)
            + [encryption?.identity].compactMap(\.self)
    }

    /// What a step's trace shows that it must not.
    func leaks(_ trace: Trace, of step: String) -> [String] {
        let redactor = Redactor(all.map(\.secret))
        var leaks: [String] = []
        var isFirst = true
        for call in trace.calls {
            var rest = call.bytes
            for permitted in permitted(call, isStart: isFirst && call.name == "execve") {
                // Once: what stands there a second time is too much.
                if let place = rest.firstRange(of: permitted) { rest.removeSubrange(place) }
            }
            if call.name == "execve" { isFirst = false }
            let place = "in \(call.name) of \(call.program) to \(call.file)"
            let found = all.filter { $0.isFound(rest) }
            leaks += found.map { "\(step): the \($0.name) \(place)" }
            if found.isEmpty, redactor.contains(rest) { leaks.append("\(step): something like a key \(place)") }
            if call.name == "io_uring_setup" {
                leaks.append("\(step): \(call.program) writes in a way that is not seen")
            }
        }
        return leaks
    }

    /// What may stand in the arguments of a system call.
    private func permitted(_ call: Trace.Call, isStart: Bool) -> [[UInt8]] {
        if isStart {
            // What the step itself is started with, each secret in its own variable.
            let variables = [("OPENROUTER_MANAGEMENT_KEY=", management), ("ORK_IDENTITY=", identity)]
            let age = encryption.map { [("AGE_IDENTITY=", $0.identity)] } ?? []
            return (variables + age + services.map { ("\($0.variable)=", $0.token) })
                .map { Array($0.utf8) + $1.secret.copyBytes() }
        }
        if let service = services.first(where: { $0.program == call.program }) { return permitted(call, service) }
        if let encryption, SentinelEncryption.programs.contains(call.program) { return permitted(call, encryption) }
        guard call.name == "write" || call.name == "sendto" else { return [] }
        if call.file.hasPrefix("TCP"), call.file.hasSuffix("->127.0.0.1:\(port)]") {
            let bearer: Sentinel? =
                switch call.program {
                case "ork-create", "ork-retire": management
                case "ork-publish", "ork-verify": successor
                default: nil
                }
            guard let bearer else { return [] }
            return [Array("\r\nAuthorization: Bearer ".utf8) + bearer.secret.copyBytes() + Array("\r\n".utf8)]
        }
        let isPipe = call.program == "ork-publish" && call.file.hasPrefix("pipe:")
        // A file beside the target with the name that the publisher documents, which is renamed over it.
        let isTarget =
            call.program == "ork-publisher-file"
            && targets.contains { target in
                guard let slash = target.lastIndex(of: "/") else { return false }
                return call.file.hasPrefix("\(target[...slash]).\(target[target.index(after: slash)...]).ork-")
            }
        return isPipe || isTarget ? [successor.secret.copyBytes()] : []
    }

    /// What may stand in the arguments of a system call of a program that encrypts or decrypts, or of the publisher that
    /// runs it: keys in pipes, age's own key in the publisher's environment and in memory.
    private func permitted(_ call: Trace.Call, _ encryption: SentinelEncryption) -> [[UInt8]] {
        let identity = encryption.identity.secret.copyBytes()
        switch (call.name, call.program) {
        case ("execve", "ork-publisher-git"): return [Array("AGE_IDENTITY=".utf8) + identity]
        case ("write", "ork-publisher-git") where call.file.hasPrefix("/memfd:"): return [identity]
        case ("write", _) where call.file.hasPrefix("pipe:"):
            return [successor.secret.copyBytes(), predecessor.secret.copyBytes()]
        default: return []
        }
    }

    /// What may stand in the arguments of a system call of a service's publisher: its own token, and the successor
    /// where the service wants to have it in the clear.
    private func permitted(_ call: Trace.Call, _ service: Service) -> [[UInt8]] {
        let token = service.token.secret.copyBytes()
        if call.name == "execve" { return [Array("\(service.variable)=".utf8) + token] }
        guard call.name == "write" || call.name == "sendto", call.file.hasPrefix("TCP"),
            call.file.hasSuffix("->127.0.0.1:\(service.port)]")
        else { return [] }
        let header = Array("\r\nAuthorization: Bearer ".utf8) + token + Array("\r\n".utf8)
        let headers = service.sendsToken ? [header] : []
        guard let (before, after) = service.wrapping else { return headers }
        let key = successor.secret.copyBytes()
        let sent = service.isBase64 ? Array(Data(key).base64EncodedString().utf8) : key
        return headers + [Array(before.utf8) + sent + Array(after.utf8)]
    }
}
