package import FoundationEssentials
package import Steps
import Timestamps

/// A moment on the command line.
package enum Moment {
    /// Reads a moment of the past, which the option `name` gives; `nil` where it is not given.
    package static func past(_ text: String?, _ name: String) throws(StepError) -> Date? {
        guard let text else { return nil }
        let now = StepClock().now
        guard let moment = Date(rfc3339: text), moment < now else {
            throw StepError(
                .usage, "\(name): must be a moment of the past",
                hint: "write it in UTC, such as \(now.addingTimeInterval(-86400).rfc3339)")
        }
        return moment
    }
}
