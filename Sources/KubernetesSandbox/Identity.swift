package import FoundationEssentials

/// Who asks, and what role-based access control lets them do.
package struct Identity: Sendable {
    /// As Kubernetes calls them: `system:serviceaccount:ci:ork`.
    package var user: String
    /// `nil`: everything.
    package var rules: [Rule]?
    /// When the credential ends.
    package var expiresAt: Date?

    /// One rule of a Role or ClusterRole, with the namespace of its binding.
    package struct Rule: Sendable {
        package var verbs: Set<String>
        package var resource: Resource
        /// `nil`: every one.
        package var names: Set<String>?
        /// `nil`: everywhere.
        package var namespace: String?

        package init(_ verbs: Set<String>, _ resource: Resource, names: Set<String>? = nil, namespace: String? = nil) {
            self.verbs = verbs
            self.resource = resource
            self.names = names
            self.namespace = namespace
        }
    }

    package init(user: String, rules: [Rule]? = nil, expiresAt: Date? = nil) {
        self.user = user
        self.rules = rules
        self.expiresAt = expiresAt
    }

    func may(_ verb: String, _ key: ObjectKey) -> Bool {
        guard let rules else { return true }
        return rules.contains { rule in
            rule.verbs.contains(verb) && rule.resource == key.resource
                && (rule.namespace ?? key.namespace) == key.namespace && (rule.names?.contains(key.name) ?? true)
        }
    }

    /// Refuses what no rule allows (apiserver/pkg/endpoints/handlers/responsewriters/errors.go).
    func check(_ verb: String, _ key: ObjectKey) throws(StatusError) {
        guard !may(verb, key) else { return }
        let place = key.resource.isNamespaced ? "in the namespace \"\(key.namespace)\"" : "at the cluster scope"
        throw .forbidden(
            key.resource, key.name,
            "User \"\(user)\" cannot \(verb) resource \"\(key.resource.rawValue)\" in API group"
                + " \"\(key.resource.group)\" \(place)")
    }
}
