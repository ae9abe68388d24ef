package import Documents
package import PublisherKit
package import Secrets

/// A value in a file, as a target's settings `format` and `name` say where it is.
package struct ValuePlace: Sendable {
    /// What messages call the file.
    package let path: String
    package let format: DocumentFormat
    /// As the settings have it; `nil` for raw files.
    package let name: String?
    package let place: Place

    /// Errors are of code `configuration` and name the field.
    ///
    /// Without `format` the name of the file tells it, without `endings` that say something else than what is in it.
    package init(
        _ settings: Settings, path: String, without endings: [String] = []
    ) throws(PublisherError) {
        self.path = path
        format = try Self.format(settings, path, endings)
        name = try settings.text("name")
        guard (name == nil) == (format == .raw) else {
            throw Settings.error(
                "name", format == .raw ? "a raw file has no names in it" : "'name' is missing",
                hint: format == .raw
                    ? "leave 'name' out"
                    : "say under which name the file holds the API key, such as name=OPENROUTER_API_KEY")
        }
        do {
            place = try Place(name ?? "", in: format)
        } catch {
            throw Settings.error("name", "'name': \(error.message)", hint: error.hint)
        }
    }

    /// What messages call the value.
    package var description: String { name.map { "\($0) in \(path)" } ?? path }

    /// The setting to look at if another value is there than expected.
    package var field: String { name == nil ? "with.path" : "with.name" }

    /// Reads a document.
    package func document(_ bytes: [UInt8]) throws(PublisherError) -> Document {
        do { return try Document(bytes, format: format) } catch { throw describe(error) }
    }

    /// The value in a document; `nil` if there is none, or an empty one.
    package func value(in document: Document) throws(PublisherError) -> Secret? {
        do {
            let value = try document.value(at: place)
            return value?.count == 0 ? nil : value
        } catch {
            throw describe(error)
        }
    }

    /// The document's bytes with another value.
    package func replacing(in document: Document, with value: Secret) throws(PublisherError) -> [UInt8] {
        do { return try document.replacing(place, with: value) } catch { throw describe(error) }
    }

    private func describe(_ error: DocumentError) -> PublisherError {
        PublisherError(error, in: path, field: error.code == .syntax ? "with.format" : "with.name")
    }

    private static func format(
        _ settings: Settings, _ path: String, _ endings: [String]
    ) throws(PublisherError) -> DocumentFormat {
        if let format = try settings.choice("format", DocumentFormat.self) { return format }
        var name = path.split(separator: "/").last.map(String.init) ?? path
        while let ending = endings.first(where: name.lowercased().hasSuffix), name.count > ending.count {
            name.removeLast(ending.count)
        }
        if let format = DocumentFormat(fileName: name) { return format }
        let names = DocumentFormat.allCases.map(\.rawValue).joined(separator: ", ")
        throw Settings.error(
            "format", "the name of \(path) does not tell its format", hint: "add 'format': one of \(names)")
    }
}
