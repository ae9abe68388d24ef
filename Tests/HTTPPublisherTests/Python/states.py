"""Prints the states of deployments that the services' published types have."""
import json
from typing import get_args

from cloudflare.types.pages import Stage
from railway.enums import DeploymentStatus

stages = {key: get_args(Stage.model_fields[key].annotation) for key in ("name", "status")}
print(json.dumps({
    "railway": [state.value for state in DeploymentStatus],
    "cloudflare-pages": [f"{name} {status}" for name in stages["name"] for status in stages["status"]],
}))
