package import PublisherKit
package import Secrets

/// What the environment of a publisher, or of a probe, is made of: which variables are handed on, which are ork's own,
/// and which are missing.
package struct PublisherEnvironment: Sendable {
    /// Handed on where they are set: how to find programs and files, how to reach the network, and whom to trust.
    package static let generalNames = [
        "PATH", "HOME", "LANG", "TMPDIR",
        "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy",
        "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS",
    ]

    /// The step's own; what is empty counts as not set.
    private let ours: [String: String]

    /// `ours` is the environment of the step. What is relative in its `PATH` is handed to nobody: it leads to the folder
    /// where a program happens to run, with whatever others have put there.
    package init(_ ours: [String: String]) {
        var ours = ours
        ours["PATH"] = ours["PATH"]?.split(separator: ":").filter { $0.hasPrefix("/") }.joined(separator: ":")
        self.ours = ours.filter { !$0.value.isEmpty }
    }

    /// For a program that nothing is known of yet: the general variables.
    package var general: [String: String] { ours.filter { Self.generalNames.contains($0.key) } }

    /// Whether there is such a variable here.
    package func has(_ name: EnvironmentName) -> Bool { ours[name.description] != nil }

    /// For a program of the plan's: the general variables and those of `mapping`, which has names of the child and the
    /// names that they have here.
    ///
    /// Refuses ork's own names, on either side, and variables that are not set.
    package func child(
        _ mapping: [EnvironmentName: EnvironmentName]
    ) throws(PublisherError) -> [String: String] {
        var child = general
        for (name, source) in mapping.sorted(by: { $0.key < $1.key }) {
            for own in [name, source] where own.isReserved {
                throw PublisherError(
                    .configuration, "\(own) is ork's own, which no publisher and no probe gets",
                    hint: "the secret comes in the request; give anything else another name", field: "env.\(name)")
            }
            guard let value = ours[source.description] else {
                throw PublisherError(
                    .denied, "the environment variable \(source) is not set",
                    hint:
                        "export it on this stage, or name the variable that has the value here: env: {\(name): YOURS}",
                    field: "env.\(name)")
            }
            // Whatever they are called here: they open more than one target.
            let shapes = SecretShape.all(in: Array(value.utf8))
            guard !shapes.contains(.openRouterKey), !shapes.contains(.identity) else {
                throw PublisherError(
                    .configuration,
                    "\(source) holds \(shapes.contains(.identity) ? "a private ork identity" : "a key of OpenRouter"), which "
                        + "is handed to no publisher and no probe",
                    hint: "the secret comes in the request; take \(source) out of the target's env",
                    field: "env.\(name)")
            }
            child[name.description] = value
        }
        return child
    }

    /// The values of a mapping that are credentials, by a name or by their shape: nothing that a child prints shows them.
    /// What is shorter than eight bytes would be found everywhere.
    package func credentials(_ mapping: [EnvironmentName: EnvironmentName]) -> [Secret] {
        mapping.compactMap { name, source in
            guard let value = ours[source.description], value.utf8.count >= 8,
                name.holdsCredential || source.holdsCredential || SecretShape.first(in: Array(value.utf8)) != nil
            else { return nil }
            return Secret(value)
        }
    }

    /// The variables of a child that works in another folder than `current`, where ours have their relative paths from:
    /// those that name a file by their own name, such as `SSL_CERT_FILE`, keep to it.
    package static func moved(_ variables: [String: String], from current: String) -> [String: String] {
        var moved = variables
        for (name, value) in variables where EnvironmentName(name)?.namesFile ?? false {
            guard !value.hasPrefix("/"), !value.utf8.contains(UInt8(ascii: ":")) else { continue }
            moved[name] = "\(current)/\(value)"
        }
        return moved
    }

    /// For a publisher: beside those, what its `info` wants handed on.
    ///
    /// Refuses what `info` may not ask for, and a publisher that would lack a variable which it needs.
    package func child(
        _ mapping: [EnvironmentName: EnvironmentName], of publisher: PublisherInformation
    ) throws(PublisherError) -> [String: String] {
        var child = try child(mapping)
        for text in publisher.environment.inherited {
            guard let name = EnvironmentName(text), !name.isReserved, !name.namesCredential else {
                throw PublisherError(
                    .configuration,
                    "the publisher's info asks for a variable that is not handed on without being named",
                    hint: "name it in the target's env, and take it out of what info inherits",
                    field: "environment.inherited")
            }
            guard let value = ours[text], child[text] == nil else { continue }
            // A key or a token under an innocent name is one all the same.
            guard SecretShape.first(in: Array(value.utf8)) == nil else {
                throw PublisherError(
                    .configuration, "the publisher's info asks for \(name), which holds a secret",
                    hint: "name it in the target's env if the publisher is to have it", field: "env.\(name)")
            }
            child[text] = value
        }
        if let name = publisher.environment.required.first(where: { child[$0] == nil }) {
            let isSet = ours[name] != nil
            throw PublisherError(
                .configuration,
                isSet
                    ? "the target does not hand on \(name), which its publisher needs"
                    : "the publisher needs the environment variable \(name)",
                hint: (isSet ? "" : "set it, and ") + Self.handingOn(name), field: "env.\(name)")
        }
        return child
    }

    /// How a target's publisher is given a variable.
    package static func handingOn(_ name: String) -> String {
        "add it to the target's env: [\(name)], or {\(name): YOURS} if it has another name here"
    }
}
