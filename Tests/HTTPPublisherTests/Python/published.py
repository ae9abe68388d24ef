"""Holds recorded exchanges against what the services publish of their APIs.

    published.py FOLDER SERVICE < INPUT

Every line of INPUT is one variant: an array of exchanges, each with method, url, authorization (its scheme), type, status,
request and response, null where there is no body. For every variant one line is printed, {"problems": [...], "seen": [...],
"states": [...]}: with the operations that were seen to succeed, and the words that a deployment's state may be. FOLDER has,
under these names:

    netlify.yml     swagger.yml of netlify/open-api (MIT)
    heroku.json     schema.json of heroku/platform-api (MIT)
    convex.json     npm-packages/@convex-dev/platform/deployment-openapi.json of get-convex/convex-backend (FSL-1.1-Apache-2.0)
    supabase.json   packages/api/src/generated/openapi.json of supabase/cli (MIT)

A service may add members to an answer at any time; a stand-in may not, nor may a request.
"""

import json
import pathlib
import re
import sys
from urllib.parse import parse_qsl, unquote, urlsplit

import jsonschema
import yaml
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4, DRAFT202012

FORMATS = jsonschema.Draft202012Validator.FORMAT_CHECKER
METHODS = {"get", "post", "put", "patch", "delete"}


def closed(node):
    """A schema's objects without room for members that it does not name."""
    if isinstance(node, list):
        return [closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = {key: closed(item) for key, item in node.items()}
    if isinstance(node.get("properties"), dict) and "object" in node.get("type", []):
        node.setdefault("additionalProperties", False)
    return node


def typed(text, schema):
    """A value of an address by its schema: it is text there."""
    if schema.get("type") in {"integer", "number"} and re.fullmatch(r"-?\d+", text):
        return int(text)
    return {"true": True, "false": False}.get(text, text) if schema.get("type") == "boolean" else text


class Document:
    """A published description, as operations: dictionaries of method, base, path, values, query, body, types, answers."""

    # By Heroku's documentation: what is made, and a range of a list.
    CODES = {"create": ["201"], "instances": ["200", "206"]}

    def __init__(self, document):
        self.document = closed(document)
        is_new = str(document.get("openapi", "")).startswith("3")
        self.validator = jsonschema.Draft202012Validator if is_new else jsonschema.Draft4Validator
        kind = DRAFT202012 if is_new else DRAFT4
        self.registry = Registry().with_resource(
            "urn:published", Resource.from_contents(self.document, default_specification=kind))
        self.operations = list(self.hyper() if "definitions" in document and "paths" not in document else self.open())

    def resolve(self, node):
        while "$ref" in node:
            target = self.document
            for word in node["$ref"].removeprefix("#/").split("/"):
                target = target[word]
            node = target
        return node

    def open(self):
        """Swagger 2 and OpenAPI 3."""
        for path, item in self.document["paths"].items():
            for method in METHODS & item.keys():
                operation = item[method]
                parameters = [self.resolve(p) for p in item.get("parameters", []) + operation.get("parameters", [])]
                body = operation.get("requestBody")
                types, schema = operation.get("consumes", ["application/json"]), None
                if body:
                    content = self.resolve(body)["content"]
                    types, schema = list(content), content.get("application/json", {}).get("schema")
                yield {
                    "method": method.upper(), "path": path, "types": types,
                    "base": self.base(), "scheme": self.scheme(operation),
                    "values": {p["name"]: p.get("schema", p) for p in parameters if p["in"] == "path"},
                    "query": {p["name"]: p.get("schema", p) for p in parameters if p["in"] == "query"},
                    "body": next((p["schema"] for p in parameters if p["in"] == "body"), schema),
                    "answers": {code: self.answer(self.resolve(a)) for code, a in operation["responses"].items()},
                }

    @staticmethod
    def answer(answer):
        return answer.get("schema") or answer.get("content", {}).get("application/json", {}).get("schema")

    def base(self):
        if "host" in self.document:
            return re.escape(f"{self.document['schemes'][0]}://{self.document['host']}{self.document['basePath']}")
        if not self.document.get("servers"):
            # Supabase's names no server.
            return re.escape("https://api.supabase.com")
        server = self.document["servers"][0]
        example = server["url"]
        for name, variable in server.get("variables", {}).items():
            example = example.replace(f"{{{name}}}", variable["default"])
        host = urlsplit(example).netloc
        return re.escape(example).replace(re.escape(host), "[^/]+" + re.escape(host[host.index("."):]))

    def scheme(self, operation):
        """What stands before the credential."""
        described = self.document.get("components", {}).get("securitySchemes", {})
        for requirement in operation.get("security", self.document.get("security", [])):
            for name in requirement:
                if prefix := re.search(r"Use the `(\w+) ` prefix", described.get(name, {}).get("description", "")):
                    return prefix[1]
        return "Bearer"

    def hyper(self):
        """Heroku's JSON Hyper-Schema: links of each resource."""
        base = re.escape(next(link["href"] for link in self.document["links"] if link["href"].startswith("https:")))
        for resource in self.document["definitions"].values():
            for link in resource.get("links", []):
                references = [unquote(text)[1:-1] for text in re.findall(r"\{([^}]+)\}", link["href"])]
                yield {
                    "method": link["method"], "base": base, "scheme": "Bearer", "query": {},
                    "path": re.sub(r"\{[^}]+\}", lambda match, count=iter("abcdefgh"): f"{{{next(count)}}}", link["href"]),
                    "values": {name: {"$ref": text} for name, text in zip("abcdefgh", references)},
                    "types": ["application/json"], "body": link.get("schema"),
                    "answers": {code: link.get("targetSchema") for code in self.CODES.get(link.get("rel"), ["200"])},
                }

    def errors(self, schema, value, where):
        whole = json.loads(json.dumps(schema).replace('"#/', '"urn:published#/'))
        for error in self.validator(whole, registry=self.registry, format_checker=FORMATS).iter_errors(value):
            yield f"{where} {error.json_path}: {error.message}"

    def find(self, method, address):
        """The most literal operation that an address fits, and the values in its path."""
        for operation in sorted(self.operations, key=lambda operation: operation["path"].count("{")):
            pattern = re.sub(r"\\\{[^}]*\\\}", "([^/]+)", re.escape(operation["path"]))
            if operation["method"] == method and (match := re.fullmatch(operation["base"] + pattern, address)):
                return operation, zip(re.findall(r"\{(\w+)\}", operation["path"]), map(unquote, match.groups()))
        return None, []

    def problems(self, exchange, seen):
        url = urlsplit(exchange["url"])
        operation, values = self.find(exchange["method"], f"{url.scheme}://{url.netloc}{url.path}")
        if operation is None:
            yield "the operation is not published"
            return
        is_success = exchange["status"] < 300
        if exchange["authorization"] != operation["scheme"]:
            yield f"the credential is no {operation['scheme']}"
        for name, value in values:
            # Of another project than the stand-in's nobody says that its name can be one.
            if is_success:
                yield from self.errors(operation["values"][name], value, f"path {name}")
        for name, value in parse_qsl(url.query):
            schema = operation["query"].get(name)
            if schema is None:
                yield f"query: {name} is not published"
            else:
                yield from self.errors(schema, typed(value, schema), f"query {name}")
        yield from self.body(exchange, operation)
        code, body = str(exchange["status"]), exchange["response"]
        if is_success and code not in operation["answers"]:
            yield f"the status {code} is not published"
            return
        schema = operation["answers"].get(code, operation["answers"].get("default"))
        if schema is not None:
            yield from self.errors(schema, body, "answer")
        elif is_success and body is not None:
            yield "a body is not published"
        if is_success:
            seen.add(f"{operation['method']} {operation['path']}")

    def body(self, exchange, operation):
        body = exchange["request"]
        if body is None:
            if operation["body"] is not None:
                yield "request: there is no body"
        elif operation["body"] is None:
            yield "request: a body is not published"
        else:
            if exchange["type"].split(";")[0] not in operation["types"]:
                yield f"request: {exchange['type']} is not published"
            yield from self.errors(operation["body"], body, "request")


def states(service, document):
    if service == "heroku":
        return document["definitions"]["release"]["definitions"]["status"]["enum"]
    if service == "netlify":
        parameters = document["paths"]["/sites/{site_id}/deploys"]["parameters"]
        return next(parameter["enum"] for parameter in parameters if parameter["name"] == "state")
    return []


folder, service = pathlib.Path(sys.argv[1]), sys.argv[2]
text = next(folder.glob(f"{service}.*")).read_text(encoding="utf-8")
published = json.loads(text) if text.lstrip().startswith("{") else yaml.load(text, Loader=yaml.CSafeLoader)
document = Document(published)
for line in sys.stdin.read().splitlines():
    seen, found = set(), []
    for exchange in json.loads(line):
        found += [f"{exchange['method']} {exchange['url']} {exchange['status']}: {problem}"
                  for problem in document.problems(exchange, seen)]
    print(json.dumps({"problems": found, "seen": sorted(seen), "states": states(service, published)}))
