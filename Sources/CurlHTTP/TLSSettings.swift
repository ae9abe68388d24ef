package import Secrets

/// How TLS to one server differs from what the process has. Nothing of it touches a file.
package struct TLSSettings: Sendable {
    /// Who a client is.
    package struct Client: Sendable {
        /// Its certificate, and the chain behind it, in PEM.
        package var certificate: [UInt8]
        /// The key of the certificate in PEM.
        package var key: Secret

        package init(certificate: [UInt8], key: Secret) {
            self.certificate = certificate
            self.key = key
        }
    }

    /// The certificates of authorities in PEM. No other one is trusted then, and none of the system's.
    package var authorities: [UInt8]?
    package var client: Client?
    /// The name that the server's certificate must have, where it is not the host of the address.
    package var serverName: String?

    package init(authorities: [UInt8]? = nil, client: Client? = nil, serverName: String? = nil) {
        self.authorities = authorities
        self.client = client
        self.serverName = serverName
    }
}
