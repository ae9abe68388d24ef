public import Secrets

/// One place at a service that holds a key, and what can be done there. What is thrown becomes `rejected` only where it
/// is certain that nothing was written.
public protocol ServiceTarget {
    /// The service that it is at.
    var client: ServiceClient { get }
    /// Names the place there: who writes to the same one waits.
    var place: String { get }
    /// What no other target may have: the setting, and what it names at the service.
    var claims: [(field: String, thing: String)] { get }
    /// Would publishing work? Changes nothing.
    func check(_ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer
    /// Writes the secret, once per operation.
    func publish(_ secret: Secret, _ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer
    /// Reads back what can be read.
    func verify(_ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer
    /// Gives back the key whose digest the request has, once per operation. Asked for only where `info` names the verb.
    func rollback(_ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer
}

extension ServiceTarget {
    /// The verb is not known.
    public func rollback(_ request: PublisherRequest) throws(ServiceError) -> PublisherAnswer {
        throw ServiceError(PublisherError(.configuration, "the publisher cannot roll back"))
    }

    /// One message of several notes; `nil` is none.
    package func joined(_ notes: [String?]) -> String { notes.compactMap(\.self).joined(separator: "; ") }
}

/// A publisher for a service of the web: it finds the target of a request, and the target does the work.
public protocol ServicePublisher: Publisher {
    associatedtype Target: ServiceTarget

    /// The target that a request's settings describe.
    func target(_ request: PublisherRequest) throws(PublisherError) -> Target
}

extension ServicePublisher {
    /// Claims the target and checks it.
    public func check(_ request: PublisherRequest) throws(PublisherError) -> PublisherAnswer {
        let target = try claimed(request)
        return PublisherAnswer { () throws(ServiceError) in try target.check(request) }
    }

    /// Claims the target and writes to it while no other thread is at the same place.
    public func publish(_ request: PublisherRequest) throws(PublisherError) -> PublisherAnswer {
        let target = try claimed(request)
        let secret = try request.requireSecret()
        return target.client.alone(at: target.place) {
            PublisherAnswer { () throws(ServiceError) in try target.publish(secret, request) }
        }
    }

    /// Reads the target back.
    public func verify(_ request: PublisherRequest) throws(PublisherError) -> PublisherAnswer {
        let target = try target(request)
        return PublisherAnswer { () throws(ServiceError) in try target.verify(request) }
    }

    /// Claims the target and gives it back its key while no other thread is at the same place.
    public func rollback(_ request: PublisherRequest) throws(PublisherError) -> PublisherAnswer {
        let target = try claimed(request)
        return target.client.alone(at: target.place) {
            PublisherAnswer { () throws(ServiceError) in try target.rollback(request) }
        }
    }

    private func claimed(_ request: PublisherRequest) throws(PublisherError) -> Target {
        let target = try target(request)
        for (field, thing) in target.claims { try target.client.claim(thing, for: request.target, field: field) }
        return target
    }
}
