"""Prints the names in the published types of Fly.io's secrets, as a provider that is generated from its description has them.

The provider is read and not run: it wants a program of its own.
"""
import ast
import importlib.util
import json
import pathlib

folder = pathlib.Path(importlib.util.find_spec("pulumi_fly_machines").submodule_search_locations[0], "apps", "v1")
# What is no member of a body: names in the path, and what the provider adds.
OTHERS = {"app_name", "secret_name", "query_params"}


def members(file, name):
    """The names of a class's properties."""
    body = ast.parse((folder / file).read_text(encoding="utf-8")).body
    found = next(node for node in body if isinstance(node, ast.ClassDef) and node.name == name)
    functions = [node for node in found.body if isinstance(node, ast.FunctionDef)]
    properties = {node.name for node in functions
                  if any(ast.unparse(item).startswith("pulumi.getter") for item in node.decorator_list)}
    return sorted(properties - OTHERS)


print(json.dumps({
    "request": members("secret.py", "SecretArgs"), "written": members("secret.py", "Secret"),
    "list": members("list_secrets.py", "ListSecretsResult"), "listed": members("outputs.py", "AppSecret"),
}))
