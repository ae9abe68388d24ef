import FoundationEssentials
import Secrets
import Sodium
import TestSupport

/// Targets of a rotation in a git repository, encrypted with age and with sops, and what may be seen of them.
struct SentinelEncryption {
    /// age's own key, which the publisher gets in its environment and hands on in memory.
    let identity: Sentinel
    /// Flags of `ork-create`.
    let flags: [String]
    /// What a step is given.
    let variables: [String: String]
    private let folder: TemporaryDirectory

    /// The programs through whose pipes the key goes.
    static let programs: Set<String> = ["ork-publisher-git", "age", "sops"]

    init() throws {
        folder = try TemporaryDirectory()
        let python = try Python.interpreter()
        let path = "\(URL(filePath: python).deletingLastPathComponent().path):/usr/bin:/bin"
        let run = try ProgramRun.run(
            [
                "/bin/sh", "-ec",
                """
                cd '\(folder.path)'; export GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@t.invalid
                export GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@t.invalid HOME=$PWD PATH='\(path)'
                age-keygen -o age.txt 2>&1; R=$(age-keygen -y age.txt)
                git init -q --bare -b main config.git; git clone -q config.git seed 2>&1; cd seed
                printf 'creation_rules:\\n  - age: %s\\n' $R >.sops.yaml
                printf 'a: 1\\nkey: \\n' >app.yaml; sops encrypt -i app.yaml; git add .; git commit -qm first
                git push -q origin HEAD:main
                """,
            ], environment: [:], logs: folder.path, name: "setup")
        guard run.isDone else { throw Complaint("no repository: \(run.errors)") }
        let lines = try folder.read("age.txt").split(separator: "\n")
        identity = Sentinel("age identity", Secret(String(lines.last ?? "")))
        let recipient =
            lines.compactMap { $0.split(separator: "public key: ").last }.first { $0.hasPrefix("age1") } ?? ""
        let remote = "remote=\(folder.file("config.git")),branch=main"
        flags = [
            "--to", "age=git@1:\(remote),path=app.env.age,name=KEY,create=true,encrypt=age,recipients=\(recipient)",
            "--target-env", "age:AGE_IDENTITY",
            "--to", "sops=git@2:\(remote),path=app.yaml,name=key,create=true,encrypt=sops,recipients=\(recipient)",
            "--target-env",
            "sops:SOPS_AGE_KEY_FILE",
        ]
        variables = [
            "PATH": path, "AGE_IDENTITY": identity.secret.revealed() ?? "", "SOPS_AGE_KEY_FILE": folder.file("age.txt"),
        ]
    }

    /// Fails if a file of the repository does not hold the successor.
    func requireHeld(_ successor: Secret) throws {
        let run = try ProgramRun.run(
            [
                "/bin/sh", "-ec",
                """
                cd '\(folder.path)/seed'; git pull -q; age -d -i ../age.txt <app.env.age | sed 's/^KEY=//' | sha256sum
                sops decrypt --extract '["key"]' app.yaml | sha256sum
                """,
            ], environment: variables.merging(["HOME": folder.path]) { $1 }, logs: folder.path, name: "read")
        let key = successor.revealed() ?? ""
        let digests = [Secret(key + "\n"), Secret(key)].map { Digest(of: $0).hex }
        guard digests.allSatisfy(run.output.contains) else {
            throw Complaint("the repository: \(run.output)\(run.errors)")
        }
    }
}
