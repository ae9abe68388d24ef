import JSON
import Secrets

/// A service that is recognised by a file which its users have, and how a key gets there.
struct KnownService: Sendable {
    /// The ends of the paths that show it.
    let files: [String]
    let title: String
    /// What writes there.
    let publisher: String
    /// The preset of the publisher `http`; `nil` where the service has a publisher of its own.
    let preset: String?
    /// The variable that the credential is taken from.
    let variable: String
    /// What is needed beside the variable's name, and where in the file it may stand.
    let settings: [Setting]

    struct Setting: Sendable {
        let key: String
        /// The name before the value in the file; `nil` if it is not there.
        let field: String?
        /// What people write in its place.
        let example: String

        init(_ key: String, at field: String? = nil, _ example: String) {
            self.key = key
            self.field = field
            self.example = example
        }
    }

    init(
        _ files: [String], _ title: String, preset: String, variable: String, _ settings: Setting...
    ) {
        self.files = files
        self.title = title
        publisher = "http"
        self.preset = preset
        self.variable = variable
        self.settings = settings
    }

    init(_ files: [String], _ title: String, publisher: String, variable: String, _ settings: Setting...) {
        self.files = files
        self.title = title
        self.publisher = publisher
        preset = nil
        self.variable = variable
        self.settings = settings
    }

    /// `Tests/InitTests` hold it to the presets.
    static let all = [
        KnownService(
            ["fly.toml"], "Fly.io", publisher: "fly-secret", variable: "FLY_API_TOKEN", Setting("app", at: "app", "APP")
        ),
        KnownService(
            ["render.yaml"], "Render", preset: "render", variable: "RENDER_API_KEY", Setting("service", "srv-ID")),
        KnownService(
            ["wrangler.toml", "wrangler.json", "wrangler.jsonc"], "Cloudflare Workers", preset: "cloudflare-workers",
            variable: "CLOUDFLARE_API_TOKEN", Setting("account", at: "account_id", "ACCOUNT_ID"),
            Setting("script", at: "name", "WORKER")),
        KnownService(
            ["doppler.yaml"], "Doppler", preset: "doppler", variable: "DOPPLER_TOKEN",
            Setting("project", at: "project", "PROJECT"), Setting("config", at: "config", "CONFIG")),
        KnownService(
            ["railway.json", "railway.toml"], "Railway", preset: "railway", variable: "RAILWAY_API_TOKEN",
            Setting("project", "PROJECT_ID"), Setting("environment", "ENVIRONMENT_ID"),
            Setting("service", "SERVICE_ID")),
        KnownService(
            ["convex.json"], "Convex", preset: "convex", variable: "CONVEX_DEPLOY_KEY",
            Setting("deployment", "DEPLOYMENT")),
        KnownService(
            ["supabase/config.toml"], "Supabase", preset: "supabase", variable: "SUPABASE_ACCESS_TOKEN",
            Setting("project", "PROJECT_REF")),
        KnownService(
            ["heroku.yml"], "Heroku", preset: "heroku", variable: "HEROKU_API_KEY", Setting("app", "APP")),
        KnownService(
            ["vercel.json", ".vercel/project.json"], "Vercel", publisher: "vercel", variable: "VERCEL_TOKEN",
            Setting("project", at: "projectId", "PROJECT")),
        KnownService(
            ["netlify.toml"], "Netlify", preset: "netlify", variable: "NETLIFY_AUTH_TOKEN", Setting("account", "TEAM"),
            Setting("site", "SITE_ID"), Setting("context", "production")),
        KnownService(
            ["azure.yaml"], "Azure Key Vault", publisher: "azure-key-vault", variable: "AZURE_CLIENT_SECRET",
            Setting("vault", "VAULT"), Setting("tenant", "TENANT_ID"), Setting("client", "CLIENT_ID")),
    ]

    /// The service whose file this is.
    static func with(file path: String) -> KnownService? {
        all.first { $0.files.contains { path == $0 || path.hasSuffix("/\($0)") } }
    }

    /// What a variable of this name is called there: Key Vault takes no underscores.
    func name(of variable: String) -> String {
        publisher == "azure-key-vault" ? variable.replacing("_", with: "-") : variable
    }

    /// What the file says of the settings, in their order; `nil` for one that it does not tell.
    func values(in text: String) -> [(key: String, value: String?, example: String)] {
        settings.map { setting in
            (setting.key, setting.field.flatMap { FieldValue.first($0, in: text) }, setting.example)
        }
    }
}

/// The value of a field at the top of a configuration, whether that is TOML, YAML or JSON: a guess that people see before it is
/// written, so one line is enough.
enum FieldValue {
    static func first(_ field: String, in text: String) -> String? {
        for line in text.split(whereSeparator: \.isNewline) {
            let line = line.drop { $0 == " " || $0 == "\t" }
            // A table of TOML: what stands in it belongs to an environment or a part.
            if line.hasPrefix("["), !line.contains("=") { return nil }
            let name = line.hasPrefix("\"") ? "\"\(field)\"" : field
            guard line.hasPrefix(name) else { continue }
            let rest = line.dropFirst(name.count).drop { $0 == " " }
            guard rest.first == "=" || rest.first == ":" else { continue }
            let quotes: Set<Character> = ["\"", "'"]
            let value = rest.dropFirst().drop { $0 == " " || quotes.contains($0) }
                .prefix { !quotes.contains($0) && !" ,#".contains($0) }
            let isName = value.utf8.allSatisfy { $0.isASCIIAlphanumeric || "._-".utf8.contains($0) }
            return isName && (1...100).contains(value.utf8.count) ? String(value) : nil
        }
        return nil
    }
}
