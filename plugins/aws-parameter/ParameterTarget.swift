import AWS
import FoundationEssentials
import JSON
import PublisherPlugin
import Secrets
import ServiceClient

/// One parameter, and the time that there is for it.
struct ParameterTarget: ServiceTarget {
    let settings: ParameterSettings
    let client: ServiceClient
    let region: AWSRegion
    let deadline: Date

    private let service = ParameterStore()

    /// Fields of one parameter are written one after the other: each write is one of the whole.
    var place: String { "\(region.name) \(settings.name)" }

    var claims: [(field: String, thing: String)] {
        [(settings.text.field == nil ? "with.name" : "with.field", "\(region.name) \(settings.thing)")]
    }

    /// A parameter as it is at one version.
    struct Version {
        let number: Int
        let text: Secret
    }

    /// Reads the parameter, or one of its versions; `nil` if there is none.
    func read(version: Int? = nil) throws(ServiceError) -> Version? {
        let name = version.map { "\(settings.name):\($0)" } ?? settings.name
        let answer: ServiceAnswer
        do throws(ServiceError) {
            answer = try send("GetParameter", ["Name": .string(name), "WithDecryption": true], to: "read")
        } catch {
            guard ["ParameterNotFound", "ParameterVersionNotFound"].contains(error.reason) else { throw error }
            return nil
        }
        guard let parameter = try answer.object()["Parameter"]?.object, let text = parameter["Value"]?.string,
            let number = parameter["Version"]?.integer
        else { throw answer.surprise("without Parameter") }
        guard parameter["Type"] == "SecureString" else {
            throw ServiceError(
                PublisherError(
                    .configuration, "parameter \(settings.name) is no SecureString: it would hold the key in the clear",
                    hint: "make it anew as a SecureString, or write to another one", field: "with.name"))
        }
        return Version(number: number, text: Secret(text))
    }

    /// All that a parameter has besides its value. Whoever overwrites it without saying them again may lose them: the
    /// KMS key becomes the account's standard one (PutParameter's documentation, `KeyId`).
    func attributes() throws(ServiceError) -> JSONObject {
        let parameter = try listed()
        var attributes: JSONObject = [:]
        for key in ["KeyId", "Tier", "DataType", "Description", "AllowedPattern"] {
            if let text = parameter[key]?.string, !text.isEmpty { attributes[key] = .string(text) }
        }
        let policies = parameter["Policies"]?.array?.compactMap { $0["PolicyText"]?.string } ?? []
        if !policies.isEmpty { attributes["Policies"] = .string("[" + policies.joined(separator: ",") + "]") }
        return attributes
    }

    /// What the list of parameters says of it.
    private func listed() throws(ServiceError) -> AnswerObject {
        let filter: JSONValue = ["Key": "Name", "Option": "Equals", "Values": [.string(settings.name)]]
        var body: JSONObject = ["ParameterFilters": [filter]]
        // A page may be empty and not the last one (API_DescribeParameters).
        for _ in 1...100 {
            let answer = try send("DescribeParameters", body, to: "look at").object()
            if let parameter = try answer.objects("Parameters").first { return parameter }
            guard let next = answer["NextToken"]?.string else { break }
            body["NextToken"] = .string(next)
        }
        throw ServiceError(
            PublisherError(
                .unavailable, "parameter \(settings.name) can be read and is not listed yet",
                hint: "run the step again"))
    }

    /// Makes the parameter and returns its version; `nil` if somebody else was faster.
    func create(_ text: Secret, _ making: ParameterSettings.Making) throws(ServiceError) -> Int? {
        var attributes: JSONObject = ["Tier": .string(making.tier.rawValue)]
        if let key = making.key { attributes["KeyId"] = .string(key) }
        if let description = making.description { attributes["Description"] = .string(description) }
        do throws(ServiceError) {
            return try put(text, attributes, overwrite: false)
        } catch {
            guard error.reason == "ParameterAlreadyExists", !error.mayHaveTakenEffect else { throw error }
            return nil
        }
    }

    /// Writes the text and returns the version that it became. Sent once: a second time it would be one more.
    func put(_ text: Secret, _ attributes: JSONObject, overwrite: Bool = true) throws(ServiceError) -> Int {
        var body: JSONObject = [
            "Name": .string(settings.name), "Value": .string(text.revealed() ?? ""), "Type": "SecureString",
            "Overwrite": .bool(overwrite),
        ]
        for (key, value) in attributes.members { body[key] = value }
        return try send("PutParameter", body, to: overwrite ? "write" : "make", isWrite: true, secret: text)
            .object().integer("Version")
    }

    private func send(
        _ operation: String, _ body: JSONObject, to verb: String, isWrite: Bool = false, secret: Secret? = nil
    ) throws(ServiceError) -> ServiceAnswer {
        var call = service.call(
            operation, body, isWrite: isWrite, isIdempotent: !isWrite, to: "\(verb) \(settings.thing)",
            field: "with.name")
        call.secret = secret
        return try client.send(call, until: deadline)
    }
}
