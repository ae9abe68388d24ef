import ArgumentParser
import Configuration
import FoundationEssentials
import JSON
import Rotation
import TestSupport
import Testing
import Timestamps
import YAML

@testable import InitCLI

@Suite(.tags(.processes)) struct DraftTests {
    private static let commit = "0123456789abcdef0123456789abcdef01234567"

    private func options() throws -> InitOptions {
        var options = try InitOptions.parse([])
        options.ork = OrkReference(argument: "acme/ork@\(Self.commit)")
        options.image = "registry.example/ork@sha256:\(String(repeating: "0a", count: 32))"
        return options
    }

    private func draft(
        _ system: CISystem, _ targets: [String], options: InitOptions? = nil, files: [String: String] = [:]
    ) throws -> [String: String] {
        var flags: [DraftTarget] = []
        for target in targets { flags.append(try DraftTarget(flag: target, taken: flags.map(\.name))) }
        let draft = try Draft(
            system, options ?? self.options(), rotation: #require(PlanName("checkout")), key: "checkout-prod: \"x\"",
            targets: flags, every: #require(Interval("90d")), folder: Project(files).folder)
        return Dictionary(
            uniqueKeysWithValues: draft.files.map { ($0.path, String(decoding: $0.content, as: UTF8.self)) })
    }

    private func configuration(_ files: [String: String]) throws -> RotationConfiguration {
        let text = try #require(files["ork.yaml"])
        return try ConfigurationFile(parsing: Array(text.utf8), name: "ork.yaml").rotation(named: nil)
    }

    private static let targets = [
        "file:path=.env,name=KEY", "file:path=b.env,name=KEY", "web=github-secret@2:repository=acme/web,name=KEY",
        "fly=fly-secret:app=shop,name=KEY",
        #"git:remote=https://h.example/a/b.git,recipients:=["age1x","y"],alone:=true"#,
    ]

    @Test("the reader of the steps finds in ork.yaml what was meant", arguments: CISystem.allCases)
    func read(system: CISystem) throws {
        let rotation = try configuration(draft(system, Self.targets))
        #expect(rotation.name.description == "checkout")
        #expect(rotation.plan.predecessor == .name("checkout-prod: \"x\""))
        #expect(rotation.plan.targets.map(\.name.description) == ["file", "file-2", "fly", "git", "web"])
        #expect(rotation.plan.targets.map(\.wave) == [1, 1, 1, 1, 2])
        #expect(rotation.plan.targets[3].with["recipients"] == ["age1x", "y"])
        #expect(rotation.plan.targets[3].with["alone"] == true)
        #expect(rotation.due.every == Interval("90d"))
        // Without a pipeline there is one identity, which is made on first use.
        let trusted = StepName.allCases.filter { rotation.trust?[$0]?.count == 1 }
        #expect(trusted == (system == .cron ? [] : StepName.allCases))
    }

    @Test("a workflow names every variable of the targets once, whatever its kind, and where ork comes from")
    func workflows() throws {
        for kind in PipelineKind.allCases {
            var options = try options()
            options.pipeline = kind
            let files = try draft(.github, Self.targets, options: options)
            let workflows = files.filter { $0.key.hasPrefix(".github/") }
            #expect(workflows.count == (kind == .simple ? 1 : 2))
            let rotate = try #require(files[".github/workflows/ork-rotate.yml"])
            for name in ["TARGET_GITHUB_TOKEN", "FLY_API_TOKEN", "TARGET_GIT_TOKEN"] {
                let use = kind == .simple ? "          \(name): ${{ secrets.\(name) }}\n" : "\"\(name)\""
                #expect(rotate.split(separator: use, omittingEmptySubsequences: false).count - 1 == 1, "\(name)")
            }
            for (path, text) in workflows {
                for place in ["OWNER/ork", "COMMIT", "TARGET_TOKEN", "ROTATION", "sha256:", "''"] {
                    #expect(
                        !text.replacing("|| ''", with: "").replacing("deploy: ''", with: "").contains(place),
                        "\(path) has \(place)")
                }
            }
            #expect(rotate.contains(" source: 'https://github.com/acme/ork'\n"))
            #expect(rotate.contains(" revision: '\(Self.commit)'\n"))
            #expect(rotate.contains("rotation: ${{ inputs.rotation || 'checkout' }}"))
            // Whoever starts it begins one; the schedule, whose text stands there once, begins what is due.
            #expect(rotate.matches(of: /\*\/\d/).count == 1)
            #expect(rotate.contains("'due' || 'true' }}"))
        }
    }

    @Test("the simple pipeline has one identity, which ork.yaml need not name")
    func simple() throws {
        for system in [CISystem.github, .gitlab] {
            var options = try options()
            options.pipeline = .simple
            let files = try draft(system, Self.targets, options: options)
            #expect(try configuration(files).trust == nil)
            let identities = files.keys.filter { $0.hasPrefix("ork-identities/") }.sorted()
            #expect(identities == [".gitignore", "rotate", "store.sh"].map { "ork-identities/\($0)" })
        }
    }

    @Test("a tarball stands there with what it is held to, and nothing is built then")
    func tarball() throws {
        var options = try options()
        options.tarball = "https://h.example/ork.tar.gz"
        options.signer = "ssh-ed25519 AAAA it's"
        let rotate = try #require(draft(.github, Self.targets, options: options)[".github/workflows/ork-rotate.yml"])
        #expect(rotate.contains(" url: 'https://h.example/ork.tar.gz'\n      signer: 'ssh-ed25519 AAAA it''s'\n"))
        #expect(!rotate.contains("source:") && !rotate.contains("sha256:"))
        options.signer = "ssh-ed25519 AAAA\nssh-ed25519 BBBB"
        let both = try #require(draft(.github, Self.targets, options: options)[".github/workflows/ork-rotate.yml"])
        let read = try YAMLNode.parse(Array(both.utf8), allowing: [])
        let with = read?["jobs"]?["rotate"]?["with"] ?? read?["jobs"]?["rotate"]?["steps"]?.sequence?[1]["with"]
        #expect(with?["signer"]?.string == options.signer)
    }

    @Test("a pipeline of GitLab's that is there is left alone, and one that is not is made")
    func gitlab() throws {
        let made = try draft(.gitlab, Self.targets)
        #expect(made[".gitlab-ci.yml"] == "include: [{local: .gitlab/ork.yml}]\n")
        #expect(made[".gitlab/ork.yml"]?.contains("later_waves: true\n") == true)
        let there = try draft(.gitlab, ["file:path=.env,name=KEY"], files: [".gitlab-ci.yml": "test: {script: [x]}\n"])
        #expect(there[".gitlab-ci.yml"] == nil)
        #expect(there[".gitlab/ork.yml"]?.contains("later_waves: false\n") == true)
    }

    @Test("identities are shown to nobody, and the script beside them is")
    func shown() throws {
        let targets = [try DraftTarget(flag: "file:path=.env,name=KEY")]
        let draft = try Draft(
            .github, options(), rotation: #require(PlanName("a")), key: "b", targets: targets,
            every: #require(Interval("90d")), folder: Project([:]).folder)
        let secret = draft.files.filter(\.isSecret)
        #expect(secret.map(\.path) == ["manage", "publish", "approve", "rollback"].map { "ork-identities/\($0)" })
        #expect(!draft.files.map(\.shown).joined().contains("ork-identity-1:"))
        #expect(draft.files.contains { $0.path == "ork-identities/store.sh" && $0.shown.contains("gh secret set") })
    }

    @Test("what makes no ork.yaml that can be read is refused before anything is shown")
    func unreadable() {
        #expect(throws: (any Error).self) { try draft(.cron, ["web=Not_A_Publisher:a=b"]) }
        #expect(throws: (any Error).self) { try draft(.cron, ["a=file:path=x", "a=file:path=y"]) }
        #expect(throws: (any Error).self) { try draft(.cron, ["a=file@first:path=x"]) }
    }

    @Test("every service with a preset needs what its preset's file says, and takes the same variable")
    func presets() throws {
        let folder = BuiltProduct.repository + "/plugins/http/presets"
        for service in KnownService.all {
            guard let preset = service.preset else { continue }
            let data = try #require(FileManager.default.contents(atPath: "\(folder)/\(preset).json"), "\(preset)")
            let file = try JSONValue(parsing: Array(data))
            let required = (file["settings"]?.object?.members ?? []).filter { $0.value["required"] == true }.map(\.key)
            #expect(Set(service.settings.map(\.key) + ["name"]) == Set(required), "\(preset)")
            let credential = ["token", "header", "basic"].compactMap { file[$0]?.text(.compact) }.joined()
            #expect(credential.contains(service.variable), "\(preset)")
        }
    }

    @Test(
        "ork's repository is named with the full hash of a commit",
        arguments: [
            ("acme/ork@\(commit)", true), ("a/b/ork@\(commit)", true), ("acme/ork@main", false), ("acme/ork", false),
            ("ork@\(commit)", false), ("acme/ork@\(commit.uppercased())", false), ("acme/o k@\(commit)", false),
            ("acme/ork@\(commit)0", false), ("acme//ork@\(commit)", false),
        ])
    func reference(text: String, isTaken: Bool) { #expect((OrkReference(argument: text) != nil) == isTaken) }
}
