import Secrets

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

    var all: [Sentinel] { [successor, predecessor, management, identity] }

    /// What a step's trace shows that it must not.
    func leaks(_ trace: Trace, of step: String) -> [String] {
        var leaks: [String] = []
        var isFirst = true
        for call in trace.calls {
            let isStart = isFirst && call.name == "execve"
            if isStart { isFirst = false }
            for sentinel in all where sentinel.isIn(call.bytes) {
                if isStart, isInEnvironmentOnly(sentinel, call, step) { continue }
                if isAllowed(sentinel, call) { continue }
                leaks.append("\(step): the \(sentinel.name) in \(call.name) of \(call.program) to \(call.file)")
            }
            if call.name == "io_uring_setup" {
                leaks.append("\(step): \(call.program) writes in a way that is not seen")
            }
        }
        return leaks
    }

    /// A step is given the management key and the identity in its environment, each in its own variable.
    private func isInEnvironmentOnly(_ sentinel: Sentinel, _ call: Trace.Call, _ step: String) -> Bool {
        let variable: String
        switch sentinel.name {
        case management.name: variable = "OPENROUTER_MANAGEMENT_KEY="
        case identity.name: variable = "ORK_IDENTITY="
        default: return false
        }
        let strings = call.bytes.split(separator: 0).filter { sentinel.isIn(Array($0)) }
        return strings.count == 1 && Array(strings[0]) == Array(variable.utf8) + sentinel.secret.copyBytes()
    }

    private func isAllowed(_ sentinel: Sentinel, _ call: Trace.Call) -> Bool {
        let isWrite = call.name == "write" || call.name == "sendto"
        guard isWrite else { return false }
        switch (sentinel.name, call.program) {
        case (successor.name, "ork-publish"), (successor.name, "ork-verify"), (management.name, "ork-create"),
            (management.name, "ork-retire"):
            if isAuthorization(sentinel, call) { return true }
            return sentinel.name == successor.name && call.program == "ork-publish" && call.file.hasPrefix("pipe:")
        case (successor.name, "ork-publisher-file"):
            // A file beside the target with the name that the publisher documents, which is renamed over it.
            return targets.contains { target in
                guard let slash = target.lastIndex(of: "/") else { return false }
                let name = target[target.index(after: slash)...]
                return call.file.hasPrefix("\(target[...slash]).\(name).ork-")
            }
        default: return false
        }
    }

    /// The secret stands in the field `Authorization` of a request to OpenRouter, and nowhere else in it.
    private func isAuthorization(_ sentinel: Sentinel, _ call: Trace.Call) -> Bool {
        guard call.file.hasPrefix("TCP"), call.file.hasSuffix("->127.0.0.1:\(port)]") else { return false }
        let field = Array("\r\nAuthorization: Bearer ".utf8) + sentinel.secret.copyBytes() + Array("\r\n".utf8)
        guard let place = call.bytes.firstRange(of: field) else { return false }
        var rest = call.bytes
        rest.removeSubrange(place)
        return !sentinel.isIn(rest)
    }
}
