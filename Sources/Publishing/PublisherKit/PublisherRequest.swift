public import FoundationEssentials
import Glibc
public import JSON
public import Secrets
import Timestamps

/// One request to a publisher, about one target.
public struct PublisherRequest: Sendable {
    /// Names the request; the answer bears it too.
    public var id: String
    /// Names the effect: asking again with the same operation must not have it twice.
    public var operation: String
    /// The id of the rotation, for targets that can hold a marker.
    public var rotation: String
    /// No answer is read after this moment.
    public var deadline: Date
    /// The target's name in the plan.
    public var target: String
    /// The target's settings, as the publisher's `info` describes them.
    public var with: JSONObject
    /// The digests that the target may hold. Any other value there is a `conflict`.
    /// `nil`: whatever it holds may be replaced.
    public var expect: [Digest]?
    /// Whether a target that holds nothing is to be made: somebody has said so.
    public var create: Bool
    /// The digest of the key that the request is about: the successor, or with `rollback` the one to be put back.
    public var digest: Digest
    /// That key: with `publish`, and with `rollback` where the host has it.
    public var secret: Secret?
    /// What the last `committed` answer of this target left; with every verb but `publish`.
    public var receipt: JSONObject?
    /// To whom a predecessor that `check` finds at the target is to be sealed; with `check` only.
    public var sealTo: [Recipient]
    /// What the first comparison saw while this request is answered.
    var firstLook = FirstLook()

    /// A request; `secret` goes with `publish` and `rollback` alone. `create: true` in `with` says the same as `create`.
    public init(
        id: String, operation: String, rotation: String, deadline: Date, target: String, with: JSONObject,
        expect: [Digest]?, create: Bool = false, digest: Digest, secret: Secret? = nil, receipt: JSONObject? = nil,
        sealTo: [Recipient] = []
    ) {
        self.id = id
        self.operation = operation
        self.rotation = rotation
        self.deadline = deadline
        self.target = target
        self.with = with
        self.expect = expect
        // What is neither true nor false is refused before the verb begins.
        self.create = create || (try? Settings(with).flag(Settings.create)) == true
        self.digest = digest
        self.secret = secret
        self.receipt = receipt
        self.sealTo = sealTo
    }

    /// Refuses what is wrong whatever the publisher.
    func requireFlags() throws(PublisherError) { _ = try Settings(with).flag(Settings.create) }
}

extension PublisherRequest {
    /// Reads one line. Unknown members are ignored; another protocol is refused with both numbers.
    public init(parsing line: some Collection<UInt8>, _ verb: Verb) throws(PublisherError) {
        let fields = try WireFields(parsing: line, "the request")
        try fields.checkProtocol()
        let target = try fields.fields("target")
        let with = try target.optional("with", \.object, "an object") ?? JSONObject()
        let secret = try fields.fields("secret")
        let value: String? =
            switch verb {
            case .publish: try secret.string("value")
            case .rollback: try secret.optionalString("value")
            case .check, .verify: nil
            }
        self.init(
            id: try fields.string("id"), operation: try fields.string("operation"),
            rotation: try fields.optionalString("rotation") ?? "",
            deadline: try fields.required(
                "deadline", { $0.string.flatMap { Date(rfc3339: $0) } }, "a moment as in RFC 3339"),
            target: try target.string("name"), with: with,
            expect: try Self.expect(fields),
            create: try fields.optional("create", \.bool, "true or false") ?? false,
            digest: try Self.digest(try secret.string("digest"), "digest in the request"),
            secret: value.map { Secret($0) },
            receipt: verb == .publish ? nil : try fields.optional("receipt", \.object, "an object"),
            sealTo: verb == .check ? try Self.recipients(fields) : [])
    }

    /// The request as one line ended by LF, wiped when the last copy goes. Only `publish` bears the value, and `rollback`
    /// where there is one.
    ///
    /// Throws `internal` where `publish` has no secret, and where it is not UTF-8.
    public func line(for verb: Verb) throws(PublisherError) -> Secret {
        var request: JSONObject = [
            "protocol": .number(JSONNumber(PublisherInformation.protocolVersion)), "id": .string(id),
            "operation": .string(operation), "rotation": .string(rotation), "deadline": .string(deadline.rfc3339),
            "target": ["name": .string(target), "with": .object(with)],
        ]
        request["expect"] = expect.map { .array($0.map { .string($0.description) }) }
        if create { request["create"] = true }
        let secret = verb.isWrite ? secret : nil
        guard let secret else {
            guard verb != .publish else { throw PublisherError(.internal, "a publish request without a secret") }
            request["secret"] = ["digest": .string(digest.description)]
            request["receipt"] = receipt.map { .object($0) }
            if verb == .check, !sealTo.isEmpty {
                request["seal_to"] = .array(sealTo.map { .string($0.description) })
            }
            return Secret(JSONValue.object(request).text() + "\n")
        }
        if verb == .rollback { request["receipt"] = receipt.map { .object($0) } }
        // The value is put in by hand, so that no String and no JSONValue keeps a copy of it that nobody wipes.
        var bytes: [UInt8] = []
        let head = JSONValue.object(request).bytes().dropLast()
        bytes.reserveCapacity(head.count + 6 * secret.count + 256)
        defer { unsafe bytes.withUnsafeMutableBytes { unsafe Self.wipe($0) } }
        bytes += head
        bytes += Array(#","secret":{"value":""#.utf8)
        guard secret.isUTF8 else { throw PublisherError(.internal, "the secret is not UTF-8 text") }
        secret.appendEscaped(to: &bytes)
        bytes += Array(#"","digest":"\#(digest)"}}"#.utf8)
        bytes.append(UInt8(ascii: "\n"))
        return Secret(bytes)
    }

    private static func expect(_ fields: WireFields) throws(PublisherError) -> [Digest]? {
        guard let texts = try fields.optional("expect", \.strings, "an array of strings") else { return nil }
        return try texts.map { text throws(PublisherError) in try digest(text, "expect in the request") }
    }

    /// Later hosts may know other forms of recipients: for those there is no box.
    private static func recipients(_ fields: WireFields) throws(PublisherError) -> [Recipient] {
        try fields.optional("seal_to", \.strings, "an array of strings")?.compactMap { Recipient($0) } ?? []
    }

    private static func digest(_ text: String, _ place: String) throws(PublisherError) -> Digest {
        guard let digest = Digest(text) else {
            throw PublisherError(.internal, "\(place) is not sha256: and 64 lowercase digits")
        }
        return digest
    }

    private static func wipe(_ bytes: UnsafeMutableRawBufferPointer) {
        if let base = bytes.baseAddress { unsafe explicit_bzero(base, bytes.count) }
    }
}

extension Secret {
    fileprivate var isUTF8: Bool {
        withBytes { span in
            unsafe span.withUnsafeBytes { bytes in
                var decoder = UTF8()
                var iterator = unsafe bytes.makeIterator()
                while true {
                    switch unsafe decoder.decode(&iterator) {
                    case .scalarValue: continue
                    case .emptyInput: return true
                    case .error: return false
                    }
                }
            }
        }
    }

    /// Appends the content of a JSON string (RFC 8259 §7); `bytes` must have room, so that it is not moved.
    fileprivate func appendEscaped(to bytes: inout [UInt8]) {
        let digits = Array("0123456789abcdef".utf8)
        withBytes { span in
            for index in 0..<span.byteCount {
                let byte = unsafe span.unsafeLoad(fromByteOffset: index, as: UInt8.self)
                switch byte {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                    bytes.append(UInt8(ascii: "\\"))
                    bytes.append(byte)
                case 0..<0x20:
                    bytes += [UInt8(ascii: "\\"), UInt8(ascii: "u"), 48, 48]
                    bytes += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
                default:
                    bytes.append(byte)
                }
            }
        }
    }
}
