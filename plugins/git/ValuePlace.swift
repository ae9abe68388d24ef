import Documents
import PublisherPlugin
import Secrets

/// The file in the repository, and where in it the value stands once it is decrypted.
struct ValuePlace: Sendable {
    /// From the repository's root.
    let path: String
    let format: DocumentFormat
    /// As the settings have it; `nil` for raw files.
    let name: String?
    let place: Place

    /// Endings that say how a file is encrypted, and not what is in it.
    private static let outerEndings = [".age", ".enc", ".vault", ".gpg", ".pgp", ".asc"]

    /// Errors are of code `configuration` and name the field.
    init(_ settings: Settings) throws(PublisherError) {
        path = try settings.required("path", hint: "name the file, from the repository's root")
        format = try Self.format(settings, path)
        name = try settings.text("name")
        guard (name == nil) == (format == .raw) else {
            throw Settings.error(
                "name", format == .raw ? "a raw file has no names in it" : "'name' is missing",
                hint: format == .raw ? "leave 'name' out" : "say which value in the file is the key")
        }
        do {
            place = try Place(name ?? "", in: format)
        } catch {
            throw Settings.error("name", "'name': \(error.message)", hint: error.hint)
        }
    }

    /// What a message calls the value.
    var description: String { name.map { "\($0) in \(path)" } ?? path }

    /// Reads a plaintext.
    func document(_ plaintext: [UInt8]) throws(PublisherError) -> Document {
        do { return try Document(plaintext, format: format) } catch { throw describe(error) }
    }

    /// The value in a plaintext; `nil` if there is none, or an empty one.
    func value(in document: Document) throws(PublisherError) -> Secret? {
        do {
            let value = try document.value(at: place)
            return value?.count == 0 ? nil : value
        } catch {
            throw describe(error)
        }
    }

    /// A plaintext with another value.
    func replacing(in document: Document, with value: Secret) throws(PublisherError) -> Secret {
        do { return Secret(try document.replacing(place, with: value)) } catch { throw describe(error) }
    }

    /// Tells where a document cannot be read or written. It never quotes the document.
    private func describe(_ error: DocumentError) -> PublisherError {
        let code: PublisherError.Code =
            switch error.code {
            case .syntax, .place, .unsupported, .value: .configuration
            case .ambiguous: .conflict
            case .notFound: .notFound
            }
        let line = error.line.map { ", line \($0) of the plaintext" } ?? ""
        let field = error.code == .syntax ? "with.format" : "with.name"
        return PublisherError(code, "\(path)\(line): \(error.message)", hint: error.hint, field: field)
    }

    private static func format(_ settings: Settings, _ path: String) throws(PublisherError) -> DocumentFormat {
        if let format = try settings.choice("format", DocumentFormat.self) { return format }
        var name = path.split(separator: "/").last.map(String.init) ?? path
        while let ending = outerEndings.first(where: name.lowercased().hasSuffix), name.count > ending.count {
            name.removeLast(ending.count)
        }
        if let format = DocumentFormat(fileName: name) { return format }
        let names = DocumentFormat.allCases.map(\.rawValue).joined(separator: ", ")
        throw Settings.error(
            "format", "the name of \(path) does not tell its format", hint: "add 'format': one of \(names)")
    }
}
