package import Reports
package import Steps
import SystemPackage

/// Where a report is written. It is made anew from what is known, so one that is there is replaced, as an empty file is, and
/// nothing else.
package struct ReportDestination: Sendable {
    private let path: String
    private let form: ReportForm

    /// More than a report of a thousand rotations has.
    private static let sizeLimit = 256 << 20

    package init(_ path: String) throws(StepError) {
        guard let form = ReportForm(path: path) else {
            throw StepError(
                .usage, "--report: the form goes by the name's end, which is not .html, .md or .json",
                hint: "name a file such as report.html")
        }
        self.path = path
        self.form = form
        try requireReplaceable()
    }

    /// Writes it, without anything that this process holds, so that a crash leaves the old one or the new one.
    package func write(_ report: some Report, hiding held: HeldSecrets) throws(StepError) {
        try requireReplaceable()
        let text = report.text(form) { held.redacting($0) }
        do { try DurableFile(path).replace(Array(text.utf8)) } catch { throw unwritable(error) }
    }

    private func requireReplaceable() throws(StepError) {
        let bytes: [UInt8]
        do { bytes = try DurableFile(path).read(limit: Self.sizeLimit) } catch {
            guard error == .noSuchFileOrDirectory else { throw unwritable(error) }
            return
        }
        guard bytes.isEmpty || bytes.starts(with: Array(form.mark.utf8)) else {
            throw StepError(
                .unacceptable, "\(path) is not a report of ork's, and is left as it is",
                hint: "name another file with --report, or move this one away")
        }
    }

    private func unwritable(_ error: Errno) -> StepError {
        StepError(
            .failed, "the report \(path) cannot be written: \(DurableFile.problem(error))",
            hint: "name a file in a folder that may be written: --report FILE")
    }
}
