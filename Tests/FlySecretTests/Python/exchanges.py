"""Holds exchanges, a list of JSON on standard input, to the published OpenAPI of Fly.io's Machines API."""
import json
import re
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from jsonschema import Draft202012Validator

document = json.loads(Path(__file__).with_name("machines-api.json").read_text())


def closed(schema):
    """The schema with no other members than it names: what Fly does not know, it ignores, and so nobody notices."""
    if isinstance(schema, list):
        return [closed(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    shut = {key: closed(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and "additionalProperties" not in schema:
        shut["additionalProperties"] = False
    return shut


schemas = {"components": {"schemas": closed(document["schemas"])}}


def check(name, value, what):
    schema = {"type": "array", "items": {"$ref": "#/components/schemas/" + name[:-2]}} if name.endswith("[]") else {
        "$ref": "#/components/schemas/" + name
    }
    for error in Draft202012Validator({**schemas, **schema}).iter_errors(value):
        sys.exit(f"{what}: {error.json_path}: {error.message}")


seen = set()
exchanges = json.load(sys.stdin)
for exchange in exchanges:
    url = urlsplit(exchange["url"])
    for operation in document["operations"]:
        pattern = re.sub(r"\{\w+\}", "[^/]+", operation["path"])
        if operation["method"] == exchange["method"] and re.fullmatch(pattern, url.path):
            break
    else:
        sys.exit(f"no such operation: {exchange['method']} {exchange['url']}")
    seen.add((operation["method"], operation["path"]))
    what = f"{operation['method']} {operation['path']}"
    strays = set(parse_qs(url.query)) - set(operation.get("query", []))
    if strays:
        sys.exit(f"{what}: no such parameters: {strays}")
    ours = {name.lower() for name in exchange["headers"]}
    if not set(operation.get("headers", [])) <= ours:
        sys.exit(f"{what}: without {operation['headers']}")
    if ("body" in operation) != (exchange["body"] is not None):
        sys.exit(f"{what}: a body, or none")
    if "body" in operation:
        check(operation["body"], exchange["body"], what)
    if exchange["status"] == operation["status"]:
        if "answer" in operation:
            check(operation["answer"], exchange["answer"], f"{what} answers")
    else:
        check("ErrorResponse", exchange["answer"], f"{what} refuses")
print(f"{len(exchanges)} exchanges of {len(seen)} operations")
