import FoundationEssentials
import Git
import Glibc

/// What `ssh-keygen -Y sign` makes of the text of a commit.
enum Signing {
    static func sign(_ bytes: [UInt8], key: String, text: String) throws(GitError) -> String {
        do {
            try Data(bytes).write(to: URL(filePath: text))
            guard unsafe system("ssh-keygen -q -Y sign -n git -f '\(key)' '\(text)'") == 0 else {
                throw CocoaError(.fileReadUnknown)
            }
            return String(decoding: try Data(contentsOf: URL(filePath: text + ".sig")), as: UTF8.self)
        } catch {
            throw GitError(.invalid, "no signature", hint: "")
        }
    }
}
