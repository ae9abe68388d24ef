import ArgumentParser
import Secrets

/// Where a pipeline takes ork's files from: a repository, at one commit that somebody has looked at.
package struct OrkReference: Sendable, Hashable {
    /// `acme/ork`, at GitLab with as many groups as there are.
    let path: String
    /// The full hash of the commit: a branch or a tag may be moved.
    let commit: String

    /// Reads what an option says.
    init(checking argument: String) throws {
        guard let reference = OrkReference(argument: argument) else {
            throw ValidationError("write OWNER/ork@ and the full hash of a commit, as a branch or a tag may be moved")
        }
        self = reference
    }

    init?(argument: String) {
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
