import TestSupport
import Testing
import YAML

@testable import InitCLI

@Suite(.tags(.processes)) struct ProposalTests {
    private static let age = "age1" + String(repeating: "q", count: 58)

    @Test("a dotenv file that has the name is a target; its examples, and files without the name, are none")
    func dotenv() throws {
        let project = try Project([
            ".env": "OPENROUTER_API_KEY=x\n", "apps/web/.env.production": "export OPENROUTER_API_KEY = 'x'\n",
            ".env.example": "OPENROUTER_API_KEY=\n", "other.env": "# OPENROUTER_API_KEY=x\nOPENROUTER_API_KEY_OLD=x\n",
            "node_modules/x/.env": "OPENROUTER_API_KEY=x\n", "a/b/c/.env": "OPENROUTER_API_KEY=x\n",
        ])
        let (targets, others) = project.proposals(.cron)
        #expect(
            targets == [
                "env: {publisher: file, with: {path: .env, name: OPENROUTER_API_KEY}}",
                "apps/web/env.production: {publisher: file, with: {path: apps/web/.env.production, "
                    + "name: OPENROUTER_API_KEY}}",
            ])
        #expect(others.isEmpty)
        let (none, remarks) = project.proposals(.github)
        #expect(none.isEmpty && remarks.count == 2 && remarks.allSatisfy { $0.contains("no pipeline at GitHub") })
    }

    @Test("another name is looked for where somebody says so")
    func otherName() throws {
        let project = try Project([".env": "OPENROUTER_API_KEY=x\nLLM_KEY=y\n"])
        #expect(
            project.proposals(.cron, name: "LLM_KEY").targets == [
                "env: {publisher: file, with: {path: .env, name: LLM_KEY}}"
            ])
    }

    @Test("a workflow that names the secret is a secret of this repository, and ork's own workflows are none")
    func workflows() throws {
        let workflow = "env: {KEY: '${{ secrets.OPENROUTER_API_KEY }}'}\n"
        let files = [".github/workflows/test.yml": workflow, ".github/workflows/ork-rotate.yml": workflow]
        let project = try Project(files, origin: "git@github.com:acme/web.git")
        #expect(
            project.proposals(.github).targets == [
                "github: {publisher: github-secret, env: {GITHUB_TOKEN: TARGET_GITHUB_TOKEN}, with: {repository: acme/web, "
                    + "name: OPENROUTER_API_KEY, companion: OPENROUTER_API_KEY_STATE}}"
            ])
        let clone = try Project([".github/workflows/test.yml": workflow])
        #expect(
            clone.proposals(.github).others == [
                ".github/workflows/test.yml: github=github-secret:repository=OWNER/NAME,name=OPENROUTER_API_KEY"
            ])
        let own = try Project([".github/workflows/ork-rotate.yml": workflow], origin: "git@github.com:acme/web.git")
        #expect(own.proposals(.github).targets.isEmpty)
    }

    @Test("a pipeline of GitLab that uses the variable is a variable of this project")
    func gitlab() throws {
        let project = try Project(
            [".gitlab-ci.yml": "test: {script: ['curl -H $OPENROUTER_API_KEY']}\n"],
            origin: "https://gitlab.example/acme/shop/web.git")
        #expect(
            project.proposals(.gitlab).targets == [
                "gitlab: {publisher: gitlab-variable, env: {GITLAB_TOKEN: TARGET_GITLAB_TOKEN}, with: {project: "
                    + "acme/shop/web, key: OPENROUTER_API_KEY}}"
            ])
    }

    @Test(
        "a service's file is a target where it tells all, else the flag to complete",
        arguments: [
            (
                "fly.toml", "app = \"shop\" # ours\n[env]\napp = 'x'\n",
                "fly-secret: {publisher: fly-secret, env: [FLY_API_TOKEN], with: {app: shop, name: OPENROUTER_API_KEY}}"
            ),
            ("fly.toml", "[env]\napp = 'x'\n", "fly.toml: fly-secret=fly-secret:app=APP,name=OPENROUTER_API_KEY"),
            (
                "wrangler.toml", "name = \"edge\"\naccount_id = \"0123abc\"\n",
                "cloudflare-workers: {publisher: http, env: [CLOUDFLARE_API_TOKEN], with: {preset: cloudflare-workers, "
                    + "account: \"0123abc\", script: edge, name: OPENROUTER_API_KEY}}"
            ),
            (
                "wrangler.jsonc", "{\n  \"name\": \"edge\",\n}\n",
                "wrangler.jsonc: cloudflare-workers=http:preset=cloudflare-workers,account=ACCOUNT_ID,script=edge,"
                    + "name=OPENROUTER_API_KEY"
            ),
            (
                "doppler.yaml", "setup:\n  project: shop\n  config: prd\n",
                "doppler: {publisher: http, env: [DOPPLER_TOKEN], with: {preset: doppler, project: shop, config: prd, "
                    + "name: OPENROUTER_API_KEY}}"
            ),
            (
                "infra/render.yaml", "services: []\n",
                "infra/render.yaml: render=http:preset=render,service=srv-ID,name=OPENROUTER_API_KEY"
            ),
            ("vercel.json", "{}", "vercel.json: vercel=vercel:project=PROJECT,name=OPENROUTER_API_KEY"),
            (
                ".vercel/project.json", "{\n  \"projectId\": \"prj_1\",\n  \"orgId\": \"team_1\"\n}\n",
                "vercel: {publisher: vercel, env: [VERCEL_TOKEN], with: {project: prj_1, name: OPENROUTER_API_KEY}}"
            ),
            (
                "azure.yaml", "name: shop\n",
                "azure.yaml: azure-key-vault=azure-key-vault:vault=VAULT,tenant=TENANT_ID,client=CLIENT_ID,"
                    + "name=OPENROUTER-API-KEY"
            ),
            (
                "netlify.toml", "[build]\n",
                "netlify.toml: netlify=http:preset=netlify,account=TEAM,site=SITE_ID,context=production,"
                    + "name=OPENROUTER_API_KEY"
            ),
        ])
    func services(file: String, text: String, expected: String) throws {
        let (targets, others) = try Project([file: text]).proposals(.github)
        let said = targets + others
        #expect(said.count == 1 && said.first?.hasPrefix(expected) == true, "\(said)")
    }

    @Test("a file that SOPS has encrypted is committed to, at the place where the name stands, for its readers")
    func sops() throws {
        let text = """
            stringData:
                OTHER: ENC[AES256_GCM,data:x,type:str]
                OPENROUTER_API_KEY: ENC[AES256_GCM,data:x,type:str]
            sops:
                age:
                    - recipient: \(Self.age)
            """
        let project = try Project(["prod/secrets.enc.yaml": text], origin: "ssh://git@github.com/acme/config.git")
        #expect(
            project.proposals(.github).targets == [
                "prod/secrets.enc.yaml: {publisher: git, env: {GIT_TOKEN: TARGET_GIT_TOKEN, SOPS_AGE_KEY: SOPS_AGE_KEY}, "
                    + "with: {remote: \"https://github.com/acme/config.git\", branch: main, path: prod/secrets.enc.yaml, "
                    + "name: stringData.OPENROUTER_API_KEY, encrypt: sops, recipients: [\"\(Self.age)\"]}}"
            ])
        let flag = "git:remote=https://HOST/PATH.git,branch=main,path=secrets.env,name=OPENROUTER_API_KEY,encrypt=sops"
        let clone = try Project(["secrets.env": "OPENROUTER_API_KEY=ENC[AES256_GCM,x]\nsops_version=3.9\n"])
        #expect(clone.proposals(.cron).others == ["secrets.env: \(flag)"])
    }

    @Test(
        "what runs the rotations is told by the pipelines, then by where it is pushed to",
        arguments: [
            ([".github/workflows/a.yml"], "git@gitlab.com:a/b.git", [CISystem.github]),
            ([".gitlab-ci.yml"], nil, [.gitlab]), ([], "https://gitlab.com/a/b.git", [.gitlab]),
            ([], "https://github.com/a/b", [.github]), ([], "/srv/git/a.git", [.cron]),
            ([".gitlab-ci.yml", ".github/workflows/a.yml"], nil, [.github, .gitlab]),
        ] as [([String], String?, [CISystem])])
    func system(files: [String], origin: String?, expected: [CISystem]) throws {
        let project = try Project(Dictionary(uniqueKeysWithValues: files.map { ($0, "") }), origin: origin)
        #expect(CISystem.found(in: project.folder) == expected)
    }

    @Test(
        "an address of a remote is read without what opens it",
        arguments: [
            ("https://user:secret@github.com/acme/web.git", "github.com", "acme/web"),
            ("ssh://git@git.example:2222/acme/web", "git.example", "acme/web"),
            ("git@gitlab.com:acme/shop/web.git", "gitlab.com", "acme/shop/web"),
        ])
    func remotes(text: String, host: String, path: String) {
        let remote = GitRemote(text)
        #expect(remote?.host == host && remote?.path == path)
    }

    @Test(
        "what is no remote with a host is none",
        arguments: ["/srv/a.git", "../a", "file:///a/b", "github.com"])
    func noRemote(text: String) { #expect(GitRemote(text) == nil) }

    @Test(
        "a word of YAML is quoted where it would be read as something else",
        arguments: [
            ("web", "web"), (".env", ".env"), ("apps/web/.env", "apps/web/.env"), ("true", "\"true\""), ("", "\"\""),
            ("12", "\"12\""), ("1e3", "\"1e3\""), ("a: b", "\"a: b\""), ("- a", "\"- a\""), ("no", "\"no\""),
            ("a#b", "\"a#b\""), ("a, b}", "\"a, b}\""), ("ü", "\"ü\""), (".5", "\".5\""),
            ("line\nbreak", "\"line\\nbreak\""),
            ("a\u{202E}b", #""a\U0000202eb""#), ("a\u{2028}b\u{85}", #""a\U00002028b\U00000085""#),
            ("a\u{E0041}\u{3164}", #""a\U000e0041\U00003164""#), ("ü🙂", "\"ü🙂\""),
        ])
    func words(text: String, expected: String) throws {
        #expect(YAMLWord(text).description == expected)
        #expect(try YAMLNode.parse(Array("[\(expected)]".utf8))?.sequence?.first?.string == text)
    }
}
