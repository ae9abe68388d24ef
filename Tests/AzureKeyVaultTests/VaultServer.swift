import FoundationEssentials
import TestSupport

/// The stand-in over a socket: `/login` is Entra ID, `/job` GitHub's token service, `/machine` and `/app` hand out tokens of
/// managed identities, and everything else is the vault.
typealias VaultServer = StandInServer<StandIn>

extension VaultServer {
    convenience init(_ make: (inout StandIn, Date) -> Void) throws {
        var service = StandIn()
        make(&service, .now)
        try self.init(service, address: Self.address, answer: { $0.answer($1, at: $2) })
    }

    @Sendable private static func address(_ target: String) -> String {
        let hosts = [
            "/login/": "login.microsoftonline.com", "/job/": "token.actions.example", "/machine/": "169.254.169.254",
            "/app/": "127.0.0.1",
        ]
        let found = hosts.first { target.hasPrefix($0.key) }
        let path = found.map { target.dropFirst($0.key.count - 1) } ?? Substring(target)
        return "https://\(found?.value ?? "acme-prod.vault.azure.net")\(path)"
    }
}
