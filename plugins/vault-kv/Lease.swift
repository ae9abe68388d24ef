import FoundationEssentials
import JSON
import Secrets
import ServiceClient

/// A token that Vault has lent.
struct Lease {
    let token: Secret
    let beginning: Date
    /// In seconds; `nil` for a token without an end.
    let duration: Double?
    /// How often it may be used; `nil` for any number.
    let uses: Int?
    let isRenewable: Bool
    /// Batch tokens cannot be ("Tokens: Batch tokens").
    let isRevocable: Bool

    /// Reads `auth` of an answer to a login or a renewal. `beginning` is when it was asked for.
    init(_ answer: ServiceAnswer, beginning: Date) throws(ServiceError) {
        guard let auth = try answer.object()["auth"]?.object, let token = auth["client_token"]?.string,
            !token.isEmpty, let seconds = auth["lease_duration"]?.integer
        else { throw answer.surprise("without a token") }
        self.token = Secret(token)
        self.beginning = beginning
        duration = seconds > 0 ? Double(seconds) : nil
        uses = auth["num_uses"]?.integer.flatMap { $0 > 0 ? $0 : nil }
        isRenewable = auth["renewable"] == true
        isRevocable = auth["token_type"] != "batch"
    }

    /// When Vault drops it.
    var end: Date? { duration.map(beginning.addingTimeInterval) }

    func hasEnded(at now: Date) -> Bool { end.map { $0 <= now } ?? false }

    /// Whether it is time for another one: a request needs a while.
    func isEnding(at now: Date) -> Bool {
        guard let end, let duration else { return false }
        return end.addingTimeInterval(-min(10, duration / 3)) <= now
    }
}
