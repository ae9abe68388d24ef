import HTTP
import JSON
import PublisherKit
import Secrets
import Sodium

/// A service and what is done there: a target's own `with`, or a preset with the target's settings.
struct ServiceDescription: Sendable {
    /// For people, as `Render`.
    let title: String
    let address: HTTPURL
    let credential: CredentialDescription
    let headers: [(name: String, value: String)]
    let write: RequestDescription
    /// Where the answer to a write has the digest that the service shows of the key from then on.
    let digestOfWrite: Pointer?
    let read: ReadDescription?
    let deployment: DeploymentDescription?
    /// What is written, for people: `OPENROUTER_API_KEY of service srv-1`.
    let place: String
    /// What tells it from other places of the service.
    let identity: String
    /// The setting to look at where something is not there.
    let field: String
    /// What the credential must be allowed.
    let permission: String?
    /// What is to be known of the service beforehand.
    let note: String?
    /// How what is written comes into effect, where this target does nothing about it.
    let effect: String?
    let meanings: [Meaning]
    let values: Values

    /// What a status means at this service, or words in a refusal.
    struct Meaning: Sendable {
        let sign: String
        let code: PublisherError.Code
        let hint: String?
    }

    /// What a target may say for itself.
    static let settings = [
        "url", "token", "header", "basic", "headers", "write", "read", "redeploy", "latest", "wait", "serves",
        "meanings",
        "title",
        "hook",
    ]
    /// What a preset says beside that.
    static let presetMembers =
        settings + ["$schema", "settings", "place", "field", "permission", "note", "effect", "federation"]

    /// `with` is the target's own; `description` has the requests, which is the same where there is no preset.
    init(_ description: JSONObject, with: JSONObject) throws(PublisherError) {
        values = Values(with)
        let settings = Settings(description)
        let (own, preset) = (try Settings(with).text("url"), try settings.text("url"))
        address = try Self.address(own ?? preset, values)
        title = try settings.text("title") ?? address.host
        credential = try CredentialDescription(description)
        headers = try DescriptionFields(description).pairs("headers")
        try RequestDescription.check(headers, field: "headers")
        guard let writing = description["write"] else {
            throw Settings.error(
                "write", "'write' is missing",
                hint: "name a preset, or say how the key is written, as"
                    + #" write: {put: /apps/shop/secrets/KEY, json: {value: "{secret}"}}"#)
        }
        let fields = try DescriptionFields(writing, "write", knowing: RequestDescription.members + ["digest"])
        write = try RequestDescription(fields, mayHoldSecret: true)
        digestOfWrite = try fields.pointer("digest")
        read = try description["read"].map { value throws(PublisherError) in try ReadDescription(value) }
        if case .digest(_, isSHA256: false)? = read?.content, digestOfWrite == nil {
            throw Settings.error(
                "write.digest", "'read' compares a digest, and 'write' does not say where its answer has it",
                hint: "add the JSON pointer as 'digest' to 'write', or read with 'exists' in place of 'digest'")
        }
        deployment = try Self.deployment(description, with)
        place = try Template(settings.text("place") ?? write.written).text(values) ?? title
        identity = try write.identity(values)
        field = "with.\(try settings.text("field") ?? "write")"
        permission = try settings.text("permission")
        note = try settings.text("note")
        effect = deployment == nil ? try settings.text("effect") : nil
        meanings = try Self.meanings(description["meanings"])
    }

    private static func address(_ text: String?, _ values: Values) throws(PublisherError) -> HTTPURL {
        guard let text else {
            throw Settings.error(
                "url", "'url' is missing", hint: "write the address of the service's API, as https://api.example.com/v1"
            )
        }
        // A value may be part of a host's name: whatever could end it there is refused.
        let template = Template(text)
        for name in template.names {
            let isLabel = values[name]?.utf8.allSatisfy { $0.isASCIIAlphanumeric || $0 == UInt8(ascii: "-") } ?? true
            guard isLabel else {
                throw Settings.error(
                    name, "'\(name)' is part of an address: it may have only letters, digits and hyphens")
            }
        }
        var address = try template.text(values) ?? ""
        while address.hasSuffix("/") { address.removeLast() }
        do throws(HTTPURL.Mistake) {
            let url = try HTTPURL(address)
            guard !address.contains("?") else { throw .form }
            return url
        } catch {
            throw Settings.error(
                "url", "'url' cannot be used: \(error.rawValue)",
                hint: "write the address of the service's API without a query, as https://api.example.com/v1")
        }
    }

    /// A target that says nothing deploys where somebody has described how.
    private static func deployment(
        _ description: JSONObject, _ with: JSONObject
    ) throws(PublisherError) -> DeploymentDescription? {
        let isDescribed =
            description["redeploy"]?.object != nil || (description["wait"] ?? description["serves"]) != nil
        // The target's own description stands in the same place as its wish.
        let wish = with["redeploy"]?.object == nil ? try Redeploy(Settings(with), more: " and a request") : nil
        switch wish {
        case .no: return nil
        case .hook(let variable): return try DeploymentDescription(description, hook: variable)
        case .yes where !isDescribed:
            throw Settings.error(
                "redeploy", "nothing says how this service is made to deploy",
                hint: "describe the request, as redeploy: {post: /apps/shop/deploys, id: /id}, or leave it out")
        case .yes, nil: return isDescribed ? try DeploymentDescription(description, hook: nil) : nil
        }
    }

    private static func meanings(_ value: JSONValue?) throws(PublisherError) -> [Meaning] {
        guard let value else { return [] }
        guard let object = value.object else { throw Settings.error("meanings", "'meanings' is not an object") }
        var meanings: [Meaning] = []
        for (sign, meaning) in object.members {
            guard let code = (meaning.string ?? meaning["code"]?.string).flatMap(PublisherError.Code.init) else {
                throw Settings.error(
                    "meanings", "'meanings' has something else than a code for \(sign)",
                    hint: "take one of \(PublisherError.Code.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            meanings.append(Meaning(sign: sign, code: code, hint: meaning["hint"]?.string))
        }
        return meanings
    }
}
