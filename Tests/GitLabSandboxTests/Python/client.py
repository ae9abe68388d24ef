"""Uses the sandbox's GitLab as python-gitlab, GitLab's client in Go and curl do.

    client.py < GREETING

GREETING is a JSON object with the url and token of a GitLab that holds the project acme/web. Prints "done".
"""

import json
import subprocess
import sys
import urllib.request
import warnings

import gitlab

from goclient import GoClient, Refused

# python-gitlab warns where an address in an answer is not the one it asked at.
warnings.simplefilter("error")

greeting = json.load(sys.stdin)
url, token = greeting["url"], greeting["token"]
root = url.removesuffix("/gitlab/api/v4")


def control(path, wish=None):
    """Another administrator's hand."""
    body = None if wish is None else json.dumps(wish).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{root}/sandbox/gitlab/{path}", data=body)) as answer:
        return json.load(answer)


def client(secret, **options):
    return gitlab.Gitlab(url.removesuffix("/api/v4"), private_token=secret, **options)


def refused(kind, status, message, call, *arguments, **named):
    try:
        call(*arguments, **named)
    except kind as error:
        assert error.response_code == status, error.response_code
        assert error.error_message == message, error.error_message
        return
    raise AssertionError(f"{call} was not refused")


def live_a_variable(manager, scoped, noun):
    """Every operation of one place."""
    made = manager.create({"key": "KEY", "value": "0123456789", "masked": True, "description": "one"})
    assert (made.key, made.value, made.masked, made.raw, made.protected) == ("KEY", "0123456789", True, False, False)
    assert made.variable_type == "env_var" and made.description == "one"
    found = manager.get("KEY")
    assert found.attributes == made.attributes
    found.value = "9876543210"
    found.protected = True
    found.save()
    found = manager.get("KEY")
    assert (found.value, found.protected, found.masked, found.description) == ("9876543210", True, True, "one")
    assert manager.update("KEY", {"value": "abcdefgh"})["value"] == "abcdefgh"
    taken = {"key": ["(KEY) has already been taken"]}
    refused(gitlab.GitlabCreateError, 400, taken, manager.create, {"key": "KEY", "value": "v"})
    invalid = {"value": ["is invalid"]}
    refused(gitlab.GitlabCreateError, 400, invalid, manager.create, {"key": "A", "value": "v", "masked": True})
    refused(gitlab.GitlabUpdateError, 400, invalid, manager.update, "KEY", {"value": "v"})
    words = {"key": ["can contain only letters, digits and '_'."]}
    refused(gitlab.GitlabCreateError, 400, words, manager.create, {"key": "A B", "value": "v"})
    for number in range(22):
        manager.create({"key": f"N{number}", "value": "v", "variable_type": "file"})
    rows = manager.list(iterator=True)
    assert (rows.total, rows.total_pages, rows.per_page, rows.next_page) == (23, 2, 20, 2)
    assert [variable.key for variable in rows] == ["KEY"] + [f"N{number}" for number in range(22)]
    assert len(manager.list(get_all=True, per_page=5)) == 23
    assert [variable.key for variable in manager.list(page=3, per_page=9)] == ["N17", "N18", "N19", "N20", "N21"]
    missing = f"404 {noun} Not Found"
    refused(gitlab.GitlabGetError, 404, missing, manager.get, "NONE")
    refused(gitlab.GitlabUpdateError, 404, missing, manager.update, "NONE", {"value": "v"})
    refused(gitlab.GitlabDeleteError, 404, missing, manager.delete, "NONE")
    if scoped:
        live_in_scopes(manager)
        hide(manager)
    for variable in manager.list(get_all=True):
        manager.delete(variable.key)


def live_in_scopes(manager):
    production = {"environment_scope": "production"}
    manager.create({"key": "KEY", "value": "zyxwvuts", "environment_scope": "production"})
    several = "There are multiple variables with provided parameters. Please use 'filter[environment_scope]'"
    refused(gitlab.GitlabGetError, 409, several, manager.get, "KEY")
    refused(gitlab.GitlabDeleteError, 409, several, manager.delete, "KEY")
    found = manager.get("KEY", filter=production)
    assert (found.value, found.environment_scope) == ("zyxwvuts", "production")
    found.value = "another one"
    found.save(filter=production)
    assert manager.get("KEY", filter=production).value == "another one"
    assert manager.get("KEY", filter={"environment_scope": "*"}).value == "abcdefgh"
    manager.delete("KEY", filter=production)
    assert manager.get("KEY").environment_scope == "*"


def hide(manager):
    made = manager.create({"key": "HIDDEN", "value": "0123456789", "masked_and_hidden": True, "raw": True})
    assert made.hidden and made.masked and made.value is None
    assert manager.get("HIDDEN").value is None
    fixed = {"base": ["The visibility setting cannot be changed for masked and hidden variables."]}
    refused(gitlab.GitlabUpdateError, 400, fixed, manager.update, "HIDDEN", {"masked": False})


def with_python():
    api = client(token)
    api.auth()
    assert api.user.is_admin and api.version()[0].startswith("18.")
    assert api.personal_access_tokens.get("self").scopes == ["api"]
    project = api.projects.get("acme/web")
    assert project.path_with_namespace == "acme/web" and api.projects.get(project.id).id == project.id
    control("groups", {"path": "acme/platform/inner"})
    group = api.groups.get("acme/platform/inner")
    assert group.full_path == "acme/platform/inner" and group.parent_id == api.groups.get("acme/platform").id
    live_a_variable(project.variables, True, "Variable")
    live_a_variable(api.projects.get("acme/web", lazy=True).variables, False, "Variable")
    live_a_variable(group.variables, True, "GroupVariable")
    live_a_variable(api.variables, False, "InstanceVariable")


def being_refused():
    missing = "404 Project Not Found"
    refused(gitlab.GitlabGetError, 404, missing, client(token).projects.get, "acme/none")
    refused(gitlab.GitlabGetError, 404, "404 Group Not Found", client(token).groups.get, "none")
    unknown = client("glpat-none").projects.get("acme/web", lazy=True).variables
    refused(gitlab.GitlabAuthenticationError, 401, "401 Unauthorized", unknown.list)
    job = control("tokens", {"kind": "job", "roles": {"acme": 50}})["token"]
    bearer = gitlab.Gitlab(url.removesuffix("/api/v4"), job_token=job).projects.get("acme/web", lazy=True)
    refused(gitlab.GitlabAuthenticationError, 401, "401 Unauthorized", bearer.variables.list)
    reader = control("tokens", {"scopes": ["read_api"], "roles": {"acme": 50}})["token"]
    variables = client(reader).projects.get("acme/web").variables
    variables.list(get_all=True)
    refused(gitlab.GitlabCreateError, 403, "insufficient_scope", variables.create, {"key": "A", "value": "v"})
    developer = client(control("tokens", {"roles": {"acme": 30}})["token"])
    mine = developer.projects.get("acme/web").variables
    refused(gitlab.GitlabListError, 403, "403 Forbidden", mine.list)
    refused(gitlab.GitlabListError, 403, "403 Forbidden", developer.variables.list)
    stranger = client(control("tokens", {})["token"])
    refused(gitlab.GitlabGetError, 404, missing, stranger.projects.get, "acme/web")
    control("projects", {"path": "acme/old"})
    control("moves", {"from": "acme/old", "to": "acme/new"})
    assert client(token).projects.get("acme/old").path_with_namespace == "acme/new"
    moved = client(token).projects.get("acme/old", lazy=True).variables
    text = "Non GET methods are not allowed for moved projects"
    refused(gitlab.GitlabCreateError, 405, text, moved.create, {"key": "A", "value": "v"})
    control("settings", {"request_limit": 1})
    limited = client(control("tokens", {"roles": {"acme": 50}})["token"])
    limited.projects.get("acme/web", obey_rate_limit=False)
    try:
        limited.projects.get("acme/web", obey_rate_limit=False)
        # The minute may just have ended.
        limited.projects.get("acme/web", obey_rate_limit=False)
        raise AssertionError("the limit does not hold")
    except gitlab.GitlabGetError as error:
        assert error.response_code == 429 and error.error_message == "Retry later\n", error.error_message
    control("settings", {"request_limit": None})


def with_go():
    control("groups", {"path": "go"})
    places = [
        ("gitlab_ci_variable_", {"project_id": "acme/web"}, "GO_PROJECT"),
        ("gitlab_group_variable_", {"group_id": "go"}, "GO_GROUP"),
        ("gitlab_instance_variable_", {}, "GO_INSTANCE"),
    ]
    with GoClient(url, token) as api:
        for prefix, place, key in places:
            made = api.call(prefix + "create", **place, key=key, value="first value", variable_type="file", raw=True)
            assert (made["key"], made["value"]) == (key, "first value")
            assert (made["variable_type"], made["raw"]) == ("file", True)
            api.call(prefix + "update", **place, key=key, value="second value", description="one", protected=True)
            found = api.call(prefix + "get", **place, key=key)
            assert (found["value"], found["description"], found["protected"]) == ("second value", "one", True)
            assert key in [row["key"] for row in api.call(prefix + "list", **place, per_page=100)["variables"]]
            pages = api.call(prefix + "list", **place, per_page=1)["pagination"]
            assert pages["page"] == 1 and pages["per_page"] == 1 and pages["total_items"] >= 1
            if prefix != "gitlab_instance_variable_":
                scopes_with_go(api, prefix, place, key)
            told(api, "already been taken", prefix + "create", **place, key=key, value="v")
            api.call(prefix + "delete", **place, key=key, confirm=True)
            told(api, "404", prefix + "get", **place, key=key)


def scopes_with_go(api, prefix, place, key):
    scope = {"environment_scope": "review/*"}
    api.call(prefix + "create", **place, key=key, value="abcdefgh", masked_and_hidden=True, **scope)
    told(api, "409", prefix + "get", **place, key=key)
    found = api.call(prefix + "get", **place, key=key, filter=scope)
    assert found["hidden"] and found["environment_scope"] == "review/*"
    changed = api.call(prefix + "update", **place, key=key, value="hgfedcba", filter=scope)
    assert changed["environment_scope"] == "review/*"
    digests = {(row["key"], row["environment_scope"]): row["digest"] for row in control("variables")}
    assert digests[key, "*"] != digests[key, "review/*"]
    api.call(prefix + "delete", **place, key=key, filter=scope, confirm=True)


def told(api, text, name, **arguments):
    try:
        api.call(name, **arguments)
    except Refused as refusal:
        assert text.lower() in str(refusal).lower(), refusal
        return
    raise AssertionError(f"{name} was not refused")


def with_curl():
    """As GitLab's own pages write it: forms, in parts and encoded."""

    def curl(*options, path=""):
        # From standard input, so that no token stands in an argument.
        command = ["curl", "--silent", "--show-error", "--config", "-", "--write-out", "%{http_code}", *options]
        result = subprocess.run(
            [*command, f"{url}/projects/acme%2Fweb/variables{path}"], input=f'header = "PRIVATE-TOKEN: {token}"\n',
            capture_output=True, text=True, check=True,
        )
        return int(result.stdout[-3:]), result.stdout[:-3]

    status, text = curl("--form", "key=CURL", "--form", "value=a=b&c d\r\ne", "--form", "raw=true")
    assert status == 201 and json.loads(text)["value"] == "a=b&c d\r\ne" and json.loads(text)["raw"], text
    fields = ["--data-urlencode", "value=ä+ &=", "--data", "protected=1"]
    status, text = curl("--request", "PUT", *fields, path="/CURL")
    assert status == 200 and json.loads(text)["value"] == "ä+ &=" and json.loads(text)["protected"], text
    status, text = curl("--request", "PUT", "--data", "filter[environment_scope]=x", path="/CURL")
    assert status == 404 and json.loads(text) == {"message": "404 Variable Not Found"}, text
    status, text = curl("--globoff", path="/CURL?filter[environment_scope]=*")
    assert status == 200, text
    status, text = curl("--data", "key=ONLY")
    assert status == 400 and json.loads(text) == {"error": "value is missing"}, text
    status, text = curl("--request", "DELETE", path="/CURL")
    assert status == 204 and text == "", text


with_python()
being_refused()
with_curl()
with_go()
assert control("leaks") == {"values": 0, "tokens": 0}
print("done")
