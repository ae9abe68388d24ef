import HTTP

/// Why a call, or what a publisher made of its answer, came to nothing.
public struct ServiceError: Error, Sendable, Hashable {
    /// What the publisher answers.
    public var error: PublisherError
    /// Whether the service may have changed something all the same.
    public var mayHaveTakenEffect: Bool
    /// The status of a refusal; `nil` where there was no answer, or one that is none.
    public var status: Int?
    /// The service's own name for the reason of a refusal, where it has names for them.
    public var reason: String?

    /// An error after which nothing has changed at the service, unless told.
    public init(
        _ error: PublisherError, mayHaveTakenEffect: Bool = false, status: Int? = nil, reason: String? = nil
    ) {
        self.error = error
        self.mayHaveTakenEffect = mayHaveTakenEffect
        self.status = status
        self.reason = reason
    }

    /// The same, with the doubt that an earlier call left.
    public func doubted(_ doubt: Bool) -> ServiceError {
        var error = self
        error.mayHaveTakenEffect = mayHaveTakenEffect || doubt
        return error
    }

    /// What follows a write that was done: whatever fails in it, the write stays. `done` says what was written.
    public static func after<Value>(
        _ done: String, _ body: () throws(ServiceError) -> Value
    ) throws(ServiceError) -> Value {
        do throws(ServiceError) { return try body() } catch {
            var failure = error.doubted(true)
            failure.error.message = "\(done), but \(error.error.message)"
            throw failure
        }
    }

    /// What follows a write that is in doubt, if there is one: whatever fails in it leaves the doubt.
    public static func after<Value>(
        _ doubt: ServiceError?, _ body: () throws(ServiceError) -> Value
    ) throws(ServiceError) -> Value {
        guard let doubt else { return try body() }
        return try after(doubt.error.message, body)
    }

    /// The answer to a `publish` that ended so.
    public var answer: PublisherAnswer {
        PublisherAnswer(mayHaveTakenEffect ? .unknown(error) : .rejected(error))
    }
}

extension PublisherAnswer {
    /// The answer that `body` comes to; its error becomes `rejected` only where it is certain that nothing was done.
    public init(_ body: () throws(ServiceError) -> PublisherAnswer) {
        do throws(ServiceError) { self = try body() } catch { self = error.answer }
    }
}

// What HTTP itself says of a failure, in one place for all services.
extension PublisherError {
    /// A status that nobody expected.
    init(_ answer: ServiceAnswer, to call: ServiceCall, of service: any Service) {
        let words = answer.words.map { ": \($0)" } ?? ""
        let refusal = "\(service.name) refuses to \(call.purpose) (\(answer.status)\(words))"
        switch answer.status {
        case ..<300:
            self.init(
                .unavailable, "\(service.name) answers something unexpected to \(call.purpose) (\(answer.status))",
                hint: ServiceAnswer.surpriseHint)
        case 300..<400:
            self.init(
                .notFound, "\(service.name) answers with a redirect to \(call.purpose) (\(answer.status))",
                hint: "it was renamed or moved; write its new name or address", field: call.field)
        case 401:
            self.init(
                .denied, "\(service.name) does not accept the token in \(service.credential) (401\(words))",
                hint:
                    "check that it has not expired, and that it was issued by the \(service.name) that this target writes to"
            )
        case 403:
            self.init(
                .denied, refusal,
                hint: "give the token in \(service.credential) \(call.permission ?? "the right to do this")",
                field: call.field)
        case 404, 410:
            self.init(
                .notFound, "\(service.name) has nothing there to \(call.purpose) (\(answer.status)\(words))",
                hint: "check its spelling and that the token may see it", field: call.field)
        case 409, 412:
            self.init(.conflict, refusal, hint: "look who else writes there, and run the step again", field: call.field)
        case 400, 405, 413, 415, 422:
            self.init(.configuration, refusal, hint: "look at the target's settings", field: call.field)
        case 500...:
            self.init(
                .unavailable, "\(service.name) cannot \(call.purpose) now (\(answer.status))",
                hint: "look at its status page, and run the step again", retryAfter: answer.retryAfter)
        default:
            self.init(.internal, refusal, hint: "check whether the address is that of its API")
        }
    }

    /// No answer at all. The transport's messages say what to do.
    init(_ error: TransportError) {
        switch error.code {
        case .unreachable, .timeout, .interrupted, .untrusted: self.init(.unavailable, error.message)
        case .tooLarge:
            self.init(.unavailable, error.message, hint: "check whether the address is that of the service's API")
        case .invalid: self.init(.configuration, error.message)
        }
    }
}
