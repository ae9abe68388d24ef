import FoundationEssentials
import TestSupport

/// The stand-in over a socket.
typealias CloudServer = StandInServer<StandIn>

extension CloudServer {
    convenience init(_ make: (inout StandIn, Date) -> Void) throws {
        var service = StandIn()
        make(&service, .now)
        try self.init(
            service, address: { "https://\($0.contains("/locations/") ? "run" : "secretmanager").googleapis.com\($0)" },
            answer: { $0.answer($1, at: $2) })
    }
}
