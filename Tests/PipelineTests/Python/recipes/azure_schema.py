"""Prints an Azure pipeline as its published schema sees one: every scalar is text, but for those of a task."""

import json
import sys

import yaml


def texts(value):
    if isinstance(value, dict):
        return value if "task" in value else {name: texts(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [texts(entry) for entry in value]
    return str(value).lower() if isinstance(value, bool) else str(value)


with open(sys.argv[1]) as file:
    print(json.dumps(texts(yaml.safe_load(file))))
