package import Documents
package import PublisherKit

extension PublisherError {
    /// Why a value cannot be read or written in `thing`, by the setting to look at. It never quotes the document.
    ///
    /// `hint` takes the place of the document's own.
    package init(_ error: DocumentError, in thing: String, field: String, hint: String? = nil) {
        let code: Code =
            switch error.code {
            case .syntax, .place, .unsupported, .value, .ambiguous: .configuration
            case .notFound: .notFound
            }
        let line = error.line.map { ", line \($0)" } ?? ""
        self.init(code, "\(thing)\(line): \(error.message)", hint: hint ?? error.hint, field: field)
    }
}
