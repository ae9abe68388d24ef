"""OpenRouter's own Python client does every management operation that it has against a running sandbox.

Reads the sandbox's greeting, with a federation policy and a token for it, from standard input. The client checks every
answer against its models and raises where one does not fit; an operation that was not called is a failure.
"""

import json
import sys
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone

from openrouter import OpenRouter, errors

greeting = json.load(sys.stdin)
url = greeting["url"]
AREAS = [
    "analytics", "api_keys", "byok", "credits", "external_users", "generations", "guardrails", "o_auth",
    "observability", "organization", "workspaces",
]  # fmt: skip
# What is not in the specification of the management API.
EXCEPTIONS = {
    "generations.list_generation_content": "returns prompts and answers, which the sandbox does not keep",
    "generations.submit_feedback": "goes to OpenRouter's support",
}
called = set()


class Seen:
    """An area of the client that remembers what was called and answered."""

    def __init__(self, name, area):
        self.name, self.area = name, area

    def operations(self):
        for name in dir(self.area):
            if not name.startswith("_") and not name.endswith("_async") and name != "do_request":
                if callable(getattr(self.area, name)):
                    yield f"{self.name}.{name}"

    def __getattr__(self, name):
        def call(*arguments, **named):
            answer = getattr(self.area, name)(*arguments, **named)
            called.add(f"{self.name}.{name}")
            return answer

        return call


class Client:
    def __init__(self, key):
        client = OpenRouter(api_key=key, server_url=url)
        self.chat = client.chat
        for area in AREAS:
            setattr(self, area, Seen(area, getattr(client, area)))


def refused(error, call, *arguments, **named):
    try:
        call(*arguments, **named)
    except error as caught:
        return caught
    raise AssertionError(f"{error.__name__} was expected")


def status_at(host, key):
    """The status of a call through one of the hosts, all of which end at the sandbox."""
    body = json.dumps({"model": "a/b", "messages": [{"role": "user", "content": "hello"}]}).encode()
    fields = {"Authorization": "Bearer " + key, "Content-Type": "application/json", "Host": host}
    try:
        with urllib.request.urlopen(urllib.request.Request(url + "/chat/completions", body, fields)) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code


def rows(page):
    assert page.result.total_count >= len(page.result.data)
    return [row.id for row in page.result.data]


manager = Client(greeting["management_key"])
application = Client(greeting["predecessor"]["key"])
member = manager.organization.list_members().result.data[0].id

# Keys, and a workspace of their own.
workspace = manager.workspaces.create(name="Work", slug="work", io_logging_sampling_rate=0.5).data
assert manager.workspaces.get(id="work").data.id == workspace.id in rows(manager.workspaces.list())
assert manager.workspaces.update(id="work", description="ours").data.description == "ours"
assert manager.workspaces.bulk_add_members(id="work", user_ids=[member]).added_count == 1
assert [row.user_id for row in manager.workspaces.list_members(id="work").result.data] == [member]
assert manager.workspaces.set_budget(workspace_ref="work", interval="monthly", limit_usd=9.5).data.limit_usd == 9.5
assert manager.workspaces.get_budget(workspace_ref="work", interval="monthly").data.reset_interval == "monthly"
assert len(manager.workspaces.list_budgets(workspace_ref="work").data) == 1
assert manager.workspaces.delete_budget(workspace_ref="work", interval="monthly").DELETED
assert manager.workspaces.bulk_remove_members(id="work", user_ids=[member]).removed_count == 1
external = {"user": "somebody", "api_key": "k" * 32}
made = manager.api_keys.create(name="a", workspace_id=workspace.id, external=external).data
assert made.external_user == "somebody" and made.workspace_id == workspace.id
assert [key.hash for key in manager.api_keys.list(workspace_id=workspace.id).data] == [made.hash]
assert manager.api_keys.update(hash=made.hash, limit=5).data.limit == 5
assert manager.api_keys.get(hash=made.hash).data.limit == 5
here = manager.api_keys.create(name="b").data
assert application.api_keys.get_current_key_metadata().data.workspace_id == here.workspace_id

# Guardrails.
guardrail = manager.guardrails.create(
    name="spend", limit_usd=5, reset_interval="daily", content_filter_builtins=[{"slug": "email", "action": "redact"}]
).data
assert manager.guardrails.get(id=guardrail.id).data.limit_usd == 5 and guardrail.id in rows(manager.guardrails.list())
assert manager.guardrails.update(id=guardrail.id, allowed_data_regions=["global"]).data.limit_usd == 5
assert manager.guardrails.bulk_assign_keys(id=guardrail.id, key_hashes=[here.hash, "0" * 64]).assigned_count == 1
for page in [
    manager.guardrails.list_key_assignments(),
    manager.guardrails.list_guardrail_key_assignments(id=guardrail.id),
]:
    assert [row.key_hash for row in page.result.data] == [here.hash]
refused(errors.BadRequestResponseError, manager.guardrails.bulk_assign_keys, id=guardrail.id, key_hashes=[made.hash])
assert manager.guardrails.bulk_unassign_keys(id=guardrail.id, key_hashes=[here.hash]).unassigned_count == 1
assert manager.guardrails.bulk_assign_members(id=guardrail.id, member_user_ids=[member]).assigned_count == 1
for page in [
    manager.guardrails.list_member_assignments(),
    manager.guardrails.list_guardrail_member_assignments(id=guardrail.id),
]:
    assert [row.user_id for row in page.result.data] == [member]
assert manager.guardrails.bulk_unassign_members(id=guardrail.id, member_user_ids=[member]).unassigned_count == 1
assert manager.guardrails.delete(id=guardrail.id).DELETED

# Regions.
european = manager.api_keys.create(name="european")
abroad = manager.guardrails.create(name="abroad", allowed_data_regions=["europe"]).data
manager.guardrails.bulk_assign_keys(id=abroad.id, key_hashes=[european.data.hash])
assert [status_at(name + "openrouter.ai", european.key) for name in ("", "us.", "eu.")] == [403, 403, 200]

# Providers' keys.
own = manager.byok.create(provider="openai", key="sk-0123456789", allowed_api_key_hashes=[here.hash]).data
assert manager.byok.get(id=own.id).data.allowed_api_key_hashes == [here.hash] and own.id in rows(manager.byok.list())
refused(errors.BadRequestResponseError, manager.byok.update, id=own.id, allowed_api_key_hashes=[])
refused(errors.BadRequestResponseError, manager.byok.update, id=own.id, allowed_api_key_hashes=[here.hash, "0" * 64])
assert manager.byok.update(id=own.id, allowed_api_key_hashes=None, name="own").data.allowed_api_key_hashes is None
assert manager.byok.delete(id=own.id).DELETED

# Destinations.
place = manager.observability.create(
    type_="langfuse", name="traces", config={"secretKey": "sk-lf-0123456789", "publicKey": "pk"}
).data
assert manager.observability.get(id=place.id).data.config.secret_key == "sk-l****6789"
assert place.id in rows(manager.observability.list())
changed = manager.observability.update(id=place.id, api_key_hashes=[here.hash]).data
assert changed.api_key_hashes == [here.hash] and changed.config.public_key == "pk"
assert manager.observability.delete(id=place.id).DELETED

# The organization and its register.
assert not manager.organization.get_settings().data.is_filtered_model_catalog_enabled
settings = manager.organization.update_settings(is_filtered_model_catalog_enabled=True).data
assert settings.is_filtered_model_catalog_enabled
assert manager.external_users.create(user="a b").data.is_active
refused(errors.ConflictResponseError, manager.external_users.create, user="a b")
assert not manager.external_users.update(user="a b", is_active=False).data.is_active
assert manager.external_users.list().result.data == []
assert manager.external_users.get(user="a b").data.user == "a b"
manager.external_users.delete(user="a b")

# What was used.
answer = application.chat.send(model="openai/gpt-4o", messages=[{"role": "user", "content": "hello"}])
assert manager.generations.get_generation(id=answer.id).data.model == "openai/gpt-4o"
meta = manager.analytics.get_analytics_meta().data
assert "request_count" in [metric.name for metric in meta.metrics] and len(meta.granularities) == 5
now = datetime.now(timezone.utc)
manager.analytics.query_analytics(
    metrics=["request_count", "total_usage"], dimensions=["model", "user"], granularity="week",
    filters=[{"field": "api_key_id", "operator": "in", "value": [here.hash, greeting["predecessor"]["hash"]]}],
    order_by={"field": "total_usage", "direction": "desc"},
    time_range={"start": now - timedelta(days=200), "end": now},
)  # fmt: skip
manager.analytics.get_user_activity(request={"group_by": "workspace", "user_id": member})
assert manager.credits.get_credits().data.total_usage > 0

# Keys that nobody administers, and tokens for keys that nobody holds.
code = manager.o_auth.create_auth_code(callback_url="https://example.com", limit=5, usage_limit_type="daily").data.id
key = manager.o_auth.exchange_auth_code_for_api_key(code=code).key
assert Client(key).api_keys.get_current_key_metadata().data.limit == 5
urn = "urn:ietf:params:oauth:"
token = manager.o_auth.create_oauth_token(
    grant_type=urn + "grant-type:token-exchange", subject_token_type=urn + "token-type:jwt", scope="management",
    subject_token=greeting["subject_token"], federation_policy_id=greeting["policy"],
)  # fmt: skip
assert token.scope == "management" and 0 < token.expires_in <= 900
assert manager.o_auth.list_oauth_jwks().keys[0].kty == "EC"
assert Client(token.access_token).api_keys.get(hash=here.hash).data.name == "b"

# The end.
refused(errors.BadRequestResponseError, manager.workspaces.delete, id="work")
assert manager.api_keys.delete(hash=made.hash).DELETED
assert manager.workspaces.delete(id="work").DELETED

known = {name for area in AREAS for name in getattr(manager, area).operations()}
missing = known - called - EXCEPTIONS.keys()
assert not missing, f"never called: {sorted(missing)}"
assert EXCEPTIONS.keys() <= known, "an exception is none any more"
print(f"{len(called)} operations")
