"""The real gh writes, lists and deletes secrets and variables at a running sandbox, and PyNaCl opens what it sealed.

Reads the sandbox's greeting from standard input. gh speaks plain HTTP to the host github.localhost alone; the sandbox
is its proxy.
"""

import base64
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import urllib.request

from nacl.public import PrivateKey, SealedBox

greeting = json.load(sys.stdin)["github"]
root = greeting["url"].removesuffix("/github")
folder = tempfile.TemporaryDirectory()
environment = {
    "PATH": os.defpath, "HOME": folder.name, "GH_CONFIG_DIR": folder.name, "GH_HOST": "github.localhost",
    "GH_TOKEN": greeting["token"], "GH_NO_UPDATE_NOTIFIER": "1", "GH_PROMPT_DISABLED": "1", "HTTP_PROXY": root,
}
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def control(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    with direct.open(urllib.request.Request(f"{root}/sandbox/github/{path}", data=data)) as response:
        return json.load(response)


def run(*arguments, value=None, token=None):
    program = os.path.join(os.path.dirname(sys.executable), "gh")
    return subprocess.run(
        [program, *arguments], input=value, text=True, capture_output=True, cwd=folder.name,
        env=environment | ({"GH_TOKEN": token} if token else {}),
    )


def gh(*arguments, value=None):
    done = run(*arguments, value=value)
    assert done.returncode == 0, (arguments, done.stderr)
    return done.stdout


def refused(message, *arguments, value=None, token=None):
    done = run(*arguments, value=value, token=token)
    assert done.returncode != 0 and message in done.stderr, (arguments, done.stderr)


web = control("repositories", {"name": "acme/api", "environments": ["eu/west"]})["id"]
places = [
    ("actions", "repository acme/api", ["--repo", "acme/api"]),
    ("actions", "environment eu/west of acme/api", ["--repo", "acme/api", "--env", "eu/west"]),
    ("dependabot", "repository acme/api", ["--repo", "acme/api", "--app", "dependabot"]),
    ("codespaces", "repository acme/api", ["--repo", "acme/api", "--app", "codespaces"]),
    ("actions", "organisation acme", ["--org", "acme"]),
    ("dependabot", "organisation acme", ["--org", "acme", "--app", "dependabot"]),
    ("codespaces", "organisation acme", ["--org", "acme", "--app", "codespaces"]),
]


def truth(store, scope):
    return {row["name"]: row for row in control("secrets") if (row["store"], row["scope"]) == (store, scope)}


for store, scope, place in places:
    choices = [[]]
    if "--org" in place:
        choices = [
            ["--visibility", "all"], ["--visibility", "private"], ["--visibility", "selected", "--repos", "api,web"],
            ["--no-repos-selected"],
        ]
    for choice in choices:
        value = " ".join([store, scope, *choice])
        gh("secret", "set", "key", *place, *choice, value=value)
        row = truth(store, scope)["KEY"]
        opened = SealedBox(PrivateKey(base64.b64decode(row["private_key"]))).decrypt(
            base64.b64decode(row["encrypted_value"])
        )
        assert opened.decode() == value, (store, scope)
        assert row["digest"] == "sha256:" + hashlib.sha256(value.encode()).hexdigest()
        if "--org" in place:
            assert row["visibility"] == (choice[1] if choice[0] == "--visibility" else "selected")
            assert len(row["selected"]) == (2 if "--repos" in choice else 0)
            fields = json.loads(gh("secret", "list", *place, "--json", "name,visibility,numSelectedRepos"))
            count = len(row["selected"])
            assert fields == [{"name": "KEY", "visibility": row["visibility"], "numSelectedRepos": count}], fields
    listed = json.loads(gh("secret", "list", *place, "--json", "name,updatedAt"))
    assert listed == [{"name": "KEY", "updatedAt": row["updated_at"]}], listed
    gh("secret", "delete", "KEY", *place)
    assert truth(store, scope) == {}
    refused("HTTP 404: Not Found", "secret", "delete", "KEY", *place)

for place in places[0][2], places[1][2], places[4][2]:
    for value in "first", "second":
        gh("variable", "set", "NAME", *place, value=value)
        assert gh("variable", "get", "NAME", *place).strip() == value
    fields = json.loads(gh("variable", "list", *place, "--json", "name,value"))
    assert fields == [{"name": "NAME", "value": "second"}], fields
gh("variable", "set", "NAME", "--org", "acme", "--visibility", "selected", "--repos", "api", value="third")
(row,) = [row for row in control("variables") if row["scope"] == "organisation acme"]
assert (row["visibility"], row["selected"]) == ("selected", [web])
gh("variable", "delete", "NAME", "--repo", "acme/api")

# More than the largest page.
for number in range(32):
    request = urllib.request.Request(
        greeting["url"] + "/repos/acme/api/actions/variables",
        data=json.dumps({"name": f"V{number}", "value": "x"}).encode(),
        headers={"Authorization": "token " + greeting["token"]},
    )
    with direct.open(request) as response:
        assert response.status == 201
assert len(gh("variable", "list", "--repo", "acme/api").splitlines()) == 32

# What is refused reads as GitHub's own refusals do, down to gh's hint about scopes.
repository = ["--repo", "acme/api"]
refused("HTTP 422: Secret names must not start with GITHUB_.", "secret", "set", "GITHUB_KEY", *repository, value="x")
refused("HTTP 404: Not Found", "secret", "set", "KEY", "--repo", "acme/none", value="x")
refused("HTTP 404: Not Found", "secret", "set", "KEY", *repository, "--env", "none", value="x")
refused("HTTP 401: Bad credentials", "secret", "list", *repository, token="ghp_none")
refused("Could not resolve to a Repository", "secret", "set", "KEY", "--org", "acme", "--repos", "none", value="x")
classic = control("tokens", {"kind": "classic", "scopes": ["repo"]})["token"]
refused('needs the "admin:org" scope', "secret", "set", "KEY", "--org", "acme", value="x", token=classic)
workflow = control("tokens", {"kind": "actions", "repository": "acme/api"})["token"]
refused("Resource not accessible by integration", "secret", "set", "KEY", *repository, value="x", token=workflow)

# gh follows a renamed repository, with the body of its PUT.
control("renames", {"from": "acme/api", "to": "acme/rest"})
gh("secret", "set", "KEY", *repository, value="moved")
assert "KEY" in truth("actions", "repository acme/rest")
print("done")
