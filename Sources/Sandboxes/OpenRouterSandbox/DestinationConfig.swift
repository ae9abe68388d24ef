import JSON
import Secrets

/// What a destination of one of the stable types is configured with.
struct DestinationConfig {
    let shape: Shape
    private let secrets: Set<String>

    /// The configuration of a destination with these members; `nil` if its type is not stable.
    init?(_ members: JSONObject) {
        guard let members = Self.table.first(where: { $0.type == members["type"]?.string })?.members else { return nil }
        shape = .object(members + [("headers", .map(.anyText))])
        secrets = Self.secrets
    }

    init?(_ row: Record) { self.init(row.members) }

    /// The names of the stable types.
    static let types = table.map(\.type)

    /// The configuration as it is answered: what is secret shows its ends alone.
    func masked(_ config: JSONValue) -> JSONValue {
        guard var object = config.object else { return config }
        for (name, value) in object.members where secrets.contains(name) {
            object[name] = value.string.map { .string(Self.mask($0)) }
        }
        if let headers = object["headers"]?.object {
            var masked: JSONObject = [:]
            for (name, value) in headers.members { masked[name] = .string(Self.mask(value.string ?? "")) }
            object["headers"] = .object(masked)
        }
        return .object(object)
    }

    private static func mask(_ text: String) -> String {
        text.count < 12 ? "****" : text.prefix(4) + "****" + text.suffix(4)
    }

    private static let secrets: Set = [
        "apiKey", "spaceKey", "password", "secretKey", "licenseKey", "accessKeyId", "secretAccessKey", "sessionToken",
        "token",
    ]

    private static func needed(_ names: String...) -> [(name: String, shape: Shape)] {
        names.map { ($0, .required(.someText)) }
    }

    private static func preset(_ name: String, _ text: String) -> (name: String, shape: Shape) {
        (name, .filled(.anyText, with: .string(text)))
    }

    private static let cacheWrites: (name: String, shape: Shape) =
        ("shouldIncludeCacheWriteTokens", .filled(.flag, with: false))

    private static let table: [(type: String, members: [(name: String, shape: Shape)])] = [
        ("arize", needed("apiKey", "spaceKey", "modelId") + [preset("baseUrl", "https://otlp.arize.com")]),
        ("braintrust", needed("apiKey", "projectId") + [preset("baseUrl", "https://api.braintrust.dev")]),
        (
            "clickhouse",
            needed("host", "database", "username", "password") + [preset("table", "OPENROUTER_TRACES"), cacheWrites]
        ),
        ("datadog", needed("apiKey", "mlApp") + [preset("url", "https://api.us5.datadoghq.com")]),
        (
            "grafana",
            needed("apiKey", "instanceId") + [preset("baseUrl", "https://otlp-gateway-prod-us-west-0.grafana.net")]
        ),
        ("langfuse", needed("secretKey", "publicKey") + [preset("baseUrl", "https://us.cloud.langfuse.com")]),
        (
            "langsmith",
            needed("apiKey") + [
                preset("endpoint", "https://api.smith.langchain.com"),
                ("project", .filled(.someText, with: "main")), ("workspaceId", .anyText),
            ]
        ),
        ("newrelic", needed("licenseKey") + [("region", .filled(.word(["us", "eu"]), with: "us"))]),
        ("opik", needed("apiKey", "workspace", "projectName")),
        ("otel-collector", [("endpoint", .required(.anyText))]),
        ("posthog", needed("apiKey") + [preset("endpoint", "https://us.i.posthog.com")]),
        ("ramp", needed("apiKey") + [preset("baseUrl", "https://api.ramp.com/developer/v1/ai-usage/openrouter")]),
        (
            "s3",
            needed("bucketName") + [
                ("accessKeyId", .someText), ("secretAccessKey", .someText), ("endpoint", .uri),
                preset("pathTemplate", "{prefix}/{date}"), preset("prefix", "openrouter-traces"),
                ("authMode", .filled(.word(["access_keys", "iam_role"]), with: "access_keys")),
                ("provider", .word(["aws", "cloudflare_r2", "gcs", "other"])),
            ] + ["region", "sessionToken", "externalId", "roleArn"].map { ($0, .anyText) }
        ),
        ("sentry", [("dsn", .required(.sentryDSN)), ("otlpEndpoint", .required(.anyText))]),
        (
            "snowflake",
            [("account", .required(.snowflakeAccount)), ("token", .required(.someText)), cacheWrites]
                + [preset("database", "SNOWFLAKE_LEARNING_DB"), preset("schema", "PUBLIC")]
                + [preset("table", "OPENROUTER_TRACES"), preset("warehouse", "COMPUTE_WH")]
        ),
        ("weave", needed("apiKey", "entity", "project") + [preset("baseUrl", "https://trace.wandb.ai")]),
        ("webhook", [("method", .filled(.word(["POST", "PUT"]), with: "POST")), ("url", .required(.anyText))]),
    ]
}

extension Shape {
    /// `https://KEY@HOST/…/PROJECT`, where the project is a number.
    fileprivate static let sentryDSN = rule("must be a DSN of Sentry") { text in
        guard text.hasPrefix("https://") else { return false }
        let parts = text.dropFirst("https://".count).split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, let key = parts[0].split(separator: ":", omittingEmptySubsequences: false).first,
            !key.isEmpty
        else { return false }
        let path = (parts[1].hasSuffix("/") ? parts[1].dropLast() : parts[1])
            .split(separator: "/", omittingEmptySubsequences: false)
        return path.count > 1 && path.allSatisfy { !$0.isEmpty } && path[path.count - 1].utf8.allSatisfy(\.isASCIIDigit)
    }

    /// Words of letters, digits and underscores, joined by dots and hyphens.
    fileprivate static let snowflakeAccount = rule("must be an account of Snowflake") { text in
        (1...255).contains(text.count)
            && text.split(omittingEmptySubsequences: false) { $0 == "." || $0 == "-" }.allSatisfy { word in
                !word.isEmpty && word.utf8.allSatisfy { $0.isASCIIDigit || $0.isASCIILetter || $0 == UInt8(ascii: "_") }
            }
    }
}
