"""Reads variables with python-gitlab, or makes what a test needs.

Arguments: address of GitLab without /api/v4. Standard input: one line of JSON with the token and what is wanted:
a list of {"project" | "group" | nothing, "key", "scope"}. Prints what python-gitlab shows, one object a line.
"""
import json
import sys

import gitlab

wish = json.load(sys.stdin)
# With its own limit on requests, as anybody would use it.
api = gitlab.Gitlab(sys.argv[1], private_token=wish["token"])

for place in wish["variables"]:
    if "project" in place:
        variables = api.projects.get(place["project"]).variables
    elif "group" in place:
        variables = api.groups.get(place["group"]).variables
    else:
        variables = api.variables
    query = {"filter": {"environment_scope": place["scope"]}} if "scope" in place else {}
    if "make" in place:
        variables.create({"key": place["key"], "environment_scope": place.get("scope", "*"), **place["make"]})
    shown = variables.get(place["key"], **query).attributes
    print(json.dumps({name: shown.get(name) for name in place["show"]}))
