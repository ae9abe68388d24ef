"""Reads with clients of the services that are not ours what a publisher wrote: ROOT TOKEN NAME, where ROOT/KIND is a service."""
import asyncio
import base64
import json
import sys

from cloudflare import Cloudflare
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build
from heroku3.api import Heroku
from huggingface_hub import HfApi
from railway.client import RailwayClient
from render.public_api.api.deploys import list_deploys, retrieve_deploy
from render.public_api.api.services import get_env_vars_for_service, retrieve_env_var
from render.public_api.client import AuthenticatedClient
from sideko_netlify_api import Client as Netlify
from sideko_netlify_api.schemas import PatchAccountsAccountIdEnvKeyBody
from supabase_management import SupabaseManagementAPI

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

# What they send in the place of ours: the test compares the bodies.
scripts = Cloudflare(api_token=token, base_url=f"{root}/cloudflare-workers/client/v4").workers.scripts
scripts.secrets.update("shop", account_id="acc", name="OTHER", text="other", type="secret_text")
pages = Cloudflare(api_token=token, base_url=f"{root}/cloudflare-pages/client/v4").pages.projects
pages.edit("shop", account_id="acc", deployment_configs={
    "production": {"env_vars": {"OTHER": {"type": "secret_text", "value": "other"}}}})
pages_project = pages.get("shop", account_id="acc")
deployment = next(iter(pages.deployments.list("shop", account_id="acc", env="production")))
railway = RailwayClient(api_token=token, endpoint=f"{root}/railway/graphql/v2")
railway.variable_upsert(environment_id="e1", name="OTHER", project_id="p1", service_id="s1", value="other")
ids = {"environment_id": "e1", "project_id": "p1", "service_id": "s1"}
netlify = Netlify(netlify_auth=token, base_url=f"{root}/netlify/api/v1")
netlify.set_env_var_value(account_id="acme", key="OTHER", site_id="s1", data=PatchAccountsAccountIdEnvKeyBody(
    context="production", value="other"))
variable = netlify.get_env_var(account_id="acme", key=name, site_id="s1")
built = netlify.list_site_deploys(site_id="s1", production=True, per_page=1)[0]
project = "abcdefghijklmnopqrst"


async def supabase():
    api = SupabaseManagementAPI(token, f"{root}/supabase")
    await api.create_secrets(project, [{"name": "OTHER", "value": "other"}])
    return sorted(secret["name"] for secret in await api.get_secrets(project))


def latest(name):
    path = f"projects/shop/secrets/{name}/versions/latest"
    return base64.b64decode(google.versions().access(name=path).execute()["payload"]["data"]).decode()


print(json.dumps({
    "workers": sorted(secret.name for secret in scripts.secrets.list("shop", account_id="acc")),
    "pages": sorted((name, variable.type) for name, variable in
                    pages_project.deployment_configs.production.env_vars.items()),
    "pages_deploy": [pages.deployments.get(deployment.id, account_id="acc", project_name="shop").id,
                     deployment.latest_stage.name, deployment.latest_stage.status],
    "netlify": [[value.context.value, value.value] for value in variable.values],
    "netlify_deploy": [netlify.get_site_deploy(site_id="s1", deploy_id=built.id).id, netlify.get_site(site_id="s1").id,
                       netlify.create_site_build(site_id="s1").deploy_id],
    "supabase": asyncio.run(supabase()),
    "railway": railway.variables(unrendered=True, **ids)[name],
    "google": [latest(name), latest("OTHER")],
    "render": retrieve_env_var.sync("srv-web", name, client=render).value,
    "render_names": sorted(item.env_var.key for item in get_env_vars_for_service.sync("srv-web", client=render)),
    "render_deploy": str(retrieve_deploy.sync("srv-web", deploys[0].deploy.id, client=render).status),
    "heroku": heroku._http_resource(method="GET", resource=("apps", "shop", "config-vars")).json()[name],
    "huggingface": sorted(key for key, secret in secrets.items() if secret.updated_at),
}))
