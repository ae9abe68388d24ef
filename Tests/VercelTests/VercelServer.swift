import FoundationEssentials
import TestSupport

/// The stand-in over a socket.
typealias VercelServer = StandInServer<StandIn>

extension VercelServer {
    convenience init(_ make: (inout StandIn, Date) -> Void) throws {
        var service = StandIn()
        make(&service, .now)
        try self.init(service, address: { "https://api.vercel.com\($0)" }, answer: { $0.answer($1, at: $2) })
    }
}
