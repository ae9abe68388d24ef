import HTTP
import JSON
import StepCLI
import Synchronization
import TestSupport
import Testing

@testable import InitCLI

/// What a check says of what a CI system's API answers.
@Suite(.tags(.values)) struct SetupTests {
    /// Answers by the end of the address; whatever is not here is not there.
    private struct Answers: HTTPTransport {
        let status: [String: Int]
        let bodies: [String: JSONValue]

        func send(_ requests: [HTTPRequest], each: (Int, Result<HTTPResponse, TransportError>) -> Void) {
            for (index, request) in requests.enumerated() {
                let key = bodies.keys.first { request.url.description.hasSuffix($0) }
                let body = key.flatMap { bodies[$0] }
                let status = status.first { request.url.description.contains($0.key) }?.value
                let response = HTTPResponse(
                    status: status ?? (body == nil ? 404 : 200), body: body.map { Array($0.text().utf8) } ?? [])
                each(index, .success(response))
            }
        }
    }

    /// Answers nothing, and notes who is asked.
    private final class Witness: HTTPTransport {
        private let asked = Mutex<[String]>([])

        var addresses: [String] { asked.withLock { $0 } }

        func send(_ requests: [HTTPRequest], each: (Int, Result<HTTPResponse, TransportError>) -> Void) {
            for (index, request) in requests.enumerated() {
                asked.withLock { $0.append(request.url.description) }
                each(index, .success(HTTPResponse(status: 404)))
            }
        }
    }

    private static let origin = GitRemote("git@github.com:acme/web.git")

    private func lines(_ bodies: [String: JSONValue], status: [String: Int] = [:]) -> [String] {
        let environment = StepEnvironment(["GH_TOKEN": "token"])
        return GitHubSetup(Forge(Self.origin, environment, Answers(status: status, bodies: bodies)))
            .findings(["TARGET_TOKEN"]).map(\.line)
    }

    private static let policy: JSONValue = ["protected_branches": false, "custom_branch_policies": true]
    private static let reviewers: JSONValue = [["type": "required_reviewers", "reviewers": [["type": "User"]]]]

    /// A repository in which nothing is missing, as GitHub tells it.
    private static var whole: [String: JSONValue] {
        var bodies: [String: JSONValue] = [:]
        for (name, secrets, hasReviewers) in GitHubSetup.environments(["TARGET_TOKEN"]) {
            bodies["/repos/acme/web/environments/\(name)"] = [
                "name": .string(name), "protection_rules": hasReviewers ? reviewers : [],
                "deployment_branch_policy": policy,
            ]
            bodies["/environments/\(name)/secrets?per_page=100"] = [
                "secrets": .array(secrets.map { ["name": .string($0)] })
            ]
        }
        return bodies
    }

    @Test("of a repository that has everything, nothing is missing")
    func whole() {
        let lines = lines(Self.whole)
        #expect(lines.count == 10 && lines.allSatisfy { $0.hasPrefix("ok ") }, "\(lines)")
    }

    @Test("an environment, a reviewer, a branch and a secret are told by name where they are missing")
    func missing() {
        var bodies = Self.whole
        bodies["/repos/acme/web/environments/ork-manage"] = nil
        bodies["/environments/ork-manage/secrets?per_page=100"] = nil
        bodies["/repos/acme/web/environments/ork-approve-retire"] = [
            "protection_rules": [], "deployment_branch_policy": Self.policy,
        ]
        bodies["/repos/acme/web/environments/ork-rollback"] = [
            "protection_rules": Self.reviewers, "deployment_branch_policy": nil,
        ]
        bodies["/environments/ork-publish/secrets?per_page=100"] = ["secrets": [["name": "ORK_IDENTITY"]]]
        #expect(
            lines(bodies).filter { !$0.hasPrefix("ok ") } == [
                "missing  environment ork-manage", "missing  secrets of ork-publish: TARGET_TOKEN",
                "missing  environment ork-approve-retire: reviewers",
                "missing  environment ork-rollback: the main branch only",
            ])
    }

    @Test("the simple pipeline needs one environment, and nobody who approves")
    func simple() {
        func lines(_ bodies: [String: JSONValue]) -> [String] {
            GitHubSetup(
                Forge(
                    Self.origin, StepEnvironment(["GH_TOKEN": "token"]), Answers(status: [:], bodies: bodies), .simple)
            )
            .findings(["TARGET_TOKEN"]).map(\.line)
        }
        #expect(lines([:]) == ["missing  environment ork"])
        let secrets: JSONValue = ["secrets": [["name": "ORK_IDENTITY"], ["name": "TARGET_TOKEN"]]]
        let bodies: [String: JSONValue] = [
            "/repos/acme/web/environments/ork": ["protection_rules": [], "deployment_branch_policy": Self.policy],
            "/environments/ork/secrets?per_page=100": secrets,
        ]
        #expect(lines(bodies) == ["ok       environment ork", "missing  secrets of ork: OPENROUTER_MANAGEMENT_KEY"])
    }

    @Test("what the token may not look at is unknown, not missing", arguments: [401, 403, 500])
    func unclear(status: Int) {
        let lines = lines(Self.whole, status: ["/secrets": status])
        #expect(lines.filter { $0.hasPrefix("unknown  secrets of ") }.count == 5)
        #expect(!lines.contains { $0.hasPrefix("missing") })
    }

    @Test("without a token or a remote, it is said what was not looked at")
    func blind() {
        let answers = Answers(status: [:], bodies: [:])
        let lines = [
            GitHubSetup(Forge(Self.origin, StepEnvironment([:]), answers)).findings([]),
            GitHubSetup(Forge(nil, StepEnvironment(["GH_TOKEN": "x"]), answers)).findings([]),
            GitLabSetup(Forge(Self.origin, StepEnvironment([:]), answers)).findings([]),
            GitLabSetup(Forge(nil, StepEnvironment(["GITLAB_TOKEN": "x"]), answers)).findings([]),
        ]
        #expect(lines.allSatisfy { $0.map(\.verdict) == [.unknown] })
    }

    /// A remote's host, the variables, and the address that is asked; none where the token is for nobody there.
    private typealias Place = (host: String, variables: [String: String], address: String?)

    private static let gitHubs: [Place] = [
        ("github.com", ["GH_TOKEN": "x"], "https://api.github.com/repos/acme/web/"),
        ("acme.ghe.com", ["GITHUB_TOKEN": "x"], "https://api.acme.ghe.com/repos/acme/web/"),
        ("git.example", ["GH_TOKEN": "x", "GITHUB_TOKEN": "x", "GH_ENTERPRISE_TOKEN": "x"], nil),
        ("git.example", ["GH_TOKEN": "x", "GH_HOST": "git.example"], nil),
        ("github.com.git.example", ["GH_TOKEN": "x"], nil),
        (
            "git.example", ["GH_ENTERPRISE_TOKEN": "x", "GH_HOST": "git.example"],
            "https://git.example/api/v3/repos/acme/web/"
        ),
        ("git.example", ["GH_TOKEN": "x", "GITHUB_API_URL": "https://api.x"], "https://api.x/repos/acme/web/"),
    ]

    @Test("a token goes to the host that somebody has named for it, wherever a clone comes from", arguments: gitHubs)
    func whoGetsTheToken(host: String, variables: [String: String], address: String?) {
        let witness = Witness()
        let origin = GitRemote("git@\(host):acme/web.git")
        let findings = GitHubSetup(Forge(origin, StepEnvironment(variables), witness, .simple)).findings([])
        #expect(witness.addresses.isEmpty == (address == nil))
        #expect(witness.addresses.allSatisfy { $0.hasPrefix(address ?? "none") })
        #expect(address != nil || findings.map(\.verdict) == [.unknown])
    }

    private static let gitLabs: [Place] = [
        ("gitlab.com", [:], "https://gitlab.com/api/v4/"), ("git.example", [:], nil),
        ("git.example", ["GITLAB_HOST": "gitlab.example"], nil),
        ("git.example", ["GITLAB_HOST": "git.example"], "https://git.example/api/v4/"),
        ("git.example", ["CI_API_V4_URL": "https://x/api/v4"], "https://x/api/v4/"),
    ]

    @Test("so does one of GitLab's", arguments: gitLabs)
    func whoGetsGitLabsToken(host: String, variables: [String: String], address: String?) {
        let witness = Witness()
        let environment = StepEnvironment(variables.merging(["GITLAB_TOKEN": "x"]) { $1 })
        let origin = GitRemote("git@\(host):acme/web.git")
        let findings = GitLabSetup(Forge(origin, environment, witness)).findings([])
        #expect(witness.addresses.isEmpty == (address == nil))
        #expect(witness.addresses.allSatisfy { $0.hasPrefix(address ?? "none") })
        #expect(address != nil || findings.map(\.verdict) == [.unknown])
    }

    @Test("at GitLab a variable counts in its own scope alone, and a gate where its environment is protected")
    func gitlab() {
        func variable(_ key: String, _ scope: String) -> JSONValue {
            ["key": .string(key), "environment_scope": .string(scope)]
        }
        let bodies: [String: JSONValue] = [
            "/projects/acme%2Fweb/variables?per_page=100": [
                variable("OPENROUTER_MANAGEMENT_KEY", "*"), variable("ORK_IDENTITY", "ork/manage"),
                variable("TARGET_TOKEN", "ork/publish"), variable("ORK_IDENTITY", "ork/publish"),
                variable("ORK_IDENTITY", "ork/approve-publish"), variable("ORK_IDENTITY", "ork/approve-retire"),
                variable("ORK_HANDOFF_TOKEN", "*"),
            ],
            "/protected_environments?per_page=100": [["name": "ork/approve-publish"], ["name": "ork/rollback"]],
        ]
        let environment = StepEnvironment(["GITLAB_TOKEN": "token", "GITLAB_HOST": "https://gitlab.example"])
        let origin = GitRemote("https://gitlab.example/acme/web.git")
        let lines = GitLabSetup(Forge(origin, environment, Answers(status: [:], bodies: bodies)))
            .findings(["TARGET_TOKEN"]).map(\.line)
        #expect(
            lines.filter { !$0.hasPrefix("ok ") } == [
                "missing  variables of ork/manage: OPENROUTER_MANAGEMENT_KEY",
                "missing  variables of ork/rollback: OPENROUTER_MANAGEMENT_KEY, TARGET_TOKEN, ORK_IDENTITY",
                "missing  protected environment ork/approve-retire",
            ])
    }
}
