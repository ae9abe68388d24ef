import FoundationEssentials
import PublisherPlugin
import Secrets
import ServiceClient
import Sodium
import Timestamps

/// What an annotation says of a write: `ROTATION/DIGEST/TIME`. It stands at the Secret, and at the pods' template of
/// what was restarted for that write, so that one restart belongs to one write.
struct Marker: Equatable {
    let text: String

    init(_ text: String) { self.text = text }

    /// Of a write at this moment.
    init(_ request: PublisherRequest, at now: Date) { text = "\(Self.operation(request))/\(now.rfc3339)" }

    /// Of a key that somebody else has written, so that nobody knows when.
    init(foreign request: PublisherRequest) { text = Self.operation(request) }

    /// The rotation that wrote.
    var rotation: String { String(text.prefix { $0 != "/" }) }

    /// Whether it is of a write of this request's key by its rotation.
    func isOf(_ request: PublisherRequest) -> Bool {
        text == Self.operation(request) || text.hasPrefix(Self.operation(request) + "/")
    }

    private static func operation(_ request: PublisherRequest) -> String {
        "\(request.rotation)/\(request.digest.hex.prefix(16))"
    }

    /// The annotation at a Secret for one of its keys.
    static func written(_ key: String) -> String { name("written", key) }

    /// The annotation at a template of pods for one key of a Secret.
    static func restarted(_ secret: String, _ key: String) -> String { name("restarted", "\(secret).\(key)") }

    /// `ork/WHAT.THING`; what is too long for it, or ends in a sign that a name may not end in, is hashed.
    private static func name(_ what: String, _ thing: String) -> String {
        let name = "\(what).\(thing)"
        return "ork/" + (KubernetesName.isAnnotation(name) ? name : "\(what).\(SHA256.hex(thing.utf8).prefix(32))")
    }
}
