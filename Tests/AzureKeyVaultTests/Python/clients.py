"""What Azure's own clients make of a stand-in: WORD URL TENANT CLIENT SECRET IDENTITY NAME [VALUE].

They speak https to Azure's own names alone, so what carries their requests leads those names to the stand-in. As managed
identities they go by the environment."""
import datetime
import json
import sys
import tempfile

from azure.core.pipeline.transport import RequestsTransport
from azure.identity import (
    AzureAuthorityHosts, ClientSecretCredential, ManagedIdentityCredential, WorkloadIdentityCredential)
from azure.keyvault.secrets import ApiVersion, SecretClient
from azure.keyvault.secrets._generated.models import SecretAttributes, SecretSetParameters

word, url, tenant, client, secret, identity, name = sys.argv[1:8]
value = sys.argv[8] if len(sys.argv) > 8 else ""


class Detour(RequestsTransport):
    def send(self, request, **kwargs):
        original = request.url
        for name, place in (("acme-prod.vault.azure.net:443", url), ("acme-prod.vault.azure.net", url),
                            ("login.microsoftonline.com", url + "/login")):
            request.url = request.url.replace("https://" + name, place)
        try:
            return super().send(request, **kwargs)
        finally:
            request.url = original


def show(found):
    properties = found.properties
    return {"value": found.value, "content_type": properties.content_type, "tags": properties.tags,
            "enabled": properties.enabled, "version": properties.version}


options = {"transport": Detour(), "disable_instance_discovery": True}
if word == "get":
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(identity)
        file.flush()
        credential = WorkloadIdentityCredential(
            tenant_id=tenant, client_id=client, token_file_path=file.name, **options)
        vault = SecretClient("https://acme-prod.vault.azure.net", credential, transport=Detour())
        versions = [item.version for item in vault.list_properties_of_secret_versions(name, max_page_size=1)]
        print(json.dumps(show(vault.get_secret(name)) | {"versions": versions}))
elif word == "managed":
    credential = ManagedIdentityCredential(client_id=client or None)
    vault = SecretClient("https://acme-prod.vault.azure.net", credential, transport=Detour())
    print(json.dumps(show(vault.get_secret(name))))
elif word == "set":
    credential = ClientSecretCredential(tenant, client, secret, **options)
    vault = SecretClient("https://acme-prod.vault.azure.net", credential, transport=Detour())
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=90)
    print(json.dumps(show(vault.set_secret(
        name, value, content_type="text/plain", tags={"owner": "shop"}, expires_on=end))))
else:
    body = json.loads(value)
    names = {field._rest_name for field in SecretSetParameters({})._attr_to_rest_field.values()}
    attributes = {field._rest_name for field in SecretAttributes({})._attr_to_rest_field.values()}
    print(json.dumps({
        "authorities": [AzureAuthorityHosts.AZURE_PUBLIC_CLOUD, AzureAuthorityHosts.AZURE_CHINA,
                        AzureAuthorityHosts.AZURE_GOVERNMENT],
        "versions": [version.value for version in ApiVersion],
        "unknown": sorted(set(body) - names) + sorted(set(body.get("attributes", {})) - attributes),
    }))
