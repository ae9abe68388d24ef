package import JSON
package import PublisherKit
import Secrets

/// Whom Google trusts in the place of a key, and as whom.
package struct GooglePool: Hashable {
    /// The provider's whole name, without the service's: `projects/1/locations/global/workloadIdentityPools/P/providers/X`.
    package let provider: String
    /// The service account to act as; `nil` to act as the principal of the pool itself.
    package let account: String?

    /// `nil` where the target names no provider.
    package init?(_ with: JSONObject) throws(PublisherError) {
        let settings = Settings(with)
        account = try settings.text("account")
        guard let provider = try settings.text("provider") else {
            guard account == nil else {
                throw Settings.error(
                    "account", "'account' is whom a login acts as, and 'provider' is missing",
                    hint: "add the provider that trusts this pipeline, or leave 'account' out")
            }
            return nil
        }
        let parts = provider.split(separator: "/", omittingEmptySubsequences: false)
        let names = ["projects", "locations", "workloadIdentityPools", "providers"]
        guard parts.count == 8, stride(from: 0, to: 8, by: 2).map({ String(parts[$0]) }) == names,
            parts.allSatisfy({ Self.isWord($0) })
        else {
            throw Settings.error(
                "provider", "'provider' is not the whole name of a provider",
                hint:
                    "write it as projects/123/locations/global/workloadIdentityPools/POOL/providers/PROVIDER, with the project's number"
            )
        }
        guard account.map({ $0.contains("@") && $0.split(separator: "@").allSatisfy(Self.isWord) }) ?? true else {
            throw Settings.error(
                "account", "'account' is not the address of a service account",
                hint: "write it as ork@PROJECT.iam.gserviceaccount.com")
        }
        self.provider = provider
    }

    private static func isWord(_ text: Substring) -> Bool {
        (1...100).contains(text.utf8.count)
            && text.utf8.allSatisfy { $0.isASCIIAlphanumeric || "-_.".utf8.contains($0) }
            && text != ".."
    }
}
