import Documents
import JSON
import PublisherKit
import TargetDocuments

/// A target's `with`, checked.
struct FileSettings {
    let path: String
    let place: ValuePlace
    /// The permissions of a file that is made.
    let mode: UInt32

    /// Errors are of code `configuration` and name the field.
    init(_ with: JSONObject) throws(PublisherError) {
        let settings = Settings(with)
        let path = try settings.required("path", hint: "name the file")
        guard !path.utf8.contains(0), !path.hasPrefix("~"), !path.hasSuffix("/") else {
            throw Settings.error(
                "path", "'path' does not name a file", hint: "'~' is not expanded; write the whole path")
        }
        self.path = path
        place = try ValuePlace(settings, path: path)
        mode = try Self.mode(settings)
    }

    /// The document in the file; an empty one where there is none.
    func document(_ content: TargetFile.Content?) throws(PublisherError) -> Document {
        try place.document(content?.bytes ?? [])
    }

    /// A warning about a file that more users can read than `mode` says; it keeps its permissions.
    func exposure(_ content: TargetFile.Content?) -> String? {
        guard let content, content.mode & 0o044 & ~mode != 0 else { return nil }
        let digits = String(content.mode, radix: 8)
        return
            "warning: other users of this machine can read \(path) (mode \(digits)): chmod 600 it, or say mode: \"0\(digits)\""
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
