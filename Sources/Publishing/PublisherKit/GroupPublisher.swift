/// A publisher that does what several requests ask in one effect, such as one commit.
package protocol GroupPublisher: Publisher {
    /// Answers all requests of a process, each by its place among them and once.
    func answer(_ verb: Verb, _ requests: [PublisherRequest], each: (Int, PublisherAnswer) -> Void)
}

extension GroupPublisher {
    package func check(_ request: PublisherRequest) -> PublisherAnswer { only(.check, request) }
    package func publish(_ request: PublisherRequest) -> PublisherAnswer { only(.publish, request) }
    package func verify(_ request: PublisherRequest) -> PublisherAnswer { only(.verify, request) }
    package func rollback(_ request: PublisherRequest) -> PublisherAnswer { only(.rollback, request) }

    private func only(_ verb: Verb, _ request: PublisherRequest) -> PublisherAnswer {
        var answer = PublisherAnswer(.unknown(PublisherError(.internal, "the request was not answered")))
        self.answer(verb, [request]) { _, given in answer = given }
        return answer
    }
}
