/// What is told of a key that its target holds while what runs may still have the predecessor.
package enum NotInEffect {
    /// What to do while a deployment is under way.
    package static let waiting = "`ork-verify --wait 10m` waits for it"

    /// What to do where another deployment is needed.
    package static func again(_ request: PublisherRequest) -> String {
        "`ork-publish --accept-target \(request.target)` deploys it, and writes nothing twice"
    }

    /// The refusal to call it in effect. `place` is what holds the key, `why` what is wrong.
    package static func error(
        _ code: PublisherError.Code, at place: String, _ why: String, hint: String
    ) -> ServiceError {
        ServiceError(
            PublisherError(code, "\(place) holds the key, but \(why)", hint: hint, field: "with.redeploy"))
    }
}
