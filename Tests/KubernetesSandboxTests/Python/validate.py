"""Holds recorded exchanges against Kubernetes' published OpenAPI.

    validate.py < INPUT

Every line of INPUT is one variant: an array of exchanges, each with method, path, content_type, request, status,
response. For every variant one line is printed: a JSON array of the problems found.

The schemas are those that kubernetes-validate carries, made from the OpenAPI document of each version; paths, parameters
and media types are those of the official client, which is generated from the same document.
"""

import base64
import inspect
import json
import pathlib
import re
import sys
from urllib.parse import parse_qsl, unquote, urlsplit

import jsonschema
import kubernetes_validate
from kubernetes.client import AppsV1Api, CoreV1Api
from referencing import Registry
from referencing.jsonschema import DRAFT202012

SCHEMAS = pathlib.Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema/v1.37.0-local-strict"
DEFINITIONS = json.loads((SCHEMAS / "_definitions.json").read_text())
REGISTRY = Registry().with_resource("/api/_definitions.json", DRAFT202012.create_resource(DEFINITIONS))
META = "io.k8s.apimachinery.pkg.apis.meta.v1."
PARTIAL = {"application/merge-patch+json", "application/strategic-merge-patch+json"}
KINDS = {"secrets": "Secret", "deployments": "Deployment", "statefulsets": "StatefulSet", "daemonsets": "DaemonSet",
         "namespaces": "Namespace"}

formats = jsonschema.FormatChecker()


@formats.checks("byte", raises=ValueError)
def is_base64(value):
    return not isinstance(value, str) or base64.b64encode(base64.b64decode(value, validate=True)).decode() == value


def operations():
    """What the client can ask for: by method, a pattern of the path, parameters, media types and statuses."""
    for api in (CoreV1Api, AppsV1Api):
        for name, function in inspect.getmembers(api, inspect.isfunction):
            if not name.endswith("_with_http_info"):
                continue
            source = inspect.getsource(function)
            path, method = re.search(r"call_api\(\s*'([^']+)', '([A-Z]+)'", source).groups()
            pattern = re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)) + "$")
            types = re.search(r"select_header_content_type\(\s*\[([^\]]*)\]", source)
            yield {
                "name": name.removesuffix("_with_http_info"),
                "method": method,
                "pattern": pattern,
                "parameters": set(re.findall(r"query_params\.append\(\('(\w+)'", source)),
                "types": set(re.findall(r"'([^']+)'", types[1])) if types else {"application/json"},
                "statuses": set(map(int, re.findall(r"^\s+(\d{3}): ", source, re.M))),
            }


OPERATIONS = list(operations())


def schema(kind, api_version):
    """The definition of a kind, whose name ends in version and kind."""
    if kind in {"Status", "APIResourceList", "APIGroupList", "APIVersions", "APIGroup"}:
        return META + kind
    group, _, version = api_version.rpartition("/")
    name = f"io.k8s.api.{group or 'core'}.{version}.{kind}"
    return name if name in DEFINITIONS["$defs"] else None


def relaxed(value):
    """A schema for a patch: nothing is required."""
    if isinstance(value, dict):
        return {key: relaxed(item) for key, item in value.items() if key != "required"}
    return [relaxed(item) for item in value] if isinstance(value, list) else value


RELAXED = REGISTRY.with_resource("/api/_definitions.json", DRAFT202012.create_resource(relaxed(DEFINITIONS)))


def errors(value, name, where, registry=REGISTRY):
    validator = jsonschema.Draft202012Validator(
        {"$ref": f"/api/_definitions.json#/$defs/{name}"}, registry=registry, format_checker=formats
    )
    for error in validator.iter_errors(value):
        yield f"{where} {error.json_path}: {error.message}"


def problems(exchange, seen):
    url = urlsplit(exchange["path"])
    path = "/".join(unquote(segment) for segment in url.path.split("/"))
    answer, status = exchange["response"], exchange["status"]
    kind = answer.get("kind") if isinstance(answer, dict) else None
    if exchange["method"] == "GET" and path in {"/api", "/apis", "/api/v1", "/apis/apps/v1", "/apis/apps"}:
        yield from errors(answer, schema(kind, "v1"), "response")
        return
    found = [o for o in OPERATIONS if o["method"] == exchange["method"] and o["pattern"].match(path)]
    if not found:
        if status not in {404, 405}:
            yield f"no such operation, and status {status}"
        return
    operation = found[0]
    unknown = {name for name, _ in parse_qsl(url.query)} - operation["parameters"]
    if unknown:
        yield f"{operation['name']} has no parameter {', '.join(sorted(unknown))}"
    if status >= 400:
        if kind != "Status" or answer.get("code") != status:
            yield "the refusal is no Status of this code"
        yield from errors(answer, META + "Status", "response")
        return
    object_kind = KINDS[[word for word in path.split("/") if word in KINDS][-1]]
    version = "apps/v1" if path.startswith("/apis/apps") else "v1"
    if exchange["request"] is not None and exchange["method"] in {"POST", "PUT", "PATCH"}:
        media = exchange["content_type"]
        if exchange["method"] == "PATCH" and media not in operation["types"]:
            yield f"{operation['name']} takes no {media}"
        registry = RELAXED if media in PARTIAL else REGISTRY
        yield from errors(exchange["request"], schema(object_kind, version), "request", registry)
    seen.add(operation["name"])
    if status not in operation["statuses"]:
        yield f"status {status} is none of {operation['name']}"
    wanted = "Status" if exchange["method"] == "DELETE" else object_kind
    if operation["name"].startswith("list_"):
        wanted += "List"
    if kind != wanted or answer.get("apiVersion") != ("v1" if wanted == "Status" else version):
        yield f"the answer is a {answer.get('apiVersion')} {kind}"
        return
    yield from errors(answer, schema(kind, version), "response")


for line in sys.stdin.read().splitlines():
    seen, found = set(), []
    for exchange in json.loads(line):
        found += [f"{exchange['method']} {exchange['path']}: {text}" for text in problems(exchange, seen)]
    print(json.dumps({"problems": found, "seen": sorted(seen)}))
