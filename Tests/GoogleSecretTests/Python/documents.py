"""Holds exchanges, a list of JSON on standard input, to the discovery documents that Google's own client has."""
import json
import re
import sys
from importlib.resources import files
from urllib.parse import parse_qs, urlsplit

folder = files("googleapiclient").joinpath("discovery_cache", "documents")
documents = {
    document["rootUrl"]: document
    for document in (json.loads(folder.joinpath(name).read_text()) for name in ("secretmanager.v1.json", "run.v2.json"))
}


def methods(resources):
    for resource in resources.values():
        yield from resource.get("methods", {}).values()
        yield from methods(resource.get("resources", {}))


kinds = {"string": str, "boolean": bool, "integer": int, "object": dict, "array": list, "number": (int, float)}


def check(schemas, schema, value, where):
    """What a value is by a schema of a discovery document; a member that it does not name is none."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"]]
    kind = schema.get("type", "any")
    if kind == "any":
        return
    if not isinstance(value, kinds[kind]) or kind == "integer" and isinstance(value, bool):
        sys.exit(f"{where}: {value!r} is no {kind}")
    if "enum" in schema and value not in schema["enum"]:
        sys.exit(f"{where}: {value!r} is none of its words")
    if kind == "array":
        for number, entry in enumerate(value):
            check(schemas, schema["items"], entry, f"{where}/{number}")
    if kind == "object":
        for key, entry in value.items():
            member = schema.get("properties", {}).get(key, schema.get("additionalProperties"))
            if member is None:
                sys.exit(f"{where}/{key}: no such member")
            check(schemas, member, entry, f"{where}/{key}")


seen = set()
exchanges = json.load(sys.stdin)
for exchange in exchanges:
    url = urlsplit(exchange["url"])
    document = documents[f"{url.scheme}://{url.netloc}/"]
    for method in methods(document["resources"]):
        pattern = re.sub(r"\{\+?\w+\}", "(.+)", "/" + method["path"])
        found = re.fullmatch(pattern, url.path)
        name = next((p["pattern"] for p in method["parameters"].values() if p["location"] == "path"), "")
        if found and method["httpMethod"] == exchange["method"] and re.fullmatch(name, found[1]):
            break
    else:
        sys.exit(f"no such method: {exchange['method']} {exchange['url']}")
    seen.add(method["id"])
    strays = set(parse_qs(url.query)) - set(method["parameters"])
    if strays:
        sys.exit(f"{method['id']}: no such parameters: {strays}")
    if "request" in method:
        check(document["schemas"], method["request"], exchange["body"], method["id"])
    if exchange["status"] == 200:
        check(document["schemas"], method["response"], exchange["answer"], f"{method['id']} answers")
    elif not isinstance(exchange["answer"]["error"]["status"], str):
        sys.exit(f"{method['id']}: a refusal without its status")
print(f"{len(exchanges)} exchanges of {len(seen)} methods")
