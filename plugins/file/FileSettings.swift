import Documents
import JSON
import PublisherPlugin
import Secrets

/// A target's `with`, checked.
struct FileSettings {
    let path: String
    /// `nil` for raw files.
    let name: String?
    let format: DocumentFormat
    /// The permissions of a file that is made.
    let mode: UInt32
    let create: Bool
    private let position: Place

    /// Errors are of code `configuration` and name the field.
    init(_ with: JSONObject) throws(PublisherError) {
        let settings = Settings(with)
        let path = try settings.required("path", hint: "name the file")
        guard !path.utf8.contains(0), !path.hasPrefix("~"), !path.hasSuffix("/") else {
            throw Settings.error(
                "path", "'path' does not name a file", hint: "'~' is not expanded; write the whole path")
        }
        self.path = path
        format = try Self.format(settings, path)
        name = try settings.text("name")
        guard (name == nil) == (format == .raw) else {
            throw Settings.error(
                "name", format == .raw ? "a raw file has no names in it" : "'name' is missing",
                hint: format == .raw ? "leave 'name' out" : "say which value in the file is the key")
        }
        do {
            position = try Place(name ?? "", in: format)
        } catch {
            throw Settings.error("name", "'name': \(error.message)", hint: error.hint)
        }
        mode = try Self.mode(settings)
        create = try settings.flag("create") ?? true
    }

    /// What a message calls the place of the value.
    var place: String { name.map { "\($0) in \(path)" } ?? path }

    /// The document in the file; an empty one where a file may be made.
    func document(_ content: TargetFile.Content?) throws(PublisherError) -> Document {
        if content == nil, !create {
            throw PublisherError(
                .notFound, "\(path) does not exist", hint: "make it, or leave out 'create: false'", field: "with.path")
        }
        do {
            return try Document(content?.bytes ?? [], format: format)
        } catch {
            throw describe(error)
        }
    }

    /// The value in the document, `nil` if there is none or an empty one.
    func value(in document: Document) throws(PublisherError) -> Secret? {
        do {
            let value = try document.value(at: position)
            return value?.count == 0 ? nil : value
        } catch {
            throw describe(error)
        }
    }

    /// The document's bytes with another value.
    func replacing(in document: Document, with value: Secret) throws(PublisherError) -> [UInt8] {
        do {
            return try document.replacing(position, with: value)
        } catch {
            throw describe(error)
        }
    }

    private func describe(_ error: DocumentError) -> PublisherError {
        let code: PublisherError.Code =
            switch error.code {
            case .syntax, .place, .unsupported, .value: .configuration
            case .ambiguous: .conflict
            case .notFound: .notFound
            }
        let field = error.code == .syntax ? "with.format" : "with.name"
        let line = error.line.map { ", line \($0)" } ?? ""
        return PublisherError(code, "\(path)\(line): \(error.message)", hint: error.hint, field: field)
    }

    private static func format(_ settings: Settings, _ path: String) throws(PublisherError) -> DocumentFormat {
        if let format = try settings.choice("format", DocumentFormat.self) { return format }
        let fileName = path.split(separator: "/").last.map(String.init) ?? path
        if let format = DocumentFormat(fileName: fileName) { return format }
        let names = DocumentFormat.allCases.map(\.rawValue).joined(separator: ", ")
        throw Settings.error(
            "format", "the name of \(path) does not tell its format", hint: "add 'format': one of \(names)")
    }

    private static func mode(_ settings: Settings) throws(PublisherError) -> UInt32 {
        guard settings.has("mode") else { return 0o600 }
        guard let text = try? settings.text("mode"), (3...4).contains(text.utf8.count),
            let mode = UInt32(text, radix: 8), mode <= 0o777, mode & 0o600 == 0o600
        else {
            throw Settings.error(
                "mode", "'mode' is no permissions with which the owner reads and writes",
                hint: "write \"0640\", in quotes")
        }
        return mode
    }
}
