import FoundationEssentials
import HTTP
import Secrets
import ServiceClient

/// Who asks is what the client certificate says; requests carry nothing.
struct Certificate: ServiceCredentials {
    var secrets: [Secret] { [] }

    func authorization(until deadline: Date) -> HTTPAuthorization? { nil }
}
