public import JSON

extension PublisherInformation {
    /// Refuses settings that the publisher does not know, and a target that lacks what it needs.
    ///
    /// `environment` has the names that the publisher's process will find set.
    /// The error is `configuration`; its `field` is `with.KEY` or `env.NAME`.
    public func validate(with settings: JSONObject, environment: Set<String>) throws(PublisherError) {
        let known = with.required + with.optional
        if let key = settings.keys.first(where: { !known.contains($0) }) {
            throw PublisherError(
                .configuration, "the publisher does not know the setting \(key)",
                hint: known.isEmpty ? "it takes no settings" : "it takes \(known.joined(separator: ", "))",
                field: "with.\(key)")
        }
        if let key = with.required.first(where: { settings[$0] == nil }) {
            throw PublisherError(
                .configuration, "the publisher needs the setting \(key)", hint: "add it to the target's with",
                field: "with.\(key)")
        }
        if let name = self.environment.required.first(where: { !environment.contains($0) }) {
            throw PublisherError(
                .configuration, "the publisher needs the environment variable \(name)",
                hint: "set it, and name it in the target's env", field: "env.\(name)")
        }
    }
}
