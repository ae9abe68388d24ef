package import FoundationEssentials

extension ServiceClient {
    /// Sends a call that reads, and again after a while if `isSettled` does not hold for its answer: the copies of a
    /// service's data may lag behind what was written. The last answer counts, settled or not.
    package func send(
        _ call: ServiceCall, until deadline: Date,
        untilSettled isSettled: (ServiceAnswer) throws(ServiceError) -> Bool
    ) throws(ServiceError) -> ServiceAnswer {
        var number = 1
        while true {
            let answer = try send(call, until: deadline)
            if try isSettled(answer) { return answer }
            let next = clock.now.addingTimeInterval(Self.backOff(after: number))
            guard number < Self.tries, next < deadline.addingTimeInterval(-Self.margin) else { return answer }
            clock.sleep(until: next)
            number += 1
        }
    }
}
