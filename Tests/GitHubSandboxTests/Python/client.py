"""PyGithub does every operation on secrets and variables against a running sandbox.

Reads the sandbox's greeting from standard input. PyGithub seals with libsodium and reads every attribute back.
"""

import hashlib
import json
import logging
import sys
import urllib.request
from datetime import datetime, timezone

from github import Auth, Consts, Github, GithubException

# PyGithub tells of redirects.
logging.disable()
greeting = json.load(sys.stdin)["github"]
root = greeting["url"].removesuffix("/github")


def control(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{root}/sandbox/github/{path}", data=data)) as response:
        return json.load(response)


def truth(store, scope):
    return {row["name"]: row for row in control("secrets") if (row["store"], row["scope"]) == (store, scope)}


def digest(text):
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def client(token):
    return Github(
        base_url=greeting["url"], auth=Auth.Token(token), retry=None, seconds_between_requests=None,
        seconds_between_writes=None,
    )


def refused(status, message, call, *arguments, **named):
    try:
        call(*arguments, **named)
    except GithubException as error:
        assert (error.status, error.data["message"]) == (status, message), error
        return error
    raise AssertionError(f"{status} was expected")


def is_now(time):
    assert abs((datetime.now(timezone.utc) - time).total_seconds()) < 60, time
    return True


control("repositories", {"name": "acme/api", "environments": ["staging"]})
github = client(greeting["token"])
assert github.get_user().login == "octocat"
organisation = github.get_organization("acme")
web, api = github.get_repo("acme/web"), github.get_repo("acme/api")
assert web.private and web.permissions.admin and web.owner.login == "acme"
assert [environment.name for environment in web.get_environments()] == ["production"]
environment = web.get_environment("production")

for store in "actions", "dependabot":
    web.create_secret("key", "one", secret_type=store)
    web.create_secret("KEY", "two", secret_type=store)
    assert truth(store, "repository acme/web")["KEY"]["digest"] == digest("two")
    secret = web.get_secret("KEY", secret_type=store)
    assert secret.name == "KEY" and is_now(secret.created_at) and is_now(secret.updated_at)
    assert [secret.name for secret in web.get_secrets(secret_type=store)] == ["KEY"]
    web.delete_secret("KEY", secret_type=store)
    refused(404, "Not Found", secret.delete)
    refused(404, "Not Found", web.get_secret, "KEY", secret_type=store)
    assert list(web.get_secrets(secret_type=store)) == []

environment.create_secret("KEY", "three")
assert truth("actions", "environment production of acme/web")["KEY"]["digest"] == digest("three")
assert [secret.name for secret in environment.get_secrets()] == ["KEY"]
assert is_now(environment.get_secret("KEY").updated_at)
environment.get_secret("KEY").delete()

for store in "actions", "dependabot":
    organisation.create_secret("ALL", "four", visibility="all", secret_type=store)
    chosen = organisation.create_secret(
        "CHOSEN", "five", visibility="selected", selected_repositories=[web], secret_type=store
    )
    assert truth(store, "organisation acme")["CHOSEN"]["digest"] == digest("five")
    assert {secret.name: secret.visibility for secret in organisation.get_secrets(secret_type=store)} == {
        "ALL": "all", "CHOSEN": "selected",
    }
    chosen = organisation.get_secret("CHOSEN", secret_type=store)
    assert [repository.full_name for repository in chosen.selected_repositories] == ["acme/web"]
    assert chosen.add_repo(api)
    assert {repository.id for repository in chosen.selected_repositories} == {web.id, api.id}
    assert chosen.remove_repo(web)
    assert [repository.id for repository in chosen.selected_repositories] == [api.id]
    assert chosen.edit("six", visibility="selected", secret_type=store, selected_repositories=[api, web])
    assert truth(store, "organisation acme")["CHOSEN"]["selected"] == sorted([api.id, web.id])
    # Who leaves the repositories out of an edit loses them.
    assert chosen.edit("seven", visibility="selected", secret_type=store)
    assert list(chosen.selected_repositories) == []
    organisation.get_secret("ALL", secret_type=store).delete()
    chosen.delete()

for holder in web, environment:
    variable = holder.create_variable("name", "one")
    refused(409, "Already exists - Variable already exists", holder.create_variable, "NAME", "two")
    variable = holder.get_variable("NAME")
    assert variable.edit("two") and holder.get_variable("NAME").value == "two"
    assert is_now(variable.created_at) and is_now(variable.updated_at)
    assert [(variable.name, variable.value) for variable in holder.get_variables()] == [("NAME", "two")]
    holder.delete_variable("NAME")
    refused(404, "Not Found", holder.get_variable, "NAME")

organisation.create_variable("NAME", "one", visibility="selected", selected_repositories=[web])
variable = organisation.get_variable("NAME")
assert (variable.value, variable.visibility) == ("one", "selected")
assert variable.add_repo(api) and variable.remove_repo(web)
assert [repository.full_name for repository in variable.selected_repositories] == ["acme/api"]
assert variable.edit("two", visibility="all") and organisation.get_variable("NAME").value == "two"
variable.delete()

# More than a page.
for number in range(11):
    web.create_variable(f"V{number}", "x")
assert len(list(web.get_variables())) == 11

personal = client(control("tokens", {"kind": "fine-grained", "permissions": {"secrets": "read"}})["token"])
error = refused(
    403, "Resource not accessible by personal access token", personal.get_repo("acme/web").create_secret, "KEY", "x"
)
assert error.headers["x-accepted-github-permissions"] == "secrets=write"
refused(401, "Bad credentials", client("ghp_none").get_repo, "acme/web")
refused(422, "Secret names must not start with GITHUB_.", web.create_secret, "GITHUB_KEY", "x")

control("renames", {"from": "acme/web", "to": "acme/site"})
assert github.get_repo("acme/web").full_name == "acme/site"
assert Consts.headerRateRemaining == "x-ratelimit-remaining" and github.rate_limiting[1] == 5000
print("done")
