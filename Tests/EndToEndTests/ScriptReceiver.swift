import Synchronization
import TestSupport

/// A service of the web that takes what is posted to it.
final class Receiver: Sendable {
    /// What lets people in: a part of the path, as with Slack and Discord.
    static let credential = "T024BE7LD-qXk2vR9wLm4ZsB7t"

    private let server: LoopbackServer

    /// It answers with each status in turn, and then with the last one.
    init(_ statuses: [Int]) throws {
        let next = Mutex(statuses)
        server = try LoopbackServer { _, connection in
            let status = next.withLock { $0.count > 1 ? $0.removeFirst() : $0.first ?? 200 }
            // Where it leads elsewhere, nobody follows.
            let headers = (300...399).contains(status) ? [("Location", "http://127.0.0.1:1/elsewhere")] : []
            connection.respond(status, headers: headers, body: "ok")
        }
    }

    var address: String { "http://127.0.0.1:\(server.port)/services/\(Self.credential)?wait=true" }

    /// The same without a path.
    var origin: String { "http://127.0.0.1:\(server.port)" }

    var messages: [WireMessage] { server.requests.map(\.message) }
}

extension ScriptRun {
    /// What a script does with services that are told of something.
    ///
    /// ```
    /// receiver NAME [STATUS…]   begins one that answers with these statuses in turn; the variable NAME holds its address
    /// received NAME             prints the bodies that it has got since the last time, one a line
    /// ```
    func performReceiver(_ name: String, _ arguments: [String]) throws {
        guard let variable = arguments.first else { throw ScriptFailure("\(name) NAME") }
        if name == "receiver" {
            let statuses = arguments.dropFirst().compactMap { Int($0) }
            let receiver = try Receiver(statuses.isEmpty ? [200] : statuses)
            receivers[variable] = (receiver, 0)
            variables[variable] = receiver.address
            return
        }
        guard let (receiver, seen) = receivers[variable] else {
            throw ScriptFailure("there is no receiver \(variable)")
        }
        let messages = receiver.messages
        output = messages.dropFirst(seen).map { "\($0.text)\n" }.joined()
        receivers[variable] = (receiver, messages.count)
    }
}
