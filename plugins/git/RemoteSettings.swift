import FoundationEssentials
import Git
import PublisherKit
import Secrets

/// Where the repository is, which branch is meant, and what proves who is who.
struct RemoteSettings {
    let remote: GitRemote
    /// As the settings have it.
    let address: String
    let branch: String
    /// The branch that `branch` is made from, and that the consumers read.
    let base: String?
    /// A file of certificate authorities, where the environment names one.
    let authorities: String?

    /// Errors are of code `configuration` and name the field.
    init(
        _ settings: Settings, _ request: PublisherRequest, _ environment: [String: String]
    ) throws(PublisherError) {
        let text = try settings.required("remote", hint: "write the repository's address, as https://… or ssh://…")
        let address: GitAddress
        do { address = try GitAddress(text) } catch {
            throw Settings.error("remote", error.message, hint: error.hint)
        }
        self.address = text
        let words = Template.Words(request)
        branch = try Template(
            settings.required("branch", hint: "name the branch to commit to"), key: "branch"
        ).filled(words)
        base = try settings.text("base")
        guard base != branch else {
            throw Settings.error("base", "'base' and 'branch' are the same", hint: "leave 'base' out")
        }
        authorities = ["CURL_CA_BUNDLE", "SSL_CERT_FILE"].compactMap { environment[$0] }.first { !$0.isEmpty }
        remote = GitRemote(
            address, credentials: try Self.credentials(settings, address, environment),
            hostKeys: address.transport == .ssh ? try Self.hostKeys(settings, environment) : .none)
    }

    private static func credentials(
        _ settings: Settings, _ address: GitAddress, _ environment: [String: String]
    ) throws(PublisherError) -> GitCredentials {
        func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        switch address.transport {
        case .local: return .none
        case .https:
            guard let token = variable("GIT_TOKEN") else { return .none }
            return .token(user: try settings.text("user") ?? "x-access-token", Secret(token))
        case .ssh:
            let passphrase = variable("GIT_SSH_PASSPHRASE").map { Secret($0) }
            if let path = try settings.text("ssh_key") { return .key(path: path, passphrase: passphrase) }
            // GitLab's variables of type file hold a path; others may have lost the last line end, without which it is no
            // key.
            if let key = variable("GIT_SSH_KEY") {
                return key.hasPrefix("/")
                    ? .key(path: key, passphrase: passphrase) : .keyText(Secret(key + "\n"), passphrase: passphrase)
            }
            return variable("SSH_AUTH_SOCK") == nil ? .none : .agent
        }
    }

    private static func hostKeys(
        _ settings: Settings, _ environment: [String: String]
    ) throws(PublisherError) -> HostKeys {
        if let key = try settings.text("host_key") {
            guard key.hasPrefix("SHA256:") || key.split(separator: " ").count >= 2 else {
                throw Settings.error(
                    "host_key", "'host_key' is no host key",
                    hint: "write 'ssh-ed25519 AAAA…' or 'SHA256:…', as the server's owner publishes it")
            }
            return key.hasPrefix("SHA256:") ? .fingerprint(key) : .key(key)
        }
        if let path = try settings.text("known_hosts") {
            guard let content = FileManager.default.contents(atPath: path) else {
                throw Settings.error("known_hosts", "\(path) cannot be read", hint: "name a file as ssh keeps it")
            }
            return .knownHosts(String(decoding: content, as: UTF8.self))
        }
        let files = [(environment["HOME"] ?? "") + "/.ssh/known_hosts", "/etc/ssh/ssh_known_hosts"]
        let texts = files.compactMap { FileManager.default.contents(atPath: $0) }.map {
            String(decoding: $0, as: UTF8.self)
        }
        return texts.isEmpty ? .none : .knownHosts(texts.joined(separator: "\n"))
    }
}
