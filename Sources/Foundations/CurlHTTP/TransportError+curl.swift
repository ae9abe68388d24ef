import CCurl
import HTTP

// libcurl's own texts are not used: they may quote an address with its query.
extension TransportError {
    static let noMemory = TransportError(.interrupted, "not enough memory for a request", mayHaveArrived: false)

    /// It is not sent, or not again: somebody asked to stop.
    static func stopped(_ mayHaveArrived: Bool) -> TransportError {
        TransportError(.interrupted, "stopped before there was an answer", mayHaveArrived: mayHaveArrived)
    }

    static func invalid(_ message: String) -> TransportError {
        TransportError(.invalid, message, mayHaveArrived: false)
    }

    /// An option that libcurl did not take.
    static func refused(_ code: CURLcode, host: String) -> TransportError {
        code == CURLE_OUT_OF_MEMORY
            ? .noMemory : .invalid("libcurl does not take the request to \(host) (code \(code.rawValue))")
    }

    /// A proxy that did not let the request through.
    static func refused(by proxy: ProxyVariable, _ status: Int, host: String, mayHaveArrived: Bool) -> TransportError {
        let advice =
            switch status {
            case 407: "put a user name and a password into the proxy's address, or correct them"
            case 500...: "the proxy does not reach \(host)"
            default: "ask whoever runs the proxy to allow \(host), or name \(host) in NO_PROXY"
            }
        return TransportError(
            .unreachable, "no connection to \(host)\(proxy), which answers \(status); \(advice)",
            mayHaveArrived: mayHaveArrived)
    }

    /// How a transfer that failed is told. `hasBegun` is whether its connection stood, so that the request went out. A proxy is
    /// named by its variable alone: its address may hold a password.
    static func ended(
        _ code: CURLcode, host: String, via proxy: ProxyVariable?, hasBegun: Bool, mayHaveArrived: Bool
    ) -> TransportError {
        func error(_ kind: Code, _ message: String) -> TransportError {
            TransportError(kind, message, mayHaveArrived: mayHaveArrived)
        }
        let way = proxy.map(\.description) ?? ""
        switch code {
        case CURLE_OPERATION_TIMEDOUT where hasBegun:
            return error(.timeout, "\(host) did not finish its answer in time; try again later")
        case CURLE_OPERATION_TIMEDOUT:
            return error(
                .timeout,
                "no connection to \(host) in time\(way); check \(proxy == nil ? "the network" : "that the proxy is up")"
            )
        case _ where hasBegun:
            return error(.interrupted, "the connection to \(host) ended without a whole answer (curl \(code.rawValue))")
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL:
            return error(.invalid, "the address of \(host) cannot be connected to; check its port")
        case CURLE_COULDNT_RESOLVE_HOST:
            return error(.unreachable, "no such host: \(host); check the address and the network")
        case CURLE_COULDNT_RESOLVE_PROXY:
            let variable = proxy?.name ?? "the proxy variables"
            return error(.unreachable, "no such host for the proxy of \(host); check \(variable)")
        case CURLE_SSL_CONNECT_ERROR:
            return error(.unreachable, "no TLS connection to \(host)\(way); it must speak TLS 1.2 or newer")
        default:
            return error(
                .unreachable,
                "no connection to \(host)\(way) (curl \(code.rawValue)); check that \(proxy == nil ? "it" : "the proxy") is up"
            )
        }
    }

    /// A certificate that was not accepted or cannot be read, ours or the server's; `nil` for other failures.
    static func certificate(
        _ code: CURLcode, host: String, via proxy: ProxyVariable?, hasOwnAuthorities: Bool, mayHaveArrived: Bool
    ) -> TransportError? {
        let message: String
        let way = proxy.map { ", seen\($0)," } ?? ""
        switch code {
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS:
            message =
                hasOwnAuthorities
                ? "the certificate of \(host)\(way) is not trusted: it is of another authority than the one that is given for"
                    + " this server, or for another name, or it has expired"
                : "the certificate of \(host)\(way) is not trusted; name the file of a private authority in CURL_CA_BUNDLE"
        case CURLE_SSL_CACERT_BADFILE:
            message =
                hasOwnAuthorities
                ? "the authority that is given for \(host) is no certificate in PEM"
                : "the certificate authorities cannot be read; check CURL_CA_BUNDLE and SSL_CERT_FILE"
        case CURLE_SSL_CERTPROBLEM:
            message =
                "the client certificate for \(host) cannot be used: it or its key is not PEM, or they do not match"
        default: return nil
        }
        return TransportError(.untrusted, message, mayHaveArrived: mayHaveArrived)
    }
}
