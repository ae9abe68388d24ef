import FoundationEssentials
import HTTP
import JSON
import PublisherKit
import Secrets
import TestSupport
import Testing

@testable import ork_publisher_google_secret

/// A job that has an identity token and no key writes and deploys with one login.
@Suite(.tags(.values)) struct LoginTests {
    private static let identity = "eyJhbGciOiJSUzI1NiJ9.identity.of-the-job"
    private static let pool: JSONObject = [
        "provider": "projects/123/locations/global/workloadIdentityPools/ci/providers/github"
    ]

    private static func ask(_ fixture: CloudFixture, _ changed: JSONObject, identity: String?) -> PublisherAnswer {
        let variables = ["GOOGLE_OAUTH_ACCESS_TOKEN": "", "GOOGLE_FEDERATED_TOKEN": identity ?? ""]
        return fixture.ask(.publish, changed, variables: variables)
    }

    @Test("the identity token is exchanged once for the secret and for its services")
    func exchanged() {
        let fixture = CloudFixture()
        let token: JSONValue = ["access_token": .string(fixture.token), "expires_in": 3600, "token_type": "Bearer"]
        fixture.fail(.post, at: "sts.googleapis.com", .answer(200, token.text()))
        let answer = Self.ask(fixture, Self.pool, identity: Self.identity)
        #expect(answer.outcome == .committed && fixture.held.last == "successor" && fixture.count() == 2, "\(answer)")
        let exchanges = fixture.takeRequests().filter { $0.url.host == "sts.googleapis.com" }
        #expect(exchanges.count == 1)
    }

    @Test("without an identity token, and where Google refuses it, nothing is written, and the token is told to nobody")
    func refused() {
        let fixture = CloudFixture()
        let missing = Self.ask(fixture, Self.pool, identity: nil).error
        #expect(missing?.field == "env.GOOGLE_FEDERATED_TOKEN", "\(missing as Any)")
        fixture.fail(
            .post, at: "sts.googleapis.com",
            .answer(400, #"{"error": "invalid_grant", "error_description": "no \#(Self.identity)"}"#))
        let refused = Self.ask(fixture, Self.pool, identity: Self.identity)
        #expect(refused.error?.code == .denied && !"\(refused)".contains(Self.identity), "\(refused)")
        #expect(fixture.held == ["predecessor"])
    }
}
