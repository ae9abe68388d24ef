package import FoundationEssentials
package import HTTP

/// A typed request: what to send and how to read its answer.
package struct APICall<Answer: Sendable>: Sendable {
    package let request: HTTPRequest
    let read: @Sendable (HTTPResponse) throws(OpenRouterError) -> Answer

    func answer(
        _ result: Result<HTTPResponse, TransportError>
    ) -> Result<Dated<Answer>, OpenRouterError> {
        switch result {
        case .failure(let error): return .failure(OpenRouterError(error))
        case .success(let response):
            do throws(OpenRouterError) {
                return .success(Dated(value: try read(response), date: response.date))
            } catch {
                return .failure(error)
            }
        }
    }
}

/// An answer and the provider's clock when it was given.
package struct Dated<Value: Sendable>: Sendable {
    package let value: Value
    /// `nil` if the provider did not say.
    package let date: Date?

    package init(value: Value, date: Date?) {
        self.value = value
        self.date = date
    }
}

extension Dated: Equatable where Value: Equatable {}
