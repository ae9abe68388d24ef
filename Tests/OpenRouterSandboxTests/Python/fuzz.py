"""Sends what the specification allows, and what it forbids, to a running sandbox.

    fuzz.py SPECIFICATION SEED ROUNDS

Reads the sandbox's greeting, with a federation policy and a token for it, from standard input. In each round every
documented operation gets one request that the schema allows and one that it forbids. The first must be accepted, the
second refused, both with a documented status and a body that validates. Prints every deviation, the numbers last.
"""

import http.client
import json
import random
import sys
import uuid
from urllib.parse import quote, urlencode, urlsplit

from generator import Generator, moment
from specification import METHODS, load
from validation import Schemas

specification = load(sys.argv[1])
schemas = Schemas(specification)
chance = random.Random(int(sys.argv[2]))
greeting = json.load(sys.stdin)
root = urlsplit(greeting["url"])
connection = http.client.HTTPConnection(root.hostname, root.port)
FORM = "application/x-www-form-urlencoded"


class World:
    """What there is to refer to: the ids that requests name."""

    def __init__(self):
        self.hash = greeting["predecessor"]["hash"]
        self.workspace = self.ask("GET", "/workspaces")[1]["data"][0]["id"]
        self.member = self.ask("GET", "/organization/members")[1]["data"][0]["id"]

    def ask(self, method, path, body=None, key=greeting["management_key"], form=False):
        headers = {"Authorization": "Bearer " + key} if key else {}
        if body is not None:
            headers["Content-Type"] = FORM if form else "application/json"
        content = None if body is None else urlencode(body) if form else json.dumps(body)
        connection.request(method, root.path + path, content, headers)
        response = connection.getresponse()
        read = response.read()
        return response.status, json.loads(read) if read else None

    def made(self, path, body):
        status, answer = self.ask("POST", path, body)
        assert status == 201, (path, status, answer)
        return answer["data"]


world = World()
generator = Generator(schemas, chance, world.hash, world.workspace, greeting["subject_token"])
WEBHOOK = {"type": "webhook", "name": "w", "config": {"url": "https://example.com"}}


class Place:
    """Something of its own for the path of one request, taken away again."""

    def __init__(self, template):
        self.delete, self.values, self.kind = None, {}, template.split("/")[1]
        if "{" not in template:
            return
        name = template.split("{")[1].split("}")[0]
        if self.kind == "keys":
            self.values[name] = world.made("/keys", {"name": "fuzzed"})["hash"]
        elif self.kind == "external-users":
            user = generator.text(5, 20) + str(chance.random())
            self.values[name] = world.made("/external-users", {"user": user})["user"]
        elif self.kind == "workspaces":
            slug = uuid.UUID(int=chance.getrandbits(128)).hex
            self.values[name] = world.made("/workspaces", {"name": "fuzzed", "slug": slug})["id"]
        elif self.kind == "observability":
            self.values[name] = world.made("/observability/destinations", WEBHOOK)["id"]
        else:
            body = {"guardrails": {"name": "g"}, "byok": {"provider": "groq", "key": "gsk-0123456789"}}[self.kind]
            self.values[name] = world.made("/" + self.kind, body)["id"]
        self.delete = template.split("{")[0] + quote(self.values[name], safe="")

    def leave(self):
        if self.delete:
            world.ask("DELETE", self.delete)


def forget(path, answer):
    """Takes away what a request has made."""
    data = (answer or {}).get("data", {})
    if path.endswith("/destinations") or path in ("/guardrails", "/byok", "/workspaces"):
        world.ask("DELETE", f"{path}/{data['id']}")
    elif path == "/keys":
        world.ask("DELETE", f"{path}/{data['hash']}")


def sensible(method, template, body):
    """The body within the rules that stand in the prose alone."""
    if "workspace_id" in body:
        body["workspace_id"] = world.workspace
    if template == "/guardrails" and (body.get("limit_usd") is None or body.get("reset_interval") is None):
        body.pop("limit_usd", None), body.pop("reset_interval", None)
    if template.startswith("/byok"):
        # A region is the key's or the provider's own; a fallback cannot be the only way.
        body.pop("declared_region", None)
        if body.get("is_byok_only"):
            body["is_fallback"] = False
    if template.startswith("/observability"):
        kind = body.setdefault("type", "webhook") if method == "post" else "webhook"
        if "config" in body:
            body["config"] = generator.make(configuration(kind))
    if template.startswith("/auth/keys") and "code" in body:
        code = world.ask("POST", "/auth/keys/code", {"callback_url": "https://example.com"})[1]["data"]["id"]
        body["code"] = code
    if template == "/keys/{hash}" and not body:
        body["name"] = "renamed"
    if template == "/analytics/query":
        return analytics()
    if template == "/oauth/token":
        body["federation_policy_id"] = greeting["policy"]
        body.pop("scope", None)
    if template == "/external-users":
        body["user"] = body["user"].strip() + str(chance.random())
    return body


def configuration(kind):
    for branch in specification["components"]["schemas"]["ObservabilityDestination"]["oneOf"]:
        destination = schemas.resolve(branch)["properties"]
        if destination["type"]["enum"] == [kind]:
            return destination["config"]


def analytics():
    """A question of known words; classifiers are things of their own, which the account has none of."""
    schema = specification["paths"]["/analytics/query"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    known = {name: schema["properties"][name]["items"]["x-known-values"] for name in ("metrics", "dimensions")}
    item = schema["properties"]["filters"]["items"]["properties"]
    question = {name: chance.sample(known[name], chance.randint(1, 2)) for name in known}
    days = chance.randint(1, 30)
    if chance.random() < 0.7:
        question["granularity"] = chance.choice(["hour", "day", "week", "month"])
    if chance.random() < 0.7:
        question["time_range"] = {"start": moment(-days), "end": moment(0)}
    if chance.random() < 0.7:
        operator = chance.choice(item["operator"]["x-known-values"])
        value = ["a", 1] if operator in ("in", "not_in") else "a"
        field = chance.choice(item["field"]["x-known-values"])
        question["filters"] = [{"field": field, "operator": operator, "value": value}]
    if chance.random() < 0.5:
        question["order_by"] = {"field": question["metrics"][0], "direction": chance.choice(["asc", "desc"])}
    if chance.random() < 0.5:
        question["limit"], question["group_limit"] = chance.randint(1, 10000), chance.randint(1, 100)
    return question


def query(template, described, valid):
    """Parameters that are allowed, one of them spoilt unless they shall be valid."""
    values, spoilt = {}, False
    for parameter in described.get("parameters", []):
        if parameter["in"] != "query":
            continue
        name, schema = parameter["name"], parameter["schema"]
        if parameter.get("required") or chance.random() < 0.5:
            value = generator.make(schema)
            if name == "date":
                value = moment(-chance.randint(1, 29))[:10]
            value = {"workspace_id": world.workspace, "api_key_hash": world.hash, "id": generation}.get(name, value)
            if value is not None:
                values[name] = str(value).lower() if isinstance(value, bool) else value
    if not valid:
        bad = {"offset": [-1, "x"], "limit": [0, 101, "x"], "workspace_id": ["x"], "provider": ["x"], "group_by": ["x"]}
        names = [p["name"] for p in described.get("parameters", []) if p["in"] == "query" and p["name"] in bad]
        if names and "400" in described["responses"]:
            name = chance.choice(names)
            values[name], spoilt = chance.choice(bad[name]), True
    return values, spoilt


def request(template, method, described, valid):
    """Sends one request; says what deviates, if anything was sent."""
    place = Place(template)
    path = template
    for parameter in described.get("parameters", []):
        if parameter["in"] == "path":
            name = parameter["name"]
            value = place.values.get(name) or generator.make(parameter["schema"])
            path = path.replace("{" + name + "}", quote(str(value), safe=""))
    if method == "get" and template.endswith("/budgets/{interval}"):
        world.ask("PUT", path, {"limit_usd": 1})
    parameters, spoilt = query(template, described, valid)
    body, form = None, False
    if "requestBody" in described:
        ((kind, content),) = described["requestBody"]["content"].items()
        form = kind == FORM
        body = sensible(method, template, generator.make(content["schema"]))
        if template.endswith("/assignments/keys") or template.endswith("/keys/remove"):
            body["key_hashes"] = [world.hash]
        assert not schemas.problems(content["schema"], body), (template, body)
        if not valid and not spoilt:
            broken = generator.spoil(content["schema"], body)
            # A form has no types: what is no text cannot be sent.
            spoilt = broken is not None and not (form and any(not isinstance(v, str) for v in broken.values()))
            body = broken if spoilt else body
    if not valid and not spoilt and "{" in template and "404" in described["responses"]:
        path, spoilt = path.replace(quote(next(iter(place.values.values())), safe=""), "nobody"), True
    if not valid and not spoilt:
        place.leave()
        return None
    if parameters:
        path += "?" + urlencode(parameters)
    key = greeting["predecessor"]["key"] if template in ("/key", "/generation") else greeting["management_key"]
    status, answer = world.ask(method.upper(), path, body, key, form)
    documented = dict(described["responses"])
    found = []
    if str(status) not in documented:
        found.append("the status is not documented")
    elif "content" in documented[str(status)]:
        found += schemas.problems(documented[str(status)]["content"]["application/json"]["schema"], answer)
    # Analytics answers 64 questions in a minute.
    if valid and status >= 300 and not (status == 429 and template == "/analytics/query"):
        found.append("a valid request was refused")
    if not valid and not 400 <= status < 500:
        found.append("an invalid request was accepted")
    if method == "post" and 200 <= status < 300:
        forget(template, answer)
    place.leave()
    return [f"{method.upper()} {path} {json.dumps(body)} {status} {json.dumps(answer)[:200]}: {one}" for one in found]


generation = world.ask(
    "POST", "/chat/completions", {"model": "a/b", "messages": [{"role": "user", "content": "hello"}]},
    greeting["predecessor"]["key"],
)[1]["id"]  # fmt: skip
sent, deviations = {True: 0, False: 0}, []
for _ in range(int(sys.argv[3])):
    for template, item in specification["paths"].items():
        for method in METHODS:
            for valid in (True, False) if method in item else ():
                found = request(template, method, item[method], valid)
                if found is not None:
                    sent[valid] += 1
                    deviations += found
for deviation in dict.fromkeys(deviations):
    print(deviation)
print(f"{sent[True]} valid and {sent[False]} invalid requests, {len(deviations)} deviations")
sys.exit(1 if deviations else 0)
