import CurlHTTP
import HTTP
import Secrets

/// How to get to a cluster, and as whom.
struct ClusterAccess: Sendable {
    /// Who asks.
    enum Login: Sendable {
        case token(Secret)
        /// A file whose token is replaced from time to time.
        case tokenFile(String)
        /// The certificate that TLS shows.
        case certificate
    }

    /// Who asks, for people: `the token in KUBE_TOKEN`.
    let name: String
    let address: HTTPURL
    let tls: TLSSettings
    let login: Login
    /// The namespace of a target that names none.
    let namespace: String?
}
