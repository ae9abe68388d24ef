/// A publisher written in Swift. With `@main` it is a whole program that keeps the contract:
///
///     @main struct FilePublisher: Publisher { … }
///
/// A thrown error becomes `rejected`: certainly not done. Where that is not certain, answer `.unknown`.
public protocol Publisher: Sendable {
    /// Makes the publisher; settings come with each request.
    init()
    /// What `info` prints.
    var information: PublisherInformation { get }
    /// How many requests of a batch are answered at once, each on a thread of its own.
    var concurrency: Int { get }
    /// Would publishing work? Changes nothing.
    func check(_ request: PublisherRequest) throws(PublisherError) -> PublisherAnswer
    /// Writes the secret to the target, once per operation.
    func publish(_ request: PublisherRequest) throws(PublisherError) -> PublisherAnswer
    /// Reads the target back and compares digests.
    func verify(_ request: PublisherRequest) throws(PublisherError) -> PublisherAnswer
    /// Gives the target back the key whose digest the request has, once per operation: an earlier version, or the secret
    /// of the request. Asked for only where `information.verbs` names it.
    func rollback(_ request: PublisherRequest) throws(PublisherError) -> PublisherAnswer
    /// The last request is answered; the host leaves two seconds more. A publisher that is killed is not asked.
    func finish()
}

extension Publisher {
    /// One after the other.
    public var concurrency: Int { 1 }

    /// The verb is not known.
    public func rollback(_ request: PublisherRequest) throws(PublisherError) -> PublisherAnswer {
        throw PublisherError(.configuration, "the publisher cannot roll back")
    }

    /// There is nothing to give back.
    public func finish() {}
}

extension Publisher {
    /// Performs a verb. An error that is thrown is the answer `rejected`: certainly nothing was done.
    package func answer(_ verb: Verb, _ request: PublisherRequest) -> PublisherAnswer {
        let request = request.looking(for: verb)
        return performed(verb, request).telling(of: request)
    }

    private func performed(_ verb: Verb, _ request: PublisherRequest) -> PublisherAnswer {
        do {
            try request.requireFlags()
            return switch verb {
            case .check: try check(request)
            case .publish: try publish(request)
            case .verify: try verify(request)
            case .rollback: try rollback(request)
            }
        } catch {
            return PublisherAnswer(.rejected(error))
        }
    }
}

/// What a publisher can be asked to do.
public enum Verb: String, Sendable, CaseIterable {
    /// Would publishing work? Changes nothing.
    case check
    /// Write the secret to the target.
    case publish
    /// Read the target back and compare digests.
    case verify
    /// Give the target back the key that it held before. Not every publisher can.
    case rollback

    /// Those that a publisher answers unless it says otherwise.
    public static let basic: [Verb] = [.check, .publish, .verify]

    /// Whether it changes the target.
    package var isWrite: Bool { self == .publish || self == .rollback }
}
