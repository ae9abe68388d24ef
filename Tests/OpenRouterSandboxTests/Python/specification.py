"""OpenRouter's OpenAPI specification of the management API, without its prose.

    specification.py FULL            prints it as the fixture has it
    specification.py FULL FIXTURE    exits 1 if the fixture differs from it
"""

import sys

import yaml

# What needs no management key, or no key at all.
OPEN = {"/key", "/generation", "/auth/keys", "/auth/keys/code", "/oauth/token", "/oauth/jwks"}

HEADER = """\
# OpenRouter's OpenAPI specification of the management API, which the sandbox implements; written by
# ../Python/specification.py.
# Origins: OpenRouter's published specification of 2026-08-22 (MIT licence), merged with the fields that its Python
# client of 2026-10-27 (PyPI openrouter 1.3.84) knows beyond it; each of those is marked x-derived-from.
# All paths of the management API; left out: examples, descriptions, tags and the settings of client generators.
# Chat completions are no part of the specification of the management API; the Python client validates them.
"""

METHODS = ["get", "post", "put", "patch", "delete"]
PROSE = {"description", "example", "examples", "summary", "tags"}


def load(path):
    with open(path, encoding="utf-8") as file:
        return yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def bare(node, names=False):
    """Without prose; `names` says that the keys are names of properties, not of schema words."""
    if isinstance(node, dict):
        return {
            key: bare(value, key in ("properties", "schemas"))
            for key, value in node.items()
            if names or not (key in PROSE or key.startswith("x-speakeasy"))
        }
    if isinstance(node, list):
        return [bare(value) for value in node]
    return node


def references(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value.rsplit("/", 1)[1]
            else:
                yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def part(full):
    paths = {}
    for path, item in full["paths"].items():
        paths[path] = {method: bare(item[method]) for method in METHODS if method in item}
    schemas, waiting = {}, list(references(paths))
    while waiting:
        name = waiting.pop()
        if name not in schemas:
            schemas[name] = bare(full["components"]["schemas"][name])
            waiting.extend(references(schemas[name]))
    return {"openapi": full["openapi"], "paths": paths, "components": {"schemas": dict(sorted(schemas.items()))}}


if __name__ == "__main__":
    found = part(load(sys.argv[1]))
    if len(sys.argv) == 2:
        print(HEADER + yaml.safe_dump(found, sort_keys=False, width=110), end="")
    elif load(sys.argv[2]) != found:
        sys.exit("the fixture differs from the specification; write it anew with specification.py")
