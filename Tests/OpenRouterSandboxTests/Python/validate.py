"""Holds recorded exchanges against the specification, by JSON Schema.

    validate.py SPECIFICATION EXCHANGES

EXCHANGES has one JSON object a line: method, path (below /api/v1), status, request, response. Every problem is
printed; the exit status is 1 if there is any, or if an operation was never seen to succeed.
"""

import json
import sys
from urllib.parse import parse_qsl, urlsplit

from specification import OPEN, load
from validation import Schemas

specification = load(sys.argv[1])
problems = Schemas(specification).problems


def operation(method, path):
    segments = path.split("/")
    for template, item in sorted(specification["paths"].items()):
        pattern = template.split("/")
        if len(pattern) == len(segments) and method in item:
            if all(word.startswith("{") or word == segment for word, segment in zip(pattern, segments)):
                return template, item[method]
    return None, None


def parameters(described, query):
    """Query parameters are text: numbers are read before they are validated."""
    known = {parameter["name"]: parameter["schema"] for parameter in described.get("parameters", [])}
    for name, value in parse_qsl(query):
        if name not in known:
            yield f"query: {name} is not documented"
        elif "integer" in known[name].get("type", []):
            yield from problems(known[name], int(value))
        else:
            yield from problems(known[name], value)


def check(exchange, succeeded):
    method, url = exchange["method"].lower(), urlsplit(exchange["path"])
    template, described = operation(method, url.path)
    if described is None:
        yield "the operation is not documented"
        return
    status = str(exchange["status"])
    responses = dict(described["responses"])
    # That a key may lack the right is documented for some operations; it holds for all that need a management key.
    if template not in OPEN:
        responses.setdefault("403", specification["paths"]["/credits"]["get"]["responses"]["403"])
    if status not in responses:
        yield f"status {status} is not documented"
        return
    if "content" in responses[status]:
        yield from problems(responses[status]["content"]["application/json"]["schema"], exchange["response"])
    elif exchange["response"] is not None:
        yield "a body is not documented"
    if exchange["status"] < 400:
        succeeded.add((method, template))
        yield from parameters(described, url.query)
        if "requestBody" in described:
            (content,) = described["requestBody"]["content"].values()
            yield from problems(content["schema"], exchange["request"])
    elif template != "/oauth/token" and exchange["response"].get("error", {}).get("code") != exchange["status"]:
        yield "the code in the body is not the status"


failed, succeeded = False, set()
with open(sys.argv[2], encoding="utf-8") as file:
    for line in file:
        exchange = json.loads(line)
        for problem in check(exchange, succeeded):
            failed = True
            print(exchange["method"], exchange["path"], exchange["status"], problem)
for template, item in specification["paths"].items():
    for method in item:
        if (method, template) not in succeeded:
            failed = True
            print(method.upper(), template, "was never seen to succeed")
sys.exit(1 if failed else 0)
