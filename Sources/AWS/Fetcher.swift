import FoundationEssentials
package import HTTP
import JSON
import PublisherPlugin
package import ServiceClient

/// Asks what hands out credentials. That changes nothing, so it is tried again.
package struct Fetcher: Sendable {
    let transport: any HTTPTransport
    let clock: any ServiceClock

    private static let tries = 3
    /// The endpoints are near; STS answers within seconds.
    private static let limit: TimeInterval = 10

    package init(_ transport: any HTTPTransport, clock: any ServiceClock) {
        self.transport = transport
        self.clock = clock
    }

    /// The answer, whatever its status below 500; `what` is being asked for.
    func send(
        _ request: HTTPRequest, for what: String, field: String, until deadline: Date
    ) throws(ServiceError) -> HTTPResponse {
        var request = request
        request.isIdempotent = true
        var failure = ServiceError(PublisherError(.unavailable, "there was no time left to get \(what)"))
        for number in 1...Self.tries {
            let rest = deadline.timeIntervalSince(clock.now)
            guard rest > 0 else { throw failure }
            request.timeout = .milliseconds(Int(min(rest, Self.limit) * 1000))
            do throws(TransportError) {
                let response = try transport.send(request)
                guard response.status >= 500 || response.status == 429 else { return response }
                failure = ServiceError(
                    PublisherError(
                        .unavailable, "\(what) cannot be had now (\(response.status))", hint: "run the step again",
                        field: field))
            } catch {
                failure = ServiceError(
                    PublisherError(
                        .unavailable, "\(what) cannot be had: \(error.message)",
                        hint: "look whether the address is right, and reachable from this job", field: field))
            }
            if number < Self.tries {
                clock.sleep(until: min(deadline, clock.now.addingTimeInterval(0.5 * Double(number))))
            }
        }
        throw failure
    }

    /// The credentials in an answer of an endpoint.
    func credentials(
        in response: HTTPResponse, from place: String, field: String
    ) throws(ServiceError) -> AWSCredentials {
        let body = try? JSONValue(parsing: response.body)
        if response.status == 200, let credentials = AWSCredentials(body, token: "Token") { return credentials }
        // The instance endpoint answers 200 with {"Code": "AssumeRoleUnauthorizedAccess", "Message": …}.
        let words = (body?["Message"] ?? body?["message"])?.string.map { ": \(ForeignText.line($0))" } ?? ""
        throw ServiceError(
            PublisherError(
                .denied, "\(place) hands out no credentials (\(response.status)\(words))",
                hint: "look whether this machine, task or pod has a role, and whether the role trusts it",
                field: field))
    }
}
