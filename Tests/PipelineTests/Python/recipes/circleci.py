"""CircleCI: the cache of the project, and the workspace of a workflow in layers."""

import json
import pathlib
import re
import time

import yaml

from job import Job, keep


def run(order):
    text = order.recipe.read_text()
    config = yaml.safe_load(text)
    values = {"pipeline.parameters.ork": "begin" if order.begin else "go-on", "pipeline.parameters.supersede": "false"}
    workspace = order.store / f"workspace-{order.number()}"
    for workflow in config["workflows"].values():
        wanted, actual = workflow["when"]["equal"]
        if wanted != fill(actual, values):
            continue
        done = set()
        for entry in workflow["jobs"]:
            (kind, use), = [(entry, {})] if isinstance(entry, str) else entry.items()
            name = use.get("name", kind)
            if not set(use.get("requires", [])) <= done:
                continue
            if use.get("type") == "approval":
                if order.asked(name):
                    done.add(name)
            elif job(order, config, kind, name, use, values, workspace):
                done.add(name)


def fill(text, values):
    return re.sub(r"<< ([\w.-]+) >>", lambda match: str(values[match.group(1)]), str(text))


def job(order, config, kind, name, use, values, workspace):
    body = config["jobs"][kind]
    own = dict(values)
    for parameter, rule in body.get("parameters", {}).items():
        own[f"parameters.{parameter}"] = use[parameter] if parameter in use else rule["default"]
    secrets = order.secrets[use["context"]] if "context" in use else {}
    identity = str(order.number())
    with Job(order, name, checkout=False) as one:
        def here(text):
            return text.replace("/tmp/ork", str(one.home / "ork"))

        one.variables = {"CI": "true", "CIRCLECI": "true", "CIRCLE_JOB": name, "CIRCLE_WORKFLOW_JOB_ID": identity}
        for source in (config["executors"][body["executor"]], body):
            one.variables |= {key: here(fill(value, own)) for key, value in source.get("environment", {}).items()}
        steps = []
        for step in body["steps"]:
            command = config["commands"].get(step) if isinstance(step, str) else None
            steps += command["steps"] if command else [step]
        failed = False
        for step in steps:
            (action, inputs), = step.items() if isinstance(step, dict) else [(step, {})]
            if one.killed or (failed and inputs_when(inputs) != "always"):
                continue
            if action == "checkout":
                keep(order.repository, one.folder)
            elif action == "run":
                one.script(here(fill(inputs, own)), secrets)
                failed = one.code != 0
            elif action == "attach_workspace":
                for layer in sorted(workspace.glob("*"), key=lambda path: int(path.name)):
                    keep(layer, one.home / pathlib.PurePath(inputs["at"]).relative_to("/tmp"))
            elif action == "persist_to_workspace":
                layer = workspace / str(order.number())
                for path in inputs["paths"]:
                    keep(one.home / pathlib.PurePath(inputs["root"]).relative_to("/tmp") / path, layer / path)
            elif action == "restore_cache":
                restore(order, inputs["keys"], one.home)
            elif action == "save_cache":
                save(order, inputs, identity, one.home)
            else:
                raise ValueError(action)
        return one.end()


def inputs_when(inputs):
    return inputs.get("when") if isinstance(inputs, dict) else None


def save(order, inputs, identity, folder):
    key = inputs["key"].replace("{{ epoch }}", str(int(time.time())))
    key = key.replace("{{ .Environment.CIRCLE_WORKFLOW_JOB_ID }}", identity)
    index = order.store / "caches.json"
    caches = json.loads(index.read_text()) if index.exists() else []
    # A cache that there is already is not written again.
    if key not in [entry[0] for entry in caches]:
        place = order.store / f"cache-{order.number()}"
        for path in (pathlib.PurePath(path).relative_to("/tmp") for path in inputs["paths"]):
            keep(folder / path, place / path)
        index.write_text(json.dumps([*caches, [key, str(place)]]))


def restore(order, prefixes, folder):
    index = order.store / "caches.json"
    caches = json.loads(index.read_text()) if index.exists() else []
    for prefix in prefixes:
        for key, place in reversed(caches):
            if key.startswith(prefix):
                keep(type(folder)(place), folder)
                return
