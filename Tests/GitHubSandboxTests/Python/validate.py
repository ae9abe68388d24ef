"""Holds recorded exchanges against GitHub's published schema, as GitHubKit generates its models from it.

    validate.py < EXCHANGES

EXCHANGES has one JSON object a line: version, method, path (below the root, encoded), status, request and response,
null where there is no body. For each, GitHubKit's method of that operation is called with the recorded parameters
and body; it must send what was recorded, and its models must take both bodies. Every problem is printed; the exit
status is 1 if there is any, or if an operation of the sandbox was never seen to succeed.
"""

import inspect
import json
import re
import sys
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
from githubkit import GitHub
from githubkit.exception import RequestFailed
from githubkit_schemas.latest.models import BasicError
from pydantic import TypeAdapter, ValidationError

CLIENTS = ["actions", "codespaces", "dependabot", "orgs", "rate_limit", "repos", "users"]
# What the sandbox serves; every operation of the schema that this matches must be seen.
SERVED = re.compile(
    r"(GET|PUT|POST|PATCH|DELETE) (/orgs/\{org\}|/repos/\{owner\}/\{repo\})/"
    r"((actions|dependabot|codespaces)/(secrets|variables)|environments/\{environment_name\}/(secrets|variables))\b.*"
    r"|GET /(user|rate_limit|orgs/\{org\}|repos/\{owner\}/\{repo\}(/environments(/\{environment_name\})?)?)"
)
exchange = None


def replay(request):
    """Takes what GitHubKit sends for what the sandbox was sent, and answers what the sandbox answered."""
    sent = json.loads(request.content) if request.content else None
    wanted = (exchange["method"], exchange["path"], exchange["request"])
    if (request.method, request.url.raw_path.decode(), sent) != wanted:
        raise AssertionError("another request than the schema's")
    if exchange["response"] is None:
        return httpx.Response(exchange["status"])
    return httpx.Response(exchange["status"], json=exchange["response"])


github = GitHub(
    base_url="http://127.0.0.1/", transport=httpx.MockTransport(replay), auto_retry=False, http_cache=False,
    follow_redirects=False, trust_env=False,
)


def operations(version):
    """Every operation by its method and path, with the method of GitHubKit that asks for it."""
    rest, found = github.rest(version), {}
    for client in (getattr(rest, name) for name in CLIENTS):
        for name, function in inspect.getmembers(client, inspect.ismethod):
            heading = re.search(r"^\s*(GET|PUT|POST|PATCH|DELETE) (/\S+)$", function.__doc__ or "", re.MULTILINE)
            if heading and not name.startswith("async_"):
                found[heading.groups()] = function
    return found


def find(known, method, path):
    """The most literal operation that a path fits, and the path's parameters."""
    for template in sorted((path for verb, path in known if verb == method), key=lambda path: path.count("{")):
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template))
        if match := re.fullmatch(pattern, path):
            return template, known[method, template], match.groupdict()
    return None, None, None


def problems(known, succeeded):
    url = urlsplit(exchange["path"])
    template, call, parameters = find(known, exchange["method"], url.path)
    if call is None:
        yield "the operation is not documented"
        return
    for name, value in parse_qsl(url.query):
        parameters[name] = int(value) if value.isdigit() else value
    if exchange["request"] is not None:
        parameters["data"] = exchange["request"]
    try:
        response = call(**parameters)
    except RequestFailed as error:
        response = error.response
    except (AssertionError, TypeError, ValidationError) as error:
        yield f"request: {error}"
        return
    body = exchange["response"]
    is_success = exchange["status"] < 300
    if not is_success and (not isinstance(body, dict) or body.get("status") != str(exchange["status"])):
        yield "the status in the body is not the status"
    if body is None:
        return
    model = response._data_model
    if model is Any and is_success:
        yield "a body is not documented"
        return
    if model is Any or response.is_redirect:
        model = BasicError
    try:
        # GitHub may add members at any time, and models pass over them; the sandbox may not.
        TypeAdapter(model).validate_python(body, extra="forbid" if is_success else None)
    except ValidationError as error:
        yield from (f"response: {'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        return
    if is_success:
        succeeded.add((exchange["method"], template))


failed, succeeded, known = False, set(), {}
for line in sys.stdin:
    exchange = json.loads(line)
    version = exchange["version"]
    if version not in known:
        known[version] = operations(version)
    if exchange["status"] == 204 and (found := find(known[version], exchange["method"], exchange["path"]))[0]:
        succeeded.add((exchange["method"], found[0]))
    for problem in problems(known[version], succeeded):
        failed = True
        print(exchange["method"], exchange["path"], exchange["status"], problem)
for operation in {operation for table in known.values() for operation in table}:
    if SERVED.fullmatch(" ".join(operation)) and operation not in succeeded:
        failed = True
        print(*operation, "was never seen to succeed")
sys.exit(1 if failed else 0)
