"""OpenRouter's own Python client does every key operation against a running sandbox.

Reads the sandbox's greeting (url, management_key, predecessor) from standard input. The client checks every answer
against its models and raises where one does not fit.
"""

import hashlib
import json
import sys
import urllib.request
from datetime import datetime, timedelta, timezone

from openrouter import OpenRouter, errors

greeting = json.load(sys.stdin)
url, predecessor = greeting["url"], greeting["predecessor"]


def client(key):
    return OpenRouter(api_key=key, server_url=url)


def another_hand(hash, wish):
    request = urllib.request.Request(
        url.removesuffix("api/v1") + "sandbox/keys/" + hash, data=json.dumps(wish).encode(), method="POST"
    )
    with urllib.request.urlopen(request) as response:
        assert response.status == 200


def refused(error, call, *arguments, **named):
    try:
        call(*arguments, **named)
    except error as caught:
        return caught
    raise AssertionError(f"{error.__name__} was expected")


def names(**query):
    """All names, page by page, as every client must read them."""
    found, offset = [], 0
    while True:
        page = manager.api_keys.list(offset=offset, **query).data
        found += [key.name for key in page]
        if len(page) < 100:
            return found
        offset += 100


manager, application = client(greeting["management_key"]), client(predecessor["key"])
now = datetime.now(timezone.utc).replace(microsecond=0)

# Create: the key stands beside the data, and its hash is its SHA-256.
ends = now + timedelta(days=30)
made = manager.api_keys.create(
    name="successor", limit=12.5, limit_reset="monthly", include_byok_in_limit=True, expires_at=ends
)
assert made.data.hash == hashlib.sha256(made.key.encode()).hexdigest()
assert (made.data.name, made.data.limit, made.data.limit_reset) == ("successor", 12.5, "monthly")
assert made.data.include_byok_in_limit and made.data.expires_at == ends and not made.data.disabled
assert (made.data.usage, made.data.limit_remaining, made.data.last_used_at) == (0, 12.5, None)
error = refused(errors.BadRequestResponseError, manager.api_keys.create, name="late", expires_at=now)
assert error.status_code == 400 and error.data.error.code == 400

# List: more than two pages, the disabled and the expired ones only when asked for, one workspace at a time.
for number in range(205):
    manager.api_keys.create(name=f"key {number}")
assert len(manager.api_keys.list().data) == 100
assert sorted(names()) == sorted(["successor", predecessor["name"]] + [f"key {number}" for number in range(205)])
last, first = manager.api_keys.list(offset=0).data[:2]
manager.api_keys.update(hash=last.hash, disabled=True)
another_hand(first.hash, {"expires_at": "2026-01-01T00:00:00Z"})
assert len(names()) == 205 and len(names(include_disabled=True)) == 206 and len(names(include_expired=True)) == 206
assert len(names(include_disabled=True, include_expired=True)) == 207
workspace = manager.workspaces.create(name="Staging", slug="staging").data
page = manager.workspaces.list()
assert [row.name for row in page.result.data] == ["Default", "Staging"] and page.result.total_count == 2
there = manager.api_keys.create(name="there", workspace_id=workspace.id)
assert names(workspace_id=workspace.id) == ["there"] and "there" not in names()

# Get and update.
assert manager.api_keys.get(hash=made.data.hash).data.model_dump() == made.data.model_dump()
changed = manager.api_keys.update(hash=made.data.hash, name="renamed", limit=None, limit_reset=None).data
assert (changed.name, changed.limit, changed.limit_reset, changed.expires_at) == ("renamed", None, None, ends)
assert changed.updated_at is not None and changed.include_byok_in_limit
moved = manager.api_keys.update(hash=there.data.hash, workspace_id=made.data.workspace_id).data
assert moved.workspace_id == made.data.workspace_id and "there" in names()
error = refused(errors.BadRequestResponseError, manager.api_keys.update, hash=made.data.hash)
assert error.data.error.message == "No update fields provided"

# The application: it calls, it costs, it is seen.
before = manager.credits.get_credits().data
for model in ["openai/gpt-4o", "meta-llama/llama-3.3:free"]:
    result = application.chat.send(model=model, messages=[{"role": "user", "content": "hello"}])
    assert result.choices[0].message.content and result.usage.total_tokens > 0 and result.model == model
seen = manager.api_keys.get(hash=predecessor["hash"]).data
assert seen.usage == seen.usage_daily == seen.usage_weekly == seen.usage_monthly == 0.0005
assert abs((seen.last_used_at - now).total_seconds()) < 60
after = manager.credits.get_credits().data
assert after.total_credits == before.total_credits and after.total_usage == before.total_usage + 0.0005
current = application.api_keys.get_current_key_metadata().data
assert current.usage == 0.0005 and not current.is_management_key and current.label == seen.label
assert manager.api_keys.get_current_key_metadata().data.is_management_key


def minutes(hash):
    span = {"start": now - timedelta(hours=1), "end": now + timedelta(hours=1)}
    filters = [{"field": "api_key_id", "operator": "eq", "value": hash}]
    answer = manager.analytics.query_analytics(
        metrics=["request_count"], granularity="minute", filters=filters, time_range=span
    ).data
    # The client's model of a row keeps none of its members.
    assert not answer.metadata.truncated and answer.metadata.row_count == len(answer.data)
    return len(answer.data), answer.warnings or []


assert minutes(predecessor["hash"]) in [(1, []), (2, [])]
rows, warnings = minutes("0" * 64)
assert rows == 0 and len(warnings) == 1
assert manager.analytics.get_user_activity(request={"api_key_hash": predecessor["hash"]}).data == []

# The lists that may name a key.
for empty in [manager.guardrails.list_key_assignments(), manager.guardrails.list(), manager.byok.list()]:
    assert empty.result.data == [] and empty.result.total_count == 0
assert manager.observability.list().result.data == []

# Limits, disabling, deleting.
idle = manager.api_keys.create(name="idle", limit=0)
refused(
    errors.OpenRouterError, client(idle.key).chat.send, model="a/b", messages=[{"role": "user", "content": "hello"}]
)
manager.api_keys.update(hash=predecessor["hash"], disabled=True)
refused(errors.UnauthorizedResponseError, application.api_keys.get_current_key_metadata)
manager.api_keys.update(hash=predecessor["hash"], disabled=False)
application.api_keys.get_current_key_metadata()
assert manager.api_keys.delete(hash=predecessor["hash"]).DELETED
refused(errors.NotFoundResponseError, manager.api_keys.get, hash=predecessor["hash"])
refused(errors.NotFoundResponseError, manager.api_keys.delete, hash=predecessor["hash"])
refused(errors.UnauthorizedResponseError, application.api_keys.get_current_key_metadata)

# Rights.
error = refused(errors.ForbiddenResponseError, client(made.key).api_keys.create, name="mine")
assert error.data.error.message == "Only management keys can perform this operation"
refused(errors.UnauthorizedResponseError, client("sk-or-v1-0").api_keys.list)
print("done")
