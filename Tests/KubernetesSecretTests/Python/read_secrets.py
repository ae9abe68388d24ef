"""Reads the secrets of a namespace with the official client. Standard input: {"url", "token", "namespace"}."""

import base64
import json
import sys

from kubernetes import client

wish = json.load(sys.stdin)
configuration = client.Configuration(host=wish["url"])
configuration.api_key = {"BearerToken": wish["token"]}
configuration.api_key_prefix = {"BearerToken": "Bearer"}
core = client.CoreV1Api(client.ApiClient(configuration))
print(json.dumps({
    secret.metadata.name: {key: base64.b64decode(value).decode() for key, value in sorted(secret.data.items())}
    for secret in core.list_namespaced_secret(wish["namespace"]).items
}))
