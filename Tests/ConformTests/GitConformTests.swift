import Secrets
import TestSupport
import Testing

/// The publisher for git, as `ork-conform` sees it, with the real programs as readers.
@Suite(.serialized, .tags(.servers)) struct GitConformTests {
    @Test(
        "ork-publisher-git keeps the contract however the file is encrypted",
        arguments: [
            (["path=key.age", "format=raw", "encrypt=age"], "age -d -i age.txt", true),
            (["path=key.env.age", "name=KEY", "encrypt=age"], "age -d -i age.txt | sed -n s/^KEY=//p", true),
            (
                ["path=key.yaml", "name=a.b", "encrypt=sops"],
                #"cat >key.yaml; sops decrypt --extract '["a"]["b"]' key.yaml"#, true
            ),
            // Who can encrypt and not read.
            (["path=key.age", "format=raw", "encrypt=age"], "age -d -i age.txt", false),
        ])
    func keepsTheContract(settings: [String], reader: String, canRead: Bool) async throws {
        let git = try await GitFolder()
        let recipient = try await git.sh(
            """
            age-keygen -o age.txt; cd seed; printf 'creation_rules:\\n  - age: %s\\n' $(age-keygen -y ../age.txt) >.sops.yaml
            git add .; git commit -qm rules; git push -q origin HEAD:main; age-keygen -y ../age.txt
            """)
        let folder = git.folder
        var with = settings + ["remote=\(folder.file("remote.git"))", "branch=main"]
        var environment = ["SOPS_AGE_KEY_FILE": folder.file("age.txt"), "SOPS_DISABLE_VERSION_CHECK": "1"]
        with.append("recipients=\(recipient)")
        if settings.contains("encrypt=age") {
            environment = canRead ? ["AGE_IDENTITY": try await git.sh("tail -1 age.txt")] : [:]
        }
        let path = settings[0].dropFirst("path=".count)
        let sops = "export SOPS_AGE_KEY_FILE=\(folder.file("age.txt"))"
        let command = "cd '\(folder.path)'; \(sops); git -C remote.git show main:\(path) 2>/dev/null | { \(reader); }"
        let lines = try await Conform.run(
            "ork-publisher-git", with: with, environment: environment, command: command, path: try Self.path)
        // It seals nothing that it cannot read.
        let counts = canRead ? "26 passed, 0 failed, 0 skipped" : "25 passed, 0 failed, 1 skipped"
        #expect(lines.last == counts, "\(lines.joined(separator: "\n"))")
    }

    private static var path: String {
        get throws {
            let python = try Python.interpreter()
            return python.dropLast("/python".count) + ":/usr/bin:/bin"
        }
    }
}
