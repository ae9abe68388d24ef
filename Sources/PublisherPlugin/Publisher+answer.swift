extension Publisher {
    /// Performs a verb. An error that is thrown is the answer `rejected`: certainly nothing was done.
    package func answer(_ verb: Verb, _ request: PublisherRequest) -> PublisherAnswer {
        do {
            return switch verb {
            case .check: try check(request)
            case .publish: try publish(request)
            case .verify: try verify(request)
            }
        } catch {
            return PublisherAnswer(.rejected(error))
        }
    }
}
