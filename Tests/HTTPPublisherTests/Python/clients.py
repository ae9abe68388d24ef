"""Reads with the services' own clients what a publisher wrote: ROOT TOKEN NAME, where ROOT/KIND is a service."""
import base64
import json
import sys

from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build
from heroku3.api import Heroku
from huggingface_hub import HfApi
from render.public_api.api.deploys import list_deploys, retrieve_deploy
from render.public_api.api.services import get_env_vars_for_service, retrieve_env_var
from render.public_api.client import AuthenticatedClient

root, token, name = sys.argv[1:]

render = AuthenticatedClient(base_url=f"{root}/render/v1", token=token)
deploys = list_deploys.sync("srv-web", client=render)
heroku = Heroku()
heroku._heroku_url = f"{root}/heroku"
heroku._session.auth = ("", token)
secrets = HfApi(endpoint=f"{root}/huggingface", token=token).get_space_secrets("acme/shop")
google = build(
    "secretmanager", "v1", credentials=Credentials(token), static_discovery=True,
    client_options={"api_endpoint": f"{root}/google-secret-manager"}).projects().secrets()
google.addVersion(parent="projects/shop/secrets/OTHER", body={
    "payload": {"data": base64.b64encode(b"other").decode()}}).execute()


def latest(name):
    path = f"projects/shop/secrets/{name}/versions/latest"
    return base64.b64decode(google.versions().access(name=path).execute()["payload"]["data"]).decode()


print(json.dumps({
    "google": [latest(name), latest("OTHER")],
    "render": retrieve_env_var.sync("srv-web", name, client=render).value,
    "render_names": sorted(item.env_var.key for item in get_env_vars_for_service.sync("srv-web", client=render)),
    "render_deploy": str(retrieve_deploy.sync("srv-web", deploys[0].deploy.id, client=render).status),
    "heroku": heroku._http_resource(method="GET", resource=("apps", "shop", "config-vars")).json()[name],
    "huggingface": sorted(key for key, secret in secrets.items() if secret.updated_at),
}))
