import FoundationEssentials
import TestSupport
import Testing

@Suite("The templates, as the checkers of their own systems see them", .tags(.pipelines))
struct TemplateTests {
    private static let templates = BuiltProduct.repository + "/ci-templates"
    private static let actions = ["setup", "job", "rotate"]
    private static let stages = BuiltProduct.repository + "/.github/workflows/ork-stages.yml"
    private static let ci = BuiltProduct.repository + "/.github/workflows/ci.yml"
    private static let release = BuiltProduct.repository + "/.github/workflows/release.yml"

    @Test func actionlintIsContentWithTheWorkflowsInARepository() async throws {
        let place = try Place()
        try place.configure("github-secret", "repository", "name")
        try await Repository.assemble(in: place)
        let lint = try await Place.run(Place.tool("actionlint"), ["-color=false"], in: place.folder.file("repository"))
        #expect(lint.succeeded, "\(lint.output)")
    }

    @Test("the published schemas hold for GitHub's files")
    func github() async throws {
        let tool = try Place.tool("check-jsonschema")
        let names = ["ork-simple", "ork-staged", "ork-fleet", "ork-lint"]
        let workflows = names.map { "\(Self.templates)/github/\($0).yml" } + [Self.stages, Self.ci, Self.release]
        let first = try await Place.run(tool, ["--builtin-schema", "vendor.github-workflows"] + workflows)
        #expect(first.succeeded, "\(first.output)")
        let actions = Self.actions.map { "\(Self.templates)/github/\($0)/action.yml" }
        let second = try await Place.run(tool, ["--builtin-schema", "vendor.github-actions"] + actions)
        #expect(second.succeeded, "\(second.output)")
    }

    @Test(
        "GitLab's published schema holds for the components, with the smallest and with all inputs",
        arguments: [
            ("templates/ork-rotate", #"{"rotation": "checkout", "image": "IMAGE"}"#),
            (
                "templates/ork-rotate",
                #"{"rotation": "a", "image": "IMAGE", "later_waves": true, "deploy": ["make deploy", "make check"]}"#
            ),
            ("templates/ork-simple", #"{"rotation": "checkout", "image": "IMAGE"}"#),
            ("templates/ork-fleet", #"{"image": "IMAGE"}"#),
            ("templates/ork-fleet", #"{"image": "IMAGE", "rotation": "a/b.yml", "limit": 3, "stage": "test"}"#),
            ("ork-rotation", #"{"rotation": "checkout", "later_waves": false}"#),
        ])
    func gitlab(file: String, inputs: String) async throws {
        let folder = try TemporaryDirectory()
        let component = "\(Self.templates)/gitlab/\(file).yml"
        let inputs = inputs.replacing("IMAGE", with: GitLabPipeline.image)
        let order = #"{"component": "\#(component)", "store": "/", "print": "file", "inputs": \#(inputs)}"#
        let jobs = try await Place.run(Python.interpreter(), ["-B", Python.file("Python/gitlab.py")], input: order)
        try #require(jobs.succeeded, "\(jobs.output)")
        let text = try String(
            decoding: #require(FileManager.default.contents(atPath: component)), as: UTF8.self)
        let head = String(try #require(text.split(separator: "\n---\n", maxSplits: 1).first))
        let parts = [try folder.write(jobs.output, to: "jobs.yml"), try folder.write(head + "\n", to: "spec.yml")]
        let check = try await GitLabPipeline.check(parts)
        #expect(check.succeeded, "\(check.output)")
    }

    @Test(
        "a component refuses an image that is not named by its digest",
        arguments: ["ork-rotate", "ork-simple", "ork-fleet"])
    func imageByTag(component: String) throws {
        let text = try String(
            decoding: #require(FileManager.default.contents(atPath: GitLabPipeline.template(component))), as: UTF8.self)
        let pattern = try #require(text.firstMatch(of: /regex: '(.*)'/)).output.1
        let regex = try Regex(String(pattern))
        #expect(GitLabPipeline.image.contains(regex))
        for image in ["ork:1", "ork", "ork@sha256:DIGEST", "\(GitLabPipeline.image)0", "\(GitLabPipeline.image):1"] {
            #expect(!image.contains(regex), "\(image)")
        }
    }

    @Test func hadolintIsContentWithTheDockerfile() async throws {
        let lint = try await Place.run(
            Place.tool("hadolint"), ["--no-color", BuiltProduct.repository + "/ci-templates/install/Dockerfile"])
        #expect(lint.succeeded, "\(lint.output)")
    }

    /// The files under `ci-templates`, by their paths in it.
    private static func files() throws -> [(path: String, text: String)] {
        try FileManager.default.subpathsOfDirectory(atPath: templates).sorted().compactMap { path in
            let data = FileManager.default.contents(atPath: "\(templates)/\(path)")
            return data.map { (path, String(decoding: $0, as: UTF8.self)) }
        }
    }

    @Test("the called workflow puts ork's programs into the PATH by the very text of the action")
    func setup() throws {
        func lines(_ path: String) throws -> [Substring] {
            try String(decoding: #require(FileManager.default.contents(atPath: path)), as: UTF8.self)
                .split(separator: "\n").map { $0.trimmingPrefix { $0 == " " } }
        }
        let action = try lines(Self.templates + "/github/setup/action.yml").drop { $0 != "run: |" }
        let script = Array(action.prefix { $0 != "env:" })
        #expect(script.count > 40)
        #expect(try lines(Self.stages).contains(script))
    }

    @Test("every action of others is pinned by the hash of a commit, and none takes anything from GitHub's cache")
    func actions() throws {
        let files = try Self.files().filter { $0.path.hasPrefix("github/") && $0.path.hasSuffix(".yml") }
        #expect(files.count > Self.actions.count)
        let own = try [Self.stages, Self.ci, Self.release].map { path in
            try (path, String(decoding: #require(FileManager.default.contents(atPath: path)), as: UTF8.self))
        }
        for (path, text) in own.map({ (path: $0, text: $1) }) {
            for image in text.matches(of: /container: (\S+)/).map(\.output.1) {
                #expect(image.wholeMatch(of: /\S+@sha256:(DIGEST|[0-9a-f]{64})/) != nil, "\(image) in \(path)")
            }
        }
        for (path, text) in files + own {
            for use in text.matches(of: /uses: *(\S+)/) where !use.output.1.hasPrefix("./") {
                #expect(
                    use.output.1.wholeMatch(of: /[\w.\/-]+@(COMMIT|[0-9a-f]{40})/) != nil, "\(use.output.1) in \(path)")
                #expect(!use.output.1.hasPrefix("actions/cache"), "\(path)")
            }
        }
    }

    @Test("every image and every component is named by a digest or a commit, or is a reference to what the user names")
    func images() throws {
        let named = /(?:^|[\s\[{])image: *(?:&\w+ +)?["']?([^\s"',}\]]+|\$\[\[[^\]]*\]\])/.anchorsMatchLineEndings()
        let digest = /[\w.\/:-]+@sha256:(DIGEST|[0-9a-f]{64})/
        let reference = /\*\w+|\$\[\[.*/
        var found = 0
        for (path, text) in try Self.files() {
            for image in text.matches(of: named).map(\.output.1) {
                found += 1
                let isPinned = image.wholeMatch(of: digest) != nil || image.wholeMatch(of: reference) != nil
                #expect(isPinned, "\(image) in \(path)")
            }
            for component in text.matches(of: /component: *([\w.\/-]+@\S+)/).map(\.output.1) {
                #expect(component.wholeMatch(of: /\S+@(COMMIT|[0-9a-f]{40})/) != nil, "\(component) in \(path)")
            }
        }
        #expect(found > 10)
    }

    @Test(
        "the Dockerfile takes its images by digests that whoever builds has to give, and its syntax from no other image"
    )
    func dockerfile() throws {
        let dockerfile = try #require(try Self.files().first { $0.path == "install/Dockerfile" }).text
        let stages = dockerfile.matches(of: /(?m)^FROM (\S+)/).map(\.output.1)
        #expect(stages == ["${BUILDER}@${BUILDER_DIGEST}", "${BASE}@${BASE_DIGEST}", "jobs", "jobs"])
        #expect(dockerfile.matches(of: /(?m)^ARG \w+_DIGEST$/).count == 2)
        #expect(!dockerfile.contains("syntax="))
    }
}
