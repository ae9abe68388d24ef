"""Validates documents against a JSON Schema with clients that are not ours. Reads {"schema": PATH or null, "builtin": NAME,
"documents": {NAME: TEXT}} from standard input, YAML or JSON, and prints {NAME: COMPLAINT} of those that are not valid."""

import json
import sys

from check_jsonschema.builtin_schemas import get_builtin_schema
from jsonschema import Draft202012Validator, validators
from ruamel.yaml import YAML

order = json.load(sys.stdin)
if order["schema"]:
    with open(order["schema"], encoding="utf-8") as file:
        schema = json.load(file)
    kind = Draft202012Validator
else:
    schema = get_builtin_schema(order["builtin"])
    kind = validators.validator_for(schema)
kind.check_schema(schema)
validator = kind(schema, format_checker=kind.FORMAT_CHECKER)

complaints = {}
for name, text in order["documents"].items():
    try:
        # YAML 1.2, of which JSON is a part; a key that stands twice is an error.
        document = YAML(typ="safe", pure=True).load(text)
    except Exception as error:  # Whatever a broken document makes it say.
        complaints[name] = f"cannot be read: {error}"
        continue
    error = next(iter(validator.iter_errors(document)), None)
    if error is not None:
        complaints[name] = f"{error.json_path}: {error.message[:200]}"
json.dump(complaints, sys.stdout)
