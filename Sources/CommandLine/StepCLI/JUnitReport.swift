import Secrets
package import Steps

/// The checks of a verification in the form that CI systems show: one test case a check.
package struct JUnitReport {
    /// The XML text.
    package let text: String

    package init(_ checks: [Check]) {
        let failed = checks.filter { $0.outcome == .failed }.count
        let skipped = checks.filter { $0.outcome == .unknown || $0.outcome == .notYet }.count
        var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        text +=
            "<testsuite name=\"ork-verify\" tests=\"\(checks.count)\" failures=\"\(failed)\" skipped=\"\(skipped)\">\n"
        for check in checks {
            text += "  <testcase classname=\"ork-verify\" name=\"\(Self.escape(check.name))\">"
            switch check.outcome {
            case .passed: break
            case .unknown: text += "<skipped message=\"\(Self.escape(check.seen))\"/>"
            case .notYet: text += "<skipped message=\"waiting: \(Self.escape(check.seen))\"/>"
            case .failed: text += "<failure message=\"\(Self.escape(check.seen))\"/>"
            }
            text += "</testcase>\n"
        }
        self.text = text + "</testsuite>\n"
    }

    private static func escape(_ text: String) -> String {
        var result = ""
        for scalar in DisplayText.line(text, limit: .max).unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
