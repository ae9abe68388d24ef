import PublisherPlugin

@main
struct GitLabVariablePublisher: Publisher {
    var information: PublisherInformation { PublisherInformation(verbs: Set(Verb.allCases)) }

    func check(_ request: PublisherRequest) throws(PublisherError) -> PublisherAnswer {
        throw PublisherError(.internal, "nothing here")
    }

    func publish(_ request: PublisherRequest) throws(PublisherError) -> PublisherAnswer {
        throw PublisherError(.internal, "nothing here")
    }

    func verify(_ request: PublisherRequest) throws(PublisherError) -> PublisherAnswer {
        throw PublisherError(.internal, "nothing here")
    }
}
