"""Google's own client, by its discovery documents: reads a secret and a Cloud Run service, and forces a revision of it."""
import base64
import json
import sys

from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build

url, token, name = sys.argv[1:]


def service(api, version):
    return build(
        api, version, credentials=Credentials(token), static_discovery=True,
        client_options={"api_endpoint": f"{url}/"},
    )


versions = service("secretmanager", "v1").projects().secrets().versions()
newest = versions.access(name=f"projects/acme/secrets/{name}/versions/latest").execute()
services = service("run", "v2").projects().locations().services()
path = "projects/acme/locations/europe-west1/services/web"
seen = services.get(name=path).execute()
services.patch(
    name=path, updateMask="template", forceNewRevision=True,
    body={"etag": seen["etag"], "template": seen["template"]},
).execute()
print(json.dumps({
    "value": base64.b64decode(newest["payload"]["data"]).decode(), "versions": int(newest["name"].split("/")[-1]),
    "serves": seen["latestReadyRevision"],
}))
