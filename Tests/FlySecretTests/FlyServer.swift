import FoundationEssentials
import TestSupport

/// The stand-in over a socket.
typealias FlyServer = StandInServer<StandIn>

extension FlyServer {
    convenience init(_ make: (inout StandIn, Date) -> Void) throws {
        var service = StandIn()
        make(&service, .now)
        try self.init(service, address: { "https://api.machines.dev\($0)" }, answer: { $0.answer($1, at: $2) })
    }
}
