package import FoundationEssentials
package import JSON
package import PublisherKit
package import Secrets
import Sodium
import Testing

extension PublisherRequest {
    /// A request about the target `web`, as the host makes it.
    package init(
        _ verb: Verb, _ with: JSONObject, secret: Secret = SampleKeys.successor,
        expect: [Secret]? = [SampleKeys.predecessor, SampleKeys.successor], operation: String = "op",
        rotation: String = "01JDB00000AAAAAAAAAAAAAAAA", target: String = "web", deadline: Date
    ) {
        self.init(
            id: "1", operation: operation, rotation: rotation, deadline: deadline, target: target, with: with,
            expect: expect?.map { Digest(of: $0) }, digest: Digest(of: secret),
            secret: verb == .publish ? secret : nil)
    }
}

extension Publisher {
    /// What it answers, also by throwing. No answer holds a key, or another of these secrets.
    package func ask(
        _ verb: Verb, _ request: PublisherRequest, hiding secrets: [Secret] = []
    ) -> PublisherAnswer {
        let answer = answer(verb, request)
        let search = SampleKeys.search(and: secrets)
        #expect(!search.contains(String(describing: answer).utf8), "a secret in an answer")
        return answer
    }
}

extension PublisherAnswer {
    /// The error of a refusal or of a doubt.
    package var error: PublisherError? {
        switch outcome {
        case .rejected(let error), .unknown(let error): error
        default: nil
        }
    }
}
