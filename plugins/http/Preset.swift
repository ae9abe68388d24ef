import JSON
import PublisherKit
import Wording

/// A service that comes with ork: a file in `presets`, which is built into the program.
struct Preset: Sendable {
    let name: String
    /// What the file says.
    let description: JSONObject
    let settings: [Setting]

    /// What a target says beside the preset's name.
    struct Setting: Sendable {
        let key: String
        let isRequired: Bool
        /// What it is, for people.
        let meaning: String
        /// How its value begins.
        let prefix: String?
        /// What it may be; empty for anything.
        let values: [String]
    }

    /// `nil` for a file that is none.
    init?(_ name: String, _ file: [UInt8]) {
        guard let object = try? JSONValue(parsing: file).object, let members = object["settings"]?.object?.members
        else {
            return nil
        }
        self.name = name
        description = object
        settings = members.map { key, value in
            Setting(
                key: key, isRequired: value["required"] == true, meaning: value["meaning"]?.string ?? "",
                prefix: value["prefix"]?.string, values: value["values"]?.strings ?? [])
        }
    }

    /// Those that there are, by name.
    static let all = PackageResources.presets.compactMap { Preset($0.name, $0.file) }

    static func named(_ name: String) throws(PublisherError) -> Preset {
        if let preset = all.first(where: { $0.name == name }) { return preset }
        let unknown = UnknownName(name, of: "preset", among: all.map(\.name))
        throw Settings.error(
            "preset", unknown.message, hint: unknown.known ?? "or describe the service's requests in 'with'")
    }

    /// The keys that every target with a preset may have.
    static let common = ["preset", "url", "redeploy", "hook", Settings.create, "writes"]

    /// Refuses settings that this preset does not have, lacks, or that look like something else.
    func check(_ with: JSONObject) throws(PublisherError) {
        let known = settings.map(\.key) + Self.common
        if let key = with.keys.first(where: { !known.contains($0) }) {
            let question = NearNames(to: key, among: known).question.map { "; \($0)" } ?? ""
            throw Settings.error(
                key, "the preset \(name) does not have the setting \(key)\(question)",
                hint: "it takes \(known.joined(separator: ", "))")
        }
        for setting in settings {
            guard let text = Values(with)[setting.key], !text.isEmpty else {
                guard !setting.isRequired else {
                    throw Settings.error(
                        setting.key, "the preset \(name) needs the setting \(setting.key)",
                        hint: "add it to the target's with: \(setting.meaning)")
                }
                continue
            }
            let isVisible = text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
            guard isVisible, text.utf8.count <= 200, text.hasPrefix(setting.prefix ?? ""),
                setting.values.isEmpty || setting.values.contains(text)
            else {
                throw Settings.error(
                    setting.key, "'\(setting.key)' is not valid for the preset \(name)",
                    hint: "it is \(setting.meaning)"
                        + (setting.values.isEmpty ? "" : ": \(setting.values.joined(separator: " or "))"))
            }
        }
    }
}

extension PackageResources {
    /// The files in `presets`, as the build has put them into the program.
    static let presets: [(name: String, file: [UInt8])] = [
        ("cloudflare-pages", cloudflare_pages_json), ("cloudflare-workers", cloudflare_workers_json),
        ("convex", convex_json), ("doppler", doppler_json),
        ("fly", fly_json), ("google-secret-manager", google_secret_manager_json), ("heroku", heroku_json),
        ("huggingface", huggingface_json), ("netlify", netlify_json), ("railway", railway_json),
        ("render", render_json), ("supabase", supabase_json),
    ]
}
