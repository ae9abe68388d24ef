import FoundationEssentials
import JSON
import Secrets

/// What objects must be like (pkg/apis/core/validation/validation.go, apimachinery/pkg/util/validation).
extension KubernetesSandbox {
    /// A name of DNS: labels of lower-case letters, digits and hyphens, with dots between them (RFC 1123).
    static func isName(_ text: String) -> Bool {
        let labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return text.utf8.count <= 253
            && labels.allSatisfy { label in
                guard let first = label.first, let last = label.last else { return false }
                return first != UInt8(ascii: "-") && last != UInt8(ascii: "-")
                    && label.allSatisfy { isLowerOrDigit($0) || $0 == UInt8(ascii: "-") }
            }
    }

    /// The name of a label or an annotation: `PREFIX/NAME` or `NAME`.
    static func isQualified(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard let name = parts.last, parts.count <= 2, parts.count == 1 || isName(parts[0]) else { return false }
        guard (1...63).contains(name.utf8.count), let first = name.utf8.first, let last = name.utf8.last else {
            return false
        }
        return isAlphanumeric(first) && isAlphanumeric(last)
            && name.utf8.allSatisfy { isAlphanumeric($0) || "-_.".utf8.contains($0) }
    }

    static func validate(_ object: JSONObject, _ key: ObjectKey) throws(StatusError) {
        let paths = [
            ("metadata.annotations", object[object: "metadata"][object: "annotations"]),
            (
                "spec.template.annotations",
                object[object: "spec"][object: "template"][object: "metadata"][object: "annotations"]
            ),
        ]
        for (field, annotations) in paths {
            for (name, value) in annotations.members {
                guard isQualified(name) else {
                    throw .invalid(
                        key.resource, key.name, field: field,
                        "Invalid value: \"\(name)\": name part must consist of alphanumeric characters, '-', '_' or '.'"
                    )
                }
                guard value.string != nil else {
                    throw .badRequest("json: cannot unmarshal \(name) into Go struct field of type string")
                }
            }
        }
    }

    /// A secret as it is stored: `stringData` put into `data`. `old` is what it replaces.
    static func validated(
        secret: JSONObject, name: String, over old: JSONObject?
    ) throws(StatusError) -> JSONObject {
        try validate(secret, ObjectKey(resource: .secrets, namespace: "", name: name))
        var secret = secret
        var data = secret[object: "data"]
        for (key, value) in secret[object: "stringData"].members {
            guard let text = value.string else { throw unreadable("stringData is not a map of strings") }
            data[key] = .string(Data(text.utf8).base64EncodedString())
        }
        secret["stringData"] = nil
        var size = 0
        for (key, value) in data.members {
            guard (1...253).contains(key.utf8.count), key != ".", key != "..",
                key.utf8.allSatisfy({ isAlphanumeric($0) || "-_.".utf8.contains($0) })
            else {
                throw .invalid(
                    .secrets, name, field: "data[\(key)]",
                    "Invalid value: \"\(key)\": a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
                )
            }
            guard let bytes = value.string.flatMap({ Data(base64Encoded: $0) }) else {
                throw unreadable("illegal base64 data at input byte 0")
            }
            size += bytes.count
        }
        guard size <= 1 << 20 else {
            throw .invalid(.secrets, name, field: "data", "Too long: may not be more than 1048576 bytes")
        }
        if !data.isEmpty || secret.keys.contains("data") { secret["data"] = .object(data) }
        secret["type"] = secret["type"] ?? "Opaque"
        guard let old else { return secret }
        guard secret["type"] == old["type"] else {
            throw .invalid(
                .secrets, name, field: "type",
                "Invalid value: \"\(secret["type"]?.string ?? "")\": field is immutable")
        }
        if old["immutable"] == true {
            let problem = "Forbidden: field is immutable when `immutable` is set"
            guard secret["immutable"] == true else { throw .invalid(.secrets, name, field: "immutable", problem) }
            guard secret[object: "data"] == old[object: "data"] else {
                throw .invalid(.secrets, name, field: "data", problem)
            }
        }
        return secret
    }

    private static func unreadable(_ why: String) -> StatusError {
        .badRequest("Secret in version \"v1\" cannot be handled as a Secret: \(why)")
    }

    private static func isLowerOrDigit(_ byte: UInt8) -> Bool { byte.isASCIILowercase || byte.isASCIIDigit }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool { isLowerOrDigit(byte) || byte.isASCIIUppercase }
}
