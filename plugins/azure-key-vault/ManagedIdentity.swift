import FoundationEssentials
import HTTP
import PublisherKit
import Secrets

/// The identity that Azure gives to a machine or an app, and where its tokens are to be had ("Managed identities for Azure
/// resources").
struct ManagedIdentity {
    /// The id of one that somebody has assigned; `nil` for the machine's own.
    let client: String?
    let place: Place

    /// What hands its tokens out.
    enum Place {
        /// The metadata service of a virtual machine.
        case machine(HTTPURL)
        /// What App Service, Functions and Container Apps name by two variables; the header is what lets the app in.
        case app(HTTPURL, header: Secret)
    }

    static let setting = "managed_identity"
    static let endpoint = "IDENTITY_ENDPOINT"
    static let header = "IDENTITY_HEADER"
    /// What Azure's SDKs read in place of the metadata service's address.
    static let authority = "AZURE_POD_IDENTITY_AUTHORITY_HOST"
    private static let metadata = "http://169.254.169.254"

    /// `nil` if the target does not ask for one: nobody knows who answers on the link of a machine that is not Azure's.
    init?(_ settings: Settings, environment: [String: String]) throws(PublisherError) {
        guard let wish = try settings.text(Self.setting) else { return nil }
        for key in EntraLogin.settings where key != Self.setting && settings.has(key) {
            throw Settings.error(
                key, "'\(key)' is for the login of an application, and '\(Self.setting)' needs none",
                hint: "leave one of them out")
        }
        guard wish == "system" || Client.isID(wish) else {
            throw Settings.error(
                Self.setting, "'\(Self.setting)' is neither system nor the client id of an identity",
                hint: "write it as 11111111-2222-3333-4444-555555555555, or system for the machine's own")
        }
        client = wish == "system" ? nil : wish
        if let app = try Self.app(environment) {
            place = app
        } else {
            place = .machine(try Self.machine(environment))
        }
    }

    private static func app(_ environment: [String: String]) throws(PublisherError) -> Place? {
        guard let text = environment.value(endpoint) else { return nil }
        guard let header = environment.value(header) else {
            throw PublisherError(
                .configuration, "\(endpoint) is there, and \(Self.header) is not",
                hint: "name both in the target's env: App Service and Container Apps set them together",
                field: "env.\(Self.header)")
        }
        let url: HTTPURL
        do throws(HTTPURL.Mistake) { url = try HTTPURL(linkLocal: text) } catch { throw unusable(endpoint, error) }
        guard url.isNear, !text.contains("?") else {
            throw elsewhere(
                endpoint,
                "names an address that is neither this machine's nor link-local: \(Self.header) would be sent there")
        }
        return .app(url, header: Secret(header))
    }

    /// The one literal address, or one of this machine's, where a test may answer.
    private static func machine(_ environment: [String: String]) throws(PublisherError) -> HTTPURL {
        var text = environment.value(authority) ?? metadata
        while text.hasSuffix("/") { text.removeLast() }
        let url: HTTPURL
        do throws(HTTPURL.Mistake) { url = try HTTPURL(credentialEndpoint: text) } catch {
            throw unusable(authority, error)
        }
        guard url.isLoopback || text == metadata else {
            throw elsewhere(authority, "names another address than that of the metadata service")
        }
        return url
    }

    private static func unusable(_ variable: String, _ mistake: HTTPURL.Mistake) -> PublisherError {
        elsewhere(variable, "cannot be used: \(mistake.rawValue)")
    }

    private static func elsewhere(_ variable: String, _ problem: String) -> PublisherError {
        PublisherError(
            .configuration, "the variable \(variable) \(problem)",
            hint: variable == endpoint
                ? "it is for what App Service and Container Apps set"
                : "leave it out of the target's env: it is \(metadata)",
            field: "env.\(variable)")
    }

    /// For people.
    var title: String { client.map { "managed identity \($0)" } ?? "this machine's managed identity" }

    /// What tells two of one process apart: all have the same variables.
    var details: [String] { ["managed", client ?? ""] }
}
