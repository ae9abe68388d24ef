package import FoundationEssentials
import HTTP
package import JSON
package import PublisherKit
package import Secrets
import Sodium
import Testing

extension PublisherRequest {
    /// A request about the target `web`, as the host makes it where somebody has said `create`.
    package init(
        _ verb: Verb, _ with: JSONObject, secret: Secret = SampleKeys.successor,
        expect: [Secret]? = [SampleKeys.predecessor, SampleKeys.successor], operation: String = "op",
        rotation: String = "01JDB00000AAAAAAAAAAAAAAAA", target: String = "web", create: Bool = true, deadline: Date
    ) {
        self.init(
            id: "1", operation: operation, rotation: rotation, deadline: deadline, target: target, with: with,
            expect: expect?.map { Digest(of: $0) }, create: create, digest: Digest(of: secret),
            secret: verb == .publish ? secret : nil)
    }
}

extension JSONObject {
    /// Takes other members over; a null takes one away.
    package mutating func take(_ more: JSONObject) {
        for (key, value) in more.members { self[key] = value.isNull ? JSONValue?.none : value }
    }
}

extension ServiceFixture {
    /// A request of now, with `changed` settings beside the usual ones.
    package func request(
        _ verb: Verb, _ with: JSONObject, _ changed: JSONObject, receipt: JSONObject? = nil, secret: Secret,
        create: Bool, within seconds: TimeInterval
    ) -> PublisherRequest {
        var with = with
        with.take(changed)
        var request = PublisherRequest(
            verb, with, secret: secret, create: create, deadline: now.addingTimeInterval(seconds))
        // By the contract, which has none for a publish.
        if verb != .publish { request.receipt = receipt }
        return request
    }

    /// Every exchange until now, for a reader that is not ours.
    package var transcript: JSONValue {
        .array(
            exchanges.map { request, response in
                [
                    "method": .string(request.method.rawValue), "url": .string(request.url.description),
                    "headers": .array(request.headers.map { .string($0.name) }),
                    "body": request.body.flatMap { try? JSONValue(parsing: $0) } ?? .null,
                    "status": .number(JSONNumber(response.status)),
                    "answer": (try? JSONValue(parsing: response.body)) ?? .null,
                ]
            })
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
    /// The same with no more about what the target held than its outcome says.
    package var withoutHeld: PublisherAnswer { PublisherAnswer(outcome, receipt: receipt, message: message) }

    /// The error of a refusal or of a doubt.
    package var error: PublisherError? {
        switch outcome {
        case .rejected(let error), .unknown(let error): error
        default: nil
        }
    }
}

extension PublisherError {
    /// The refusal to make a target that nobody said was to be made.
    package static func notMade(
        _ absence: String, hint: String? = nil, field: String, target: String = "web"
    ) -> PublisherError {
        let yes =
            "if it is mistyped, correct it; if it is meant to be made: create=true in its --to (`create: true` in its `with`), or "
            + "`ork-publish --create-target \(target)`"
        return PublisherError(
            .notFound, "\(absence): nothing held the predecessor", hint: hint.map { "\($0); \(yes)" } ?? yes,
            field: field)
    }
}
