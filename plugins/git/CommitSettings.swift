import FoundationEssentials
import Git
import PublisherPlugin
import Secrets
import TargetDocuments

/// Who commits, what the commit says, and what signs it.
struct CommitSettings {
    /// The trailers that tell what a commit wrote, also to who cannot read it. A digest gives nothing away of a key.
    static let rotation = "Ork-Rotation"
    static let operation = "Ork-Operation"
    static let digest = "Ork-Digest"
    /// Which value of the file it is about; raw files have one.
    static let name = "Ork-Name"

    let author: (name: String, email: String)
    let message: String
    let signer: SSHSigner?

    private enum Signing: String, CaseIterable {
        case ssh
    }

    /// Errors are of code `configuration` and name the field.
    init(
        _ settings: Settings, _ request: PublisherRequest, _ place: ValuePlace, _ environment: [String: String]
    ) throws(PublisherError) {
        author = try Self.person(settings.text("author") ?? "ork <ork@noreply.invalid>")
        let standard = "Rotate the OpenRouter key in \(place.path)"
        let text = try Template(settings.text("message") ?? standard, key: "message").filled(.init(request))
        message = try Self.message(text, request, place)
        let key = try settings.text("signing_key")
        switch try settings.choice("sign", Signing.self) {
        case .ssh:
            if let key {
                signer = SSHSigner(key: .file(key))
            } else if let key = environment["GIT_SIGNING_KEY"], !key.isEmpty {
                signer = SSHSigner(key: key.hasPrefix("/") ? .file(key) : .secret(Secret(key + "\n")))
            } else {
                throw Settings.error(
                    "sign", "there is no key to sign with",
                    hint: "set GIT_SIGNING_KEY in the target's env, or name a file with 'signing_key'")
            }
        case nil:
            guard key == nil else {
                throw Settings.error("signing_key", "'signing_key' without 'sign'", hint: "add 'sign: ssh'")
            }
            signer = nil
        }
    }

    func commit(at time: Date) -> GitCommit {
        GitCommit(
            author: GitPerson(name: author.name, email: author.email, time: Int64(time.timeIntervalSince1970)),
            message: message)
    }

    /// Puts our trailers under the message, in one block with its own ones if it has some.
    private static func message(
        _ text: String, _ request: PublisherRequest, _ place: ValuePlace
    ) throws(PublisherError) -> String {
        let body = text.trimmingSuffix { $0.isWhitespace }
        guard !body.isEmpty else { throw Settings.error("message", "'message' is empty", hint: "leave it out") }
        let hasTrailers = body.contains("\n") && (try? GitTrailer.all(in: body + "\n").isEmpty) == false
        let trailers =
            [
                (rotation, request.rotation), (operation, request.operation), (digest, request.digest.description),
            ] + [place.name.map { (name, $0) }].compactMap(\.self)
        return body + (hasTrailers ? "\n" : "\n\n") + trailers.map { "\($0): \($1)\n" }.joined()
    }

    /// Takes `Name <address>`.
    private static func person(_ text: String) throws(PublisherError) -> (name: String, email: String) {
        let parts = text.split(separator: "<", omittingEmptySubsequences: false)
        let name = parts[0].trimmingSuffix { $0 == " " }
        guard parts.count == 2, !name.isEmpty, parts[1].hasSuffix(">"), parts[1].count > 1,
            !text.unicodeScalars.contains(where: { $0.value < 0x20 })
        else {
            throw Settings.error("author", "'author' is not a name with an address", hint: "write 'Name <address>'")
        }
        return (String(name), String(parts[1].dropLast()))
    }
}

extension StringProtocol {
    fileprivate func trimmingSuffix(_ isBlank: (Character) -> Bool) -> SubSequence {
        var rest = self[...]
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        return rest
    }
}
