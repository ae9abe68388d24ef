"""Values that an OpenAPI 3.1 schema allows, and values that it forbids."""

import uuid
from datetime import datetime, timedelta, timezone


def moment(days):
    return (datetime.now(timezone.utc) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Generator:
    """Draws from `chance`. A hash, a workspace and a token stand wherever their pattern or format is asked for."""

    def __init__(self, schemas, chance, hash, workspace, token):
        self.schemas, self.chance, self.hash = schemas, chance, hash
        self.patterns = {
            "^[a-f0-9]{64}$": lambda: hash,
            "^[a-z0-9]+(?:-[a-z0-9]+)*$": lambda: uuid.UUID(int=self.chance.getrandbits(128)).hex,
            r"^[\w-]+\.[\w-]+\.[\w-]+$": lambda: token,
            "^[a-zA-Z0-9_]+(?:[.-][a-zA-Z0-9_]+)*$": lambda: "org-account.one",
            r"^https:\/\/([^:@]+)(?::[^@]*)?@([^/]+)(?:\/[^/]+)*\/(\d+)\/?$": lambda: "https://key@sentry.example/1",
        }
        self.formats = {
            "uuid": lambda: workspace,
            "date-time": lambda: moment(30),
            "uri": lambda: "https://example.com/",
        }

    def text(self, low, high):
        letters = (self.chance.choice("abcXYZ019 -é漢") for _ in range(self.chance.randint(low, high)))
        return "".join(letters).strip().ljust(low, "x")

    def make(self, schema):
        """A value that the schema allows."""
        schema = self.schemas.resolve(schema)
        for word in ("oneOf", "anyOf"):
            if word in schema:
                return self.make(self.chance.choice(schema[word]))
        for part in schema.get("allOf", []):
            if part.keys() - {"description"}:
                return self.make(part)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self.chance.choice(schema["enum"])
        kinds = schema.get("type", "object")
        kind = self.chance.choice(kinds) if isinstance(kinds, list) else kinds
        if kind == "null":
            return None
        if kind == "boolean":
            return self.chance.random() < 0.5
        if kind == "integer":
            return self.chance.randint(schema.get("minimum", 0), schema.get("maximum", 50))
        if kind == "number":
            return round(self.chance.uniform(schema.get("minimum", 0.0001), schema.get("maximum", 1)), 4)
        if kind == "string":
            if "pattern" in schema:
                return self.patterns[schema["pattern"]]()
            if "format" in schema:
                return self.formats[schema["format"]]()
            low = schema.get("minLength", 0)
            return self.text(low, min(schema.get("maxLength", 20), low + 20))
        if kind == "array":
            low = schema.get("minItems", 0)
            high = min(schema.get("maxItems", 3), low + 2)
            return [self.make(schema["items"]) for _ in range(self.chance.randint(low, high))]
        made = {}
        for name, member in schema.get("properties", {}).items():
            if name in schema.get("required", []) or self.chance.random() < 0.5:
                made[name] = self.make(member)
        return made

    def spoil(self, schema, value):
        """The value with one thing that the schema forbids, or None where there is nothing to forbid."""
        schema = self.schemas.resolve(schema)
        names = list(schema.get("properties", {}))
        for _ in range(20):
            name = self.chance.choice(names) if names else None
            if name is None:
                return None
            broken = dict(value)
            member = self.schemas.resolve(schema["properties"][name])
            inner = broken.get(name)
            if name in schema.get("required", []) and self.chance.random() < 0.3:
                broken.pop(name, None)
            elif isinstance(inner, dict) and self.chance.random() < 0.5:
                broken[name] = self.spoil(member, inner)
            elif isinstance(inner, list) and inner and isinstance(inner[0], dict) and self.chance.random() < 0.5:
                broken[name] = [self.spoil(member["items"], inner[0])] + inner[1:]
            else:
                longest, most = member.get("maxLength"), member.get("maxItems")
                wrong = [1.5, "?", True, [], {}, None, -1, [1], ["?"], {"?": "?"}, ""]
                wrong += ["x" * (longest + 1)] if longest else []
                wrong += [[self.hash] * (most + 1)] if most else []
                broken[name] = self.chance.choice(wrong)
            if self.schemas.problems(schema, broken):
                return broken
        return None
