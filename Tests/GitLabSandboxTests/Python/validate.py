"""Holds recorded exchanges against the schemas of GitLab's client in Go.

    validate.py < INPUT

The first line of INPUT is a JSON object with the url and token of a GitLab that the client may start with. Every
other line is one variant: an array of exchanges, each with method, path (below /api/v4), request, status, response.
For every variant one line is printed: a JSON array of the problems found.
"""

import json
import sys
from urllib.parse import parse_qsl, unquote, urlsplit

import jsonschema

from goclient import GoClient

KINDS = {"projects": ("gitlab_ci_variable_", "project_id"), "groups": ("gitlab_group_variable_", "group_id")}
VERBS = {"GET": "get", "POST": "create", "PUT": "update", "DELETE": "delete"}
STATUSES = {"list": 200, "get": 200, "create": 201, "update": 200, "delete": 204}


def described(exchange):
    """The tool of an exchange, and what the address gives it."""
    url = urlsplit(exchange["path"])
    segments = [unquote(segment) for segment in url.path.strip("/").split("/")]
    if segments[:3] == ["admin", "ci", "variables"]:
        prefix, arguments, rest = "gitlab_instance_variable_", {}, segments[3:]
    else:
        prefix, name = KINDS[segments[0]]
        arguments, rest = {name: segments[1]}, segments[3:]
    if rest:
        arguments["key"] = rest[0]
    verb = VERBS[exchange["method"]] if rest or exchange["method"] != "GET" else "list"
    for name, value in parse_qsl(url.query):
        if name == "filter[environment_scope]":
            arguments["filter"] = {"environment_scope": value}
        else:
            arguments[name] = int(value) if value.isdigit() else value
    return prefix + verb, verb, arguments


def errors(schema, value, where):
    for error in jsonschema.Draft202012Validator(schema).iter_errors(value):
        yield f"{where} {error.json_path}: {error.message}"


def row(schema, value, prefix):
    """Go reads null as the empty text. GitLab sends it for no description and for a hidden value; an instance's
    variable has no member `hidden`, which Go reads as false."""
    required = [name for name in schema["required"] if (prefix, name) != ("gitlab_instance_variable_", "hidden")]
    schema = schema | {"required": required}
    schema["properties"] = {name: kind for name, kind in schema["properties"].items() if name != "next_steps"}
    if isinstance(value, dict):
        value = dict(value)
        if value.get("description", "") is None:
            value["description"] = ""
        if value.get("hidden") is True and value.get("value", "") is None:
            value["value"] = ""
    yield from errors(schema, value, "response")


def problems(exchange, tools, seen):
    name, verb, arguments = described(exchange)
    tool = tools[name]
    if exchange["status"] >= 400:
        answer = exchange["response"]
        if not isinstance(answer, dict) or not ({"message", "error"} & set(answer)):
            yield "the refusal has neither message nor error"
        return
    seen.add(name)
    yield from errors(tool["inputSchema"], arguments | (exchange["request"] or {}), "request")
    if exchange["status"] != STATUSES[verb]:
        yield f"status {exchange['status']} instead of {STATUSES[verb]}"
    schema, prefix = tool["outputSchema"], name.removesuffix(verb)
    if verb == "delete":
        if exchange["response"] is not None:
            yield "the answer has a body"
    elif verb == "list":
        rows = schema["properties"]["variables"]["items"]
        if not isinstance(exchange["response"], list):
            yield "the answer is no list"
        else:
            for value in exchange["response"]:
                yield from row(rows, value, prefix)
    else:
        yield from row(schema, exchange["response"], prefix)


lines = sys.stdin.read().splitlines()
greeting = json.loads(lines[0])
with GoClient(greeting["url"], greeting["token"]) as client:
    tools = client.tools()
for line in lines[1:]:
    seen, found = set(), []
    for exchange in json.loads(line):
        found += [f"{exchange['method']} {exchange['path']}: {text}" for text in problems(exchange, tools, seen)]
    for prefix in ("gitlab_ci_variable_", "gitlab_group_variable_", "gitlab_instance_variable_"):
        found += [f"{prefix + verb} was never seen to succeed" for verb in STATUSES if prefix + verb not in seen]
    print(json.dumps(found))
