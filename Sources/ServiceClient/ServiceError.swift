package import PublisherPlugin

/// Why a call, or what a publisher made of its answer, came to nothing.
package struct ServiceError: Error, Sendable, Hashable {
    package var error: PublisherError
    /// Whether the service may have changed something all the same.
    package var mayHaveTakenEffect: Bool
    /// The status of a refusal; `nil` where there was no answer, or one that is none.
    package var status: Int?
    /// The service's own name for the reason of a refusal, where it has names for them.
    package var reason: String?

    package init(
        _ error: PublisherError, mayHaveTakenEffect: Bool = false, status: Int? = nil, reason: String? = nil
    ) {
        self.error = error
        self.mayHaveTakenEffect = mayHaveTakenEffect
        self.status = status
        self.reason = reason
    }

    /// The same, with the doubt that an earlier call left.
    package func doubted(_ doubt: Bool) -> ServiceError {
        var error = self
        error.mayHaveTakenEffect = mayHaveTakenEffect || doubt
        return error
    }

    /// What follows a write that was done: whatever fails in it, the write stays. `done` says what was written.
    package static func after<Value>(
        _ done: String, _ body: () throws(ServiceError) -> Value
    ) throws(ServiceError) -> Value {
        do throws(ServiceError) { return try body() } catch {
            var failure = error.doubted(true)
            failure.error.message = "\(done), but \(error.error.message)"
            throw failure
        }
    }

    /// What follows a write that is in doubt, if there is one: whatever fails in it leaves the doubt.
    package static func after<Value>(
        _ doubt: ServiceError?, _ body: () throws(ServiceError) -> Value
    ) throws(ServiceError) -> Value {
        guard let doubt else { return try body() }
        return try after(doubt.error.message, body)
    }

    /// The answer to a `publish` that ended so.
    package var answer: PublisherAnswer {
        PublisherAnswer(mayHaveTakenEffect ? .unknown(error) : .rejected(error))
    }
}

extension PublisherAnswer {
    /// The answer that `body` comes to; its error becomes `rejected` only where it is certain that nothing was done.
    package init(_ body: () throws(ServiceError) -> PublisherAnswer) {
        do throws(ServiceError) { self = try body() } catch { self = error.answer }
    }
}
