import ArgumentParser
import Dispatch
import FoundationEssentials
import GitHubSandbox
import GitLabSandbox
import Glibc
import HTTP
import JSON
import KubernetesSandbox
import OpenRouterSandbox
import SandboxWire
import Secrets
import SystemPackage
import VercelSandbox

@main
struct OrkSandbox: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ork-sandbox",
        abstract: "An OpenRouter, a GitHub, a GitLab, a Kubernetes and a Vercel on this machine, to rehearse on.",
        discussion: """
            Prints one line of JSON on standard output: url, management_key,
            predecessor (name, key, hash), and url and token of a GitHub, of a
            GitLab, of a Kubernetes and of a Vercel. Then it serves until it is
            interrupted. The keys are worth nothing anywhere else; nothing is kept
            but OpenRouter's account, with --state.

            OpenRouter is under /api/v1, GitHub under /github (for gh: GH_HOST
            github.localhost and this address as HTTP_PROXY), GitLab under
            /gitlab/api/v4, Kubernetes under /kubernetes, Vercel under /vercel.
            Beside them is administration past the APIs, without authentication:

            GET  /sandbox/keys      every key there ever was
            POST /sandbox/keys      {"key": PLAINTEXT, "name": NAME, "created_at":
                                    TIME}, and "workspace_id", "limit", "usage",
                                    "disabled", "last_used_at", "deleted_at":
                                    a key as it was elsewhere
            POST /sandbox/keys/HASH {"disabled": BOOL, "limit": USD|null,
                                    "expires_at": TIME|null}, any of them
            POST /sandbox/accounts  another account; answers its management_key
            POST /sandbox/faults    {"method": METHOD, "path": PATH, "times": 1,
                                    "effect": "refuse"|"lose", "status": STATUS}:
                                    no effect, or an effect and no answer; or
                                    "effect": "before"|"after", "request":
                                    {"method", "path", "body"}: another hand
            POST /sandbox/policies  {"subject": SUBJECT, "audience": AUDIENCE,
                                    "issuer": ISSUER, "key": HASH}: a federation
                                    policy; without key it acts as the
                                    management key; answers its id
            POST /sandbox/subject-tokens {"policy": ID, "subject": SUBJECT,
                                    "audience": AUDIENCE, "lifetime": SECONDS}:
                                    a CI system's token for that policy, signed
                                    by the sandbox (Ed25519); answers it
            POST /sandbox/behaviour {"dead_hashes": "stay"|"drop"|"widen",
                                    "counts_reassignments": BOOL,
                                    "refuses_disabled_keys": BOOL,
                                    "locks_privacy": BOOL,
                                    "refuses_analytics": BOOL,
                                    "refuses_address": BOOL,
                                    "federation": "both"|"inference"|"off",
                                    "serves_regions": BOOL,
                                    "maximum_lifetime": SECONDS|null,
                                    "failing": [PATH]}, any of them
            GET  /sandbox/log       every request: at, method, path, status

            Under /sandbox/github:
            GET  secrets       store, scope, name, digest, encrypted_value,
                               private_key, visibility, selected, times
            GET  variables     every variable
            GET  log           every request
            POST repositories  {"name": OWNER/NAME, "environments": [NAME],
                               "private": BOOL}
            POST renames       {"from": OWNER/NAME, "to": OWNER/NAME}
            POST tokens        {"kind": "classic", "scopes": [SCOPE]},
                               {"kind": "fine-grained"|"installation",
                               "permissions": {NAME: "read"|"write"},
                               "repositories": [OWNER/NAME]},
                               {"kind": "actions", "repository": OWNER/NAME}
            POST public-keys   other public keys and key ids everywhere
            POST limits        {"primary": REQUESTS AN HOUR}

            Under /sandbox/gitlab:
            GET  variables     scope, key, environment_scope, digest, flags
            GET  leaks         requests with a value or a token in the address
            GET  log           every request
            POST variables     {"project"|"group": PATH, "key": KEY,
                               "value": VALUE, flags}; neither: the instance
            POST projects      {"path": PATH}; makes the groups above it
            POST groups        {"path": PATH}
            POST moves         {"from": PATH, "to": PATH}, of a project
            POST tokens        {"kind": "personal"|"project"|"group"|"job",
                               "scopes": [SCOPE], "administrator": BOOL,
                               "roles": {PATH: 10|20|30|40|50}}
            POST settings      {"request_limit": COUNT|null, "premium": BOOL,
                               "version": VERSION}, any of them

            Under /sandbox/kubernetes, which is the API of Kubernetes too, for
            kubectl (--server http://127.0.0.1:PORT/sandbox/kubernetes):
            GET  secrets       namespace, secret, key, digest
            GET  workloads     namespace, resource, name, restarts, status
            GET  leaks         requests with a value or a token in the address
            GET  log           every request to /kubernetes
            POST namespaces    {"namespace": NAME, "terminating": BOOL}
            POST values        {"secret": NAME, "key": KEY, "value": VALUE}
            POST workloads     {"resource": "deployments"|"statefulsets"|
                               "daemonsets", "name": NAME, "replicas": COUNT,
                               "step": COUNT, "fails": BOOL}; without a step
                               its rollouts go on
            POST tokens        {"user": NAME, "seconds": COUNT, "rules":
                               [{"resource": RESOURCE, "verbs": [VERB],
                               "names": [NAME], "namespace": NAME}]}
            POST settings      {"request_limit": COUNT|null, "pace": SECONDS}
            Each may name a "namespace"; it is default.

            Under /sandbox/vercel, with the project shop of the team acme:
            GET  variables     id, key, target, type, digest
            GET  deployments   id, state, digests of its variables, serves
            GET  leaks         requests with a value or a token in the address
            GET  log           every request
            POST variables     {"key": KEY, "value": VALUE, "target":
                               ["production"|"preview"|"development"],
                               "type": "encrypted"|"plain"|"sensitive"}
            POST deployments   a deployment with the variables as they are
            POST endings       {"state": "READY"|"ERROR"|"CANCELED"}: how the
                               deployments under way end
            POST moves         {"type": "rollback"|"promote", "to": ID}

            EXAMPLES:
              ork-sandbox --port 8899 --predecessor checkout-prod
              ork-sandbox --usage-lag 2 --propagation 1 --log requests.jsonl
            """)

    @Option(help: ArgumentHelp("The port on 127.0.0.1; 0 takes a free one.", valueName: "port"))
    var port: UInt16 = 0

    @Option(help: ArgumentHelp("The name of the key that is there at the start.", valueName: "name"))
    var predecessor = "checkout-prod"

    @Option(help: ArgumentHelp("After how many seconds use shows in usage figures.", valueName: "seconds"))
    var usageLag = 0.0

    @Option(
        help: ArgumentHelp(
            "After how many seconds creating, disabling and deleting a key reach inference.", valueName: "seconds"))
    var propagation = 0.0

    @Option(help: ArgumentHelp("How long every answer takes, in milliseconds.", valueName: "ms"))
    var latency = 0

    @Option(
        help: ArgumentHelp(
            "A path below /api/v1, such as byok, that answers 503; may be repeated.", valueName: "path"))
    var failing: [String] = []

    @Option(help: ArgumentHelp("Appends one line of JSON for each request; keys never stand in it.", valueName: "file"))
    var log: String?

    @Option(
        help: ArgumentHelp(
            "Keeps OpenRouter's account, keys and all, in this file, and begins with what is in it.", valueName: "file")
    )
    var state: String?

    @Option(
        help: ArgumentHelp(
            "A repository at GitHub, with the environment production; may be repeated.", valueName: "owner/name"))
    var githubRepository = ["acme/web"]

    @Option(help: ArgumentHelp("A project at GitLab; may be repeated.", valueName: "path"))
    var gitlabProject = ["acme/web"]

    @Flag(help: "End when standard input ends, that is with the program that started it.")
    var untilInputEnds = false

    func validate() throws {
        guard usageLag >= 0, propagation >= 0, latency >= 0 else {
            throw ValidationError("lengths of time cannot be negative")
        }
        guard githubRepository.allSatisfy({ Self.names($0) == 2 }) else {
            throw ValidationError("a repository at GitHub is written OWNER/NAME")
        }
        guard gitlabProject.allSatisfy({ Self.names($0) > 1 }) else {
            throw ValidationError("a project at GitLab lies in a group: GROUP/PROJECT")
        }
    }

    /// How many names a path has; none if one of them is empty.
    private static func names(_ path: String) -> Int {
        let names = path.split(separator: "/", omittingEmptySubsequences: false)
        return names.contains("") ? 0 : names.count
    }

    func run() async throws {
        endOnSignals()
        if untilInputEnds { endWithInput() }
        let now = StateFile.moment(Date())
        let state = try state.map { try StateFile($0, at: now) }
        let beginning = state?.beginning
        let start = (beginning?.at ?? now).addingTimeInterval(-86400)
        var behaviour = Behaviour(usageLag: usageLag, propagation: propagation)
        behaviour.failing = Set(failing)
        var sandbox = Sandbox(
            beginning.map { .seeded($0.seed) } ?? .system, behaviour: behaviour, start: start)
        let (key, hash) = sandbox.addKey(name: predecessor, at: start)
        let log = try log.map {
            try FileDescriptor.open(
                FilePath($0), .writeOnly, options: [.create, .append, .closeOnExec], permissions: [.ownerReadWrite])
        }
        let managementKey = sandbox.managementKey
        var github = GitHubSandbox(.system)
        for name in githubRepository { github.addRepository(name, environments: ["production"], at: now) }
        var gitlab = GitLabSandbox(.system)
        for path in gitlabProject { gitlab.addProject(path, at: now) }
        let kubernetes = KubernetesSandbox(.system)
        let vercel = VercelSandbox(.system)
        let others = [
            ("github", "github", github.token), ("gitlab", "gitlab/api/v4", gitlab.token),
            ("kubernetes", "kubernetes", kubernetes.token), ("vercel", "vercel", vercel.token),
        ]
        let service = Service(sandbox, github, gitlab, kubernetes, vercel, log: log)
        if let state { await service.restore(state) }
        try await serve(service, port: port, latency: .milliseconds(latency)) { url in
            var greeting: JSONObject = [
                "url": .string(url + "/api/v1"), "management_key": .string(managementKey.revealed() ?? ""),
                "predecessor": [
                    "name": .string(predecessor), "key": .string(key.revealed() ?? ""), "hash": .string(hash),
                ],
            ]
            for (name, path, token) in others {
                greeting[name] = ["url": .string("\(url)/\(path)"), "token": .string(token.revealed() ?? "")]
            }
            // Whoever started it may have stopped reading; serving goes on.
            _ = try? FileDescriptor.standardOutput.writeAll(JSONValue.object(greeting).bytes() + [0x0A])
        }
    }

    // A thread of its own, because the read blocks.
    private func endWithInput() {
        DispatchQueue(label: "input").async {
            var byte: UInt8 = 0
            while unsafe read(STDIN_FILENO, &byte, 1) > 0 {}
            _exit(0)
        }
    }

    private func endOnSignals() {
        signal(SIGPIPE, SIG_IGN)
        for number in [SIGTERM, SIGINT] { signal(number) { _ in _exit(0) } }
    }
}
