"""Values under an OpenAPI 3.1 specification, whose schemas are JSON Schema 2020-12."""

import json

import jsonschema
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

CHECKER = jsonschema.Draft202012Validator.FORMAT_CHECKER


class Schemas:
    def __init__(self, specification):
        self.specification = specification
        self.registry = Registry().with_resource(
            "urn:specification", Resource.from_contents(specification, default_specification=DRAFT202012)
        )
        self.validators = {}

    def problems(self, schema, value):
        key = json.dumps(schema)
        if key not in self.validators:
            whole = json.loads(key.replace('"#/', '"urn:specification#/'))
            self.validators[key] = jsonschema.Draft202012Validator(
                whole, registry=self.registry, format_checker=CHECKER
            )
        return [f"{error.json_path}: {error.message}" for error in self.validators[key].iter_errors(value)]

    def resolve(self, schema):
        while "$ref" in schema:
            schema = self.specification["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        return schema
