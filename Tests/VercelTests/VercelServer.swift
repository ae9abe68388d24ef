import FoundationEssentials
import TestSupport
import VercelSandbox

/// The stand-in over a socket.
typealias VercelServer = StandInServer<VercelSandbox>

extension VercelServer {
    convenience init(_ make: (inout VercelSandbox, Date) -> Void) throws {
        var service = VercelSandbox()
        make(&service, .now)
        try self.init(service, address: { "https://api.vercel.com\($0)" }, answer: { $0.answer($1, at: $2) })
    }
}
