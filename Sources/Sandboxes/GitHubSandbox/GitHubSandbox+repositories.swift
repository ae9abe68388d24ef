import FoundationEssentials
import HTTP
import JSON
import Timestamps

/// What describes repositories, environments and their owners, with all that GitHub's schema requires.
extension GitHubSandbox {
    func repositoryJSON(_ id: Int, _ request: ParsedRequest) throws(Refusal) -> JSONValue {
        guard let repository = repository(id) else { throw .notFound }
        let time = JSONValue.string(repository.createdAt.rfc3339)
        var object = minimal(repository, request)
        let more: JSONObject = [
            "git_url": .string("git://github.com/\(repository.fullName).git"),
            "ssh_url": .string("git@github.com:\(repository.fullName).git"),
            "clone_url": .string("https://github.com/\(repository.fullName).git"),
            "svn_url": .string("https://github.com/\(repository.fullName)"), "mirror_url": nil, "homepage": nil,
            "language": nil, "license": nil, "forks_count": 0, "stargazers_count": 0, "watchers_count": 0, "size": 0,
            "default_branch": "main", "open_issues_count": 0, "has_issues": true, "has_projects": true,
            "has_wiki": true, "has_pages": false, "has_discussions": false, "archived": false, "disabled": false,
            "visibility": repository.isPrivate ? "private" : "public", "pushed_at": time, "created_at": time,
            "updated_at": time, "subscribers_count": 0, "network_count": 0, "forks": 0, "open_issues": 0,
            "watchers": 0,
            "permissions": ["admin": true, "maintain": true, "push": true, "triage": true, "pull": true],
        ]
        for (name, value) in more.members { object[name] = value }
        return .object(object)
    }

    /// The shorter form, which stands in lists.
    func minimalRepositoryJSON(_ id: Int, _ request: ParsedRequest) -> JSONValue {
        repository(id).map { .object(minimal($0, request)) } ?? nil
    }

    private func minimal(_ repository: Repository, _ request: ParsedRequest) -> JSONObject {
        let url = request.base + "/repos/" + repository.fullName
        var object: JSONObject = [
            "id": .number(JSONNumber(repository.id)), "node_id": .string("R_\(repository.id)"),
            "name": .string(repository.name), "full_name": .string(repository.fullName),
            "owner": owner(repository.owner, request), "private": .bool(repository.isPrivate),
            "html_url": .string("https://github.com/" + repository.fullName), "description": nil, "fork": false,
            "url": .string(url),
        ]
        for (name, path) in Self.links { object[name + "_url"] = .string(url + "/" + path) }
        return object
    }

    private func owner(_ login: String, _ request: ParsedRequest) -> JSONValue {
        let organisation = organisations[login.lowercased()]
        return .object(account(organisation?.login ?? login, organisation?.id ?? 0, "Organization", request))
    }

    private func account(_ login: String, _ id: Int, _ type: String, _ request: ParsedRequest) -> JSONObject {
        let url = request.base + "/users/" + login
        var object: JSONObject = [
            "login": .string(login), "id": .number(JSONNumber(id)), "node_id": .string("O_\(id)"),
            "avatar_url": .string("https://avatars.githubusercontent.com/u/\(id)"), "gravatar_id": "",
            "url": .string(url), "html_url": .string("https://github.com/" + login), "type": .string(type),
            "site_admin": false,
        ]
        for name in [
            "followers", "following", "gists", "starred", "subscriptions", "organizations", "repos", "events",
            "received_events",
        ] {
            object[name + "_url"] = .string(url + "/" + (name == "organizations" ? "orgs" : name))
        }
        return object
    }

    func userJSON(_ request: ParsedRequest) -> JSONValue {
        var object = account("octocat", 1, "User", request)
        let more: JSONObject = [
            "name": "Octocat", "company": nil, "blog": "", "location": nil, "email": nil, "hireable": nil, "bio": nil,
            "public_repos": 0, "public_gists": 0, "followers": 0, "following": 0,
            "created_at": "2011-01-25T18:44:36Z", "updated_at": "2011-01-25T18:44:36Z",
        ]
        for (name, value) in more.members { object[name] = value }
        return .object(object)
    }

    func organisationJSON(_ name: String, _ request: ParsedRequest) throws(Refusal) -> JSONValue {
        guard let organisation = organisations[name.lowercased()] else { throw .notFound }
        let url = request.base + "/orgs/" + organisation.login
        let time = JSONValue.string(organisation.createdAt.rfc3339)
        var object: JSONObject = [
            "login": .string(organisation.login), "id": .number(JSONNumber(organisation.id)),
            "node_id": .string("O_\(organisation.id)"), "url": .string(url),
            "avatar_url": .string("https://avatars.githubusercontent.com/u/\(organisation.id)"), "description": nil,
            "has_organization_projects": true, "has_repository_projects": true, "public_repos": 0, "public_gists": 0,
            "followers": 0, "following": 0, "html_url": .string("https://github.com/" + organisation.login),
            "type": "Organization", "created_at": time, "updated_at": time, "archived_at": nil,
        ]
        for name in ["repos", "events", "hooks", "issues"] { object[name + "_url"] = .string(url + "/" + name) }
        object["members_url"] = .string(url + "/members{/member}")
        object["public_members_url"] = .string(url + "/public_members{/member}")
        return .object(object)
    }

    func environments(of id: Int, _ request: ParsedRequest) throws(Refusal) -> Reply {
        guard let repository = repository(id) else { throw .notFound }
        return page("environments", repository.environments.map { json($0, of: repository, request) }, request)
    }

    func environmentJSON(_ name: String, of id: Int, _ request: ParsedRequest) throws(Refusal) -> JSONValue {
        guard let repository = repository(id), let environment = repository.environment(name) else { throw .notFound }
        return json(environment, of: repository, request)
    }

    private func json(_ environment: Repository.Environment, of repository: Repository, _ request: ParsedRequest)
        -> JSONValue
    {
        let time = JSONValue.string(repository.createdAt.rfc3339)
        let path = "\(request.base)/repos/\(repository.fullName)/environments/\(HTTPURL.encode(environment.name))"
        return [
            "id": .number(JSONNumber(environment.id)), "node_id": .string("EN_\(environment.id)"),
            "name": .string(environment.name), "url": .string(path),
            "html_url": .string("https://github.com/\(repository.fullName)/deployments"), "created_at": time,
            "updated_at": time, "protection_rules": [], "deployment_branch_policy": nil,
        ]
    }

    /// The names of a repository's links, without `_url`, and their paths.
    private static let links = [
        ("archive", "{archive_format}{/ref}"), ("assignees", "assignees{/user}"), ("blobs", "git/blobs{/sha}"),
        ("branches", "branches{/branch}"), ("collaborators", "collaborators{/collaborator}"),
        ("comments", "comments{/number}"), ("commits", "commits{/sha}"), ("compare", "compare/{base}...{head}"),
        ("contents", "contents/{+path}"), ("contributors", "contributors"), ("deployments", "deployments"),
        ("downloads", "downloads"), ("events", "events"), ("forks", "forks"), ("git_commits", "git/commits{/sha}"),
        ("git_refs", "git/refs{/sha}"), ("git_tags", "git/tags{/sha}"), ("hooks", "hooks"),
        ("issue_comment", "issues/comments{/number}"), ("issue_events", "issues/events{/number}"),
        ("issues", "issues{/number}"), ("keys", "keys{/key_id}"), ("labels", "labels{/name}"),
        ("languages", "languages"), ("merges", "merges"), ("milestones", "milestones{/number}"),
        ("notifications", "notifications{?since,all,participating}"), ("pulls", "pulls{/number}"),
        ("releases", "releases{/id}"), ("stargazers", "stargazers"), ("statuses", "statuses/{sha}"),
        ("subscribers", "subscribers"), ("subscription", "subscription"), ("tags", "tags"), ("teams", "teams"),
        ("trees", "git/trees{/sha}"),
    ]
}
