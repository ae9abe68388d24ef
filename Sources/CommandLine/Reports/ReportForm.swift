package import JSON

/// The form of a report, by the end of its file's name.
package enum ReportForm: String, Sendable, CaseIterable {
    case html
    case markdown = "md"
    case json

    /// `nil` for a file whose name ends otherwise.
    package init?(path: String) {
        guard let form = Self.allCases.first(where: { path.lowercased().hasSuffix(".\($0.rawValue)") }) else {
            return nil
        }
        self = form
    }

    /// What every report of this form begins with. A file that does not is not ork's to replace.
    package var mark: String {
        switch self {
        case .html: "<!DOCTYPE html>\n<!-- ork-report/1 -->\n"
        case .markdown: "<!-- ork-report/1 -->\n"
        case .json: "{\n  \"schema\": \"ork-report/1\","
        }
    }
}

/// What can be shown in all forms.
package protocol Report {
    var document: Document { get }
    /// The same for programs, without the schema.
    var members: JSONObject { get }
}

extension Report {
    /// The content of the file, with all text as `hiding` leaves it. JSON is changed by its strings, so that it stays JSON.
    package func text(_ form: ReportForm, hiding: (String) -> String = { $0 }) -> String {
        switch form {
        case .html: return hiding(document.html)
        case .markdown: return hiding(document.markdown)
        case .json:
            var json: JSONObject = ["schema": "ork-report/1"]
            for (name, value) in members.members { json[name] = value.mapStrings(hiding) }
            return String(decoding: JSONValue.object(json).bytes(.pretty), as: UTF8.self) + "\n"
        }
    }
}
