"""Uses the official client as anybody would. Standard input: {"root", "token", "reader"}."""

import base64
import json
import sys

from kubernetes import client

wish = json.load(sys.stdin)


def api(kind, token):
    configuration = client.Configuration(host=wish["root"] + "/kubernetes")
    configuration.api_key = {"BearerToken": token}
    configuration.api_key_prefix = {"BearerToken": "Bearer"}
    return kind(client.ApiClient(configuration))


def refused(function, *arguments, **keywords):
    try:
        function(*arguments, **keywords)
    except client.ApiException as error:
        return error.status, json.loads(error.body)
    raise AssertionError("not refused")


core, apps = api(client.CoreV1Api, wish["token"]), api(client.AppsV1Api, wish["token"])
wanted = client.V1Secret(metadata=client.V1ObjectMeta(name="app"), string_data={"KEY": "one"}, type="Opaque")
made = core.create_namespaced_secret("default", wanted)
assert made.data == {"KEY": base64.b64encode(b"one").decode()} and made.metadata.uid
assert made.metadata.creation_timestamp.tzinfo is not None
read = core.read_namespaced_secret("app", "default")
assert read == made
trial = core.patch_namespaced_secret("app", "default", {"stringData": {"A": "b"}}, dry_run="All")
assert trial.data["A"] == "Yg==" and core.read_namespaced_secret("app", "default") == made
patched = core.patch_namespaced_secret(
    "app", "default", {"metadata": {"resourceVersion": read.metadata.resource_version}, "stringData": {"A": "b"}},
    field_manager="test", _content_type="application/merge-patch+json")
assert set(patched.data) == {"KEY", "A"}
status, body = refused(core.replace_namespaced_secret, "app", "default", read)
assert (status, body["reason"]) == (409, "Conflict")
patched.data["KEY"] = "dHdv"
replaced = core.replace_namespaced_secret("app", "default", patched)
assert [item.metadata.name for item in core.list_namespaced_secret("default").items] == ["app"]
assert replaced.data["KEY"] == "dHdv"

reader = api(client.CoreV1Api, wish["reader"])
assert reader.read_namespaced_secret("app", "default").data == replaced.data
status, body = refused(reader.delete_namespaced_secret, "app", "default")
assert status == 403 and body["reason"] == "Forbidden" and body["details"]["name"] == "app"
assert body["message"] == (
    'secrets "app" is forbidden: User "reader" cannot delete resource "secrets" in API group "" in the namespace '
    '"default"')
status, body = refused(api(client.CoreV1Api, "none").read_namespaced_secret, "app", "default")
assert (status, body["reason"]) == (401, "Unauthorized")
status, body = refused(core.read_namespaced_secret, "none", "default")
assert (status, body["reason"], body["details"]) == (404, "NotFound", {"name": "none", "kind": "secrets"})
status, body = refused(core.create_namespaced_secret, "nowhere", wanted)
assert (status, body["details"]["kind"]) == (404, "namespaces")
core.delete_namespaced_secret("app", "default")

web = apps.read_namespaced_deployment("web", "default")
assert web.status.available_replicas == web.spec.replicas == 2 and web.status.observed_generation == 1
patch = {"spec": {"template": {"metadata": {"annotations": {"restarted": "now"}}}}}
assert apps.patch_namespaced_deployment("web", "default", patch).metadata.generation == 2
print("done")
