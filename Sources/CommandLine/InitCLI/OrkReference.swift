import ArgumentParser
import Secrets

/// Where a pipeline takes ork's files from: a repository, at one commit that somebody has looked at.
package struct OrkReference: ExpressibleByArgument, Sendable, Hashable {
    /// `acme/ork`, at GitLab with as many groups as there are.
    let path: String
    /// The full hash of the commit: a branch or a tag may be moved.
    let commit: String

    package init?(argument: String) {
        let parts = argument.split(separator: "@", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else { return nil }
        let folders = parts[0].split(separator: "/", omittingEmptySubsequences: false)
        let areNames = folders.allSatisfy { name in
            !name.isEmpty && name.utf8.allSatisfy { $0.isASCIIAlphanumeric || "._-".utf8.contains($0) }
        }
        let isHash =
            parts[1].utf8.count == 40 && parts[1].utf8.allSatisfy { $0.isASCIIDigit || (0x61...0x66).contains($0) }
        guard folders.count >= 2, areNames, isHash else { return nil }
        (path, commit) = (parts[0], parts[1])
    }
}
