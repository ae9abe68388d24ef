import HTTP
import PublisherKit
import Secrets

/// One of Azure's clouds, which have their names and logins each for itself ("Azure Key Vault DNS suffixes").
enum AzureCloud: String, CaseIterable {
    case standard = "public"
    case china
    case usGovernment = "us-government"

    /// What stands behind the name of a vault.
    var suffix: String {
        switch self {
        case .standard: "vault.azure.net"
        case .china: "vault.azure.cn"
        case .usGovernment: "vault.usgovcloudapi.net"
        }
    }

    /// Where Microsoft Entra ID hands out tokens for it.
    var authority: String {
        switch self {
        case .standard: "https://login.microsoftonline.com"
        case .china: "https://login.chinacloudapi.cn"
        case .usGovernment: "https://login.microsoftonline.us"
        }
    }

    /// What a token for vaults is for. It is never another vault's word that decides this.
    var scope: String { "https://\(suffix)/.default" }

    /// For whom a CI system's identity token has to be made ("Workload identity federation").
    var audience: String {
        switch self {
        case .standard: "api://AzureADTokenExchange"
        case .china: "api://AzureADTokenExchangeChina"
        case .usGovernment: "api://AzureADTokenExchangeUSGov"
        }
    }
}

/// Where a vault is. A token goes to Azure's own names, and to this machine, where a test may answer; nowhere else.
struct VaultAddress {
    let url: HTTPURL
    let cloud: AzureCloud

    /// Reads `vault`, a name or an address, and `cloud`; `url` is where it is reached on this machine.
    init(_ settings: Settings) throws(PublisherError) {
        let vault = try settings.required("vault", hint: "name the vault, as acme-prod, or write its address")
        let wish = try settings.choice("cloud", AzureCloud.self)
        let parts = try Self.parts(vault)
        let implied = parts.suffix.flatMap { suffix in AzureCloud.allCases.first { $0.suffix == suffix } }
        guard Self.isName(parts.name), parts.suffix == nil || implied != nil else {
            let names = AzureCloud.allCases.map { "https://NAME.\($0.suffix)" }.joined(separator: ", ")
            throw Settings.error(
                "vault", "'vault' is neither the name nor the address of a vault",
                hint: "a name has 3 to 24 letters, digits and hyphens; an address is one of \(names)")
        }
        guard wish == nil || implied == nil || wish == implied else {
            throw Settings.error("cloud", "'cloud' is another one than that of the address", hint: "leave 'cloud' out")
        }
        cloud = implied ?? wish ?? .standard
        if let nearby = try Self.nearby(settings) {
            url = nearby
        } else {
            url = try Self.address("https://\(parts.name).\(cloud.suffix)", "vault")
        }
    }

    private static func parts(_ vault: String) throws(PublisherError) -> (name: String, suffix: String?) {
        guard vault.contains("/") else { return (vault.lowercased(), nil) }
        let url = try address(vault, "vault")
        let rest = url.description.dropFirst("https://".count).lowercased()
        let isBare = [url.host, url.host + "/", url.host + ":443", url.host + ":443/"].contains(rest)
        let parts = url.host.split(separator: ".", maxSplits: 1)
        guard isBare, parts.count == 2 else { return ("", nil) }
        return (String(parts[0]), String(parts[1]))
    }

    private static func nearby(_ settings: Settings) throws(PublisherError) -> HTTPURL? {
        guard let text = try settings.text("url") else { return nil }
        let url = try address(text, "url")
        guard url.isLoopback else {
            throw Settings.error(
                "url", "'url' is not on this machine, and tokens for vaults go to Azure's own addresses alone",
                hint: "leave 'url' out: a private endpoint has the vault's usual address")
        }
        return url
    }

    private static func address(_ text: String, _ key: String) throws(PublisherError) -> HTTPURL {
        do throws(HTTPURL.Mistake) { return try HTTPURL(text) } catch {
            throw Settings.error(key, "'\(key)' cannot be used: \(error.rawValue)")
        }
    }

    /// "Vault name and Managed HSM pool name": 3 to 24 characters, a letter first.
    private static func isName(_ text: String) -> Bool {
        (3...24).contains(text.utf8.count)
            && text.utf8.first.map { !$0.isASCIIDigit && $0 != UInt8(ascii: "-") } == true
            && text.utf8.allSatisfy { $0.isASCIIAlphanumeric || $0 == UInt8(ascii: "-") }
    }
}
