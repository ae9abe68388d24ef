package import PublisherPlugin

/// Why a call, or what a publisher made of its answer, came to nothing.
package struct ServiceError: Error, Sendable, Hashable {
    package var error: PublisherError
    /// Whether the service may have changed something all the same.
    package var mayHaveTakenEffect: Bool

    package init(_ error: PublisherError, mayHaveTakenEffect: Bool = false) {
        self.error = error
        self.mayHaveTakenEffect = mayHaveTakenEffect
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
