extension APICall {
    /// The same call with its answer turned into something else, so that unlike calls can share one batch.
    package func map<Other: Sendable>(_ transform: @escaping @Sendable (Answer) -> Other) -> APICall<Other> {
        let read = self.read
        return APICall<Other>(request: request) { response throws(OpenRouterError) in transform(try read(response)) }
    }
}
