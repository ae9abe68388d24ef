import ServiceClient

extension SecretTarget {
    /// Sends a call for what need not be there, `nil` if GitHub says that it is not; again for a while, if it reads and
    /// `isSettled` does not hold.
    ///
    /// GitHub says so in words. Any other 404 is something else's, and tells nothing of what is there.
    func find(
        _ call: ServiceCall, untilSettled isSettled: (ServiceAnswer?) throws(ServiceError) -> Bool = { _ in true }
    ) throws(ServiceError) -> ServiceAnswer? {
        var call = call
        call.statuses.insert(404)
        let answer = try client.send(call, until: deadline) { answer throws(ServiceError) in
            try isSettled(answer.status == 404 ? nil : answer)
        }
        guard answer.status == 404 else { return answer }
        guard answer.words != nil else { throw client.refusal(answer, to: call) }
        return nil
    }
}
