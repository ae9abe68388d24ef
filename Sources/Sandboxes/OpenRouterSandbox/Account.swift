import JSON

/// Who owns workspaces and keys. Nothing of one account is visible to another.
package struct Account: Sendable {
    /// The provider's name for the owner, `user_…`.
    package let user: String
    /// In the order of their creation.
    package internal(set) var workspaces: [Workspace] = []
    /// The id of the default workspace; `nil` once it was deleted.
    package internal(set) var defaultWorkspace: String?
    /// What was bought, in USD; when it is used up, calls that cost answer 402.
    package var credits: Money = 1000
    /// The members of the organization, the owner first.
    package internal(set) var members: [Member]
    /// Whether applications see only the models that their key may use.
    var filtersCatalog = false
    /// The register of external users.
    var externalUsers: [ExternalUser] = []
    /// What is set for keys and members, in the order of its creation.
    package internal(set) var guardrails: [Record] = []
    /// Which key has which guardrail.
    package internal(set) var keyAssignments: [Assignment] = []
    /// Which member has which guardrail.
    package internal(set) var memberAssignments: [Assignment] = []
    /// Providers' own keys (BYOK).
    package internal(set) var providerKeys: [Record] = []
    /// Where traces go.
    package internal(set) var destinations: [Record] = []

    /// The provider's name for the organization, `org_…`.
    var organization: String { "org_" + user.dropFirst("user_".count) }
}

/// A member of an organization.
package struct Member: Sendable {
    /// The provider's name for the member, `user_…`.
    package let id: String
    /// Whether the member may administer the organization.
    package let isAdmin: Bool

    var json: JSONValue {
        [
            "email": .string(id + "@example.com"), "first_name": "Member", "id": .string(id), "last_name": nil,
            "role": isAdmin ? "org:admin" : "org:member",
        ]
    }
}
