/// Something that goes wrong at an exchange, and at which.
package struct Fault: Sendable {
    /// What goes wrong.
    package enum Effect: Sendable {
        /// Closes without passing the request on.
        case dropRequest
        /// Passes the request on, waits for the whole reply, and closes without passing it on.
        case dropReply
        /// Passes only the first bytes of the reply on, then closes.
        case cutReply(afterBytes: Int)
        /// Passes the request on, says nothing for this time, then closes.
        case stall(Duration)
        /// Passes everything on, the reply by this time later.
        case delay(Duration)
        /// Answers itself; the server sees nothing.
        case answer(status: Int, headers: [(String, String)] = [], body: String = "")
        /// Called before the request is passed on.
        case notifyBeforeRequest(@Sendable () -> Void)
        /// Called when the server has answered completely, before any of it is passed on.
        case notifyBeforeReply(@Sendable () -> Void)
    }

    let effect: Effect
    var times: Int
    let matches: @Sendable (_ exchange: Int, _ request: WireMessage) -> Bool

    /// At one exchange, counted from 0 over all connections of a proxy.
    package init(_ effect: Effect, at exchange: Int) {
        self.effect = effect
        times = 1
        matches = { number, _ in number == exchange }
    }

    /// At the first `times` requests with this method and target, which includes the query.
    package init(
        _ effect: Effect, times: Int = 1,
        where matches: @escaping @Sendable (_ method: String, _ target: String) -> Bool
    ) {
        self.effect = effect
        self.times = times
        self.matches = { _, request in matches(request.method, request.target) }
    }

    /// At the first `times` requests of which this holds.
    package init(
        _ effect: Effect, times: Int = 1, whereRequest matches: @escaping @Sendable (_ request: WireMessage) -> Bool
    ) {
        self.effect = effect
        self.times = times
        self.matches = { _, request in matches(request) }
    }
}
