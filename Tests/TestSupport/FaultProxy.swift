import Synchronization

/// A TCP proxy in front of an HTTP/1.1 server that passes every byte on, knows where exchanges begin and end, and lets
/// chosen ones fail. Several faults may meet in one exchange.
package final class FaultProxy: Sendable {
    /// One request and what became of it.
    package struct Exchange: Sendable {
        /// The request as it came.
        package let request: WireMessage
        package var method: String { request.method }
        /// What the request line names, query included.
        package var path: String { request.target }
        /// What the server, or the proxy in its place, answered; `nil` as long as it did not.
        package fileprivate(set) var status: Int?
        /// Whether the whole reply was passed on.
        package fileprivate(set) var isPassedOn = false
    }

    private final class State: Sendable {
        let faults = Mutex<[Fault]>([])
        let exchanges = Mutex<[Exchange]>([])

        /// Writes a request down and takes the faults that are meant for it.
        func begin(_ request: WireMessage) -> (number: Int, effects: [Fault.Effect]) {
            let exchange = Exchange(request: request)
            let number = exchanges.withLock { exchanges in
                exchanges.append(exchange)
                return exchanges.count - 1
            }
            let effects = faults.withLock { faults in
                var effects: [Fault.Effect] = []
                for index in faults.indices
                where faults[index].times > 0 && faults[index].matches(number, request) {
                    faults[index].times -= 1
                    effects.append(faults[index].effect)
                }
                return effects
            }
            return (number, effects)
        }
    }

    /// The port on `127.0.0.1` that clients dial.
    package let port: Int
    private let listener: Listener
    private let state: State

    /// Stands in front of a port of `127.0.0.1`.
    package init(upstreamPort: Int, faults: [Fault] = []) throws {
        let state = State()
        state.faults.withLock { $0 = faults }
        self.state = state
        listener = try Listener { client, _, open in
            guard let server = try? Socket.connected(to: upstreamPort) else { return }
            open.insert(server)
            Self.relay(client, server, state)
            server.shutDown()
            open.remove(server)
        }
        port = listener.port
    }

    /// The faults still to come; setting them replaces those.
    package var faults: [Fault] {
        get { state.faults.withLock { $0.filter { $0.times > 0 } } }
        set { state.faults.withLock { $0 = newValue } }
    }

    /// Every exchange so far, in the order in which the requests arrived.
    package var exchanges: [Exchange] { state.exchanges.withLock { $0 } }

    private static func relay(_ client: Socket, _ server: Socket, _ state: State) {
        var requests = WireReader(client)
        var replies = WireReader(server)
        while true {
            // A server that closes an idle connection is passed on as such.
            if !requests.hasBytes, Socket.readable(client, server).second { return }
            guard let request = requests.request() else { return }
            let (number, effects) = state.begin(request)
            var conversation = Conversation(client: client, effects: effects) { status, isPassedOn in
                state.exchanges.withLock {
                    $0[number].status = status
                    $0[number].isPassedOn = isPassedOn
                }
            }
            conversation.carry(request, server, &replies)
            if conversation.isOver { return }
        }
    }
}

/// One exchange under the faults that are meant for it.
private struct Conversation {
    let client: Socket
    let effects: [Fault.Effect]
    /// Notes the reply's status and whether it is passed on, before the client can know.
    let note: (_ status: Int, _ isPassedOn: Bool) -> Void
    var isOver = false

    init(client: Socket, effects: [Fault.Effect], note: @escaping (_ status: Int, _ isPassedOn: Bool) -> Void) {
        self.client = client
        self.effects = effects
        self.note = note
    }

    mutating func carry(_ request: WireMessage, _ server: Socket, _ replies: inout WireReader) {
        for case .notifyBeforeRequest(let notify) in effects { notify() }
        for case .dropRequest in effects {
            isOver = true
            return
        }
        for case .answer(let status, let headers, let body) in effects {
            note(status, true)
            isOver = !client.write(WireMessage.response(status, headers: headers, body: body))
            return
        }
        guard server.write(request.raw), let reply = replies.response(to: request.method) else {
            isOver = true
            return
        }
        note(reply.status ?? 0, false)
        for case .notifyBeforeReply(let notify) in effects { notify() }
        pass(reply)
    }

    private mutating func pass(_ reply: WireMessage) {
        isOver = true
        for effect in effects {
            switch effect {
            case .dropReply: return
            case .cutReply(let count):
                client.write(reply.raw.prefix(count))
                return
            case .stall(let time):
                client.waitForEnd(time)
                return
            case .delay(let time): client.waitForEnd(time)
            case .dropRequest, .answer, .notifyBeforeRequest, .notifyBeforeReply: break
            }
        }
        note(reply.status ?? 0, true)
        isOver = !client.write(reply.raw) || reply.endsConnection
    }
}
