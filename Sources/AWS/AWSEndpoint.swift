import HTTP
import PublisherPlugin

/// Which address a service is dialled at.
enum AWSEndpoint {
    /// The one in the setting `url`, else in the first variable that is set, else AWS's own.
    static func address(
        _ settings: Settings? = nil, variables: [String], otherwise standard: String, _ environment: [String: String]
    ) throws(PublisherError) -> HTTPURL {
        let setting = try settings?.text("url")
        let variable = variables.first { environment.value($0) != nil }
        var text = setting ?? variable.flatMap(environment.value) ?? standard
        while text.hasSuffix("/") { text.removeLast() }
        do throws(HTTPURL.Mistake) {
            let url = try HTTPURL(text)
            // Only what is sent to / is signed right.
            guard !text.dropFirst("https://".utf8.count).contains(where: { "/?".contains($0) }) else { throw .form }
            return url
        } catch {
            let place = setting == nil ? variable.map { "the variable \($0)" } ?? "the address" : "'url'"
            throw PublisherError(
                .configuration, "\(place) cannot be dialled: \(error.rawValue)",
                hint: "write the address of an endpoint without a path, as \(standard)",
                field: setting == nil ? variable.map { "env.\($0)" } ?? "with.region" : "with.url")
        }
    }
}
