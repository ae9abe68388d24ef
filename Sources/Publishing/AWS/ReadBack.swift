package import FoundationEssentials
package import PublisherKit
package import Secrets

extension ServiceClient {
    /// Checks that what was written is there. AWS may not find a version right after that, so it is looked for again for a
    /// while: Terraform's provider and Go's CDK wait for it, too. `read` answers `nil` where there is no such version.
    package func readBack(
        _ text: Secret, of thing: String, until deadline: Date, _ read: () throws(ServiceError) -> Secret?
    ) throws(ServiceError) {
        let found = try self.read(until: deadline, untilSettled: { $0 != nil }, read)
        guard found != text else { return }
        let problem =
            found == nil ? "was not found after it was written" : "reads back differently from what was written"
        throw ServiceError(
            PublisherError(
                .unavailable, "\(thing) \(problem)", hint: "run the step again, which compares anew"),
            mayHaveTakenEffect: true)
    }
}
