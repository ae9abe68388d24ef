"""Azure Pipelines: stages, jobs and the steps of a template; artifacts, build tags, variable groups and output variables."""

import re

import yaml

from expressions import evaluate
from job import Job, keep

SUCCEEDED = ("Succeeded", "SucceededWithIssues")


def run(order):
    pipeline = yaml.safe_load(order.recipe.read_text())
    build = order.store / f"build-{order.number()}"
    build.mkdir()
    parameters = {entry["name"]: entry["default"] for entry in pipeline["parameters"]} | {"begin": order.begin}
    shared = {entry["name"]: expand(entry["value"], parameters) for entry in pipeline["variables"]}
    stages, status = {}, "Succeeded"
    for stage in pipeline["stages"]:
        before = {name: {"result": stages[name]["result"], "outputs": stages[name]["outputs"]} for name in stages}
        condition = stage.get("condition", "succeeded()")
        if not evaluate(condition, {"dependencies": before}, status):
            stages[stage["stage"]] = {"result": "Skipped", "outputs": {}, "jobs": {}}
            continue
        gates = [job["environment"] for job in stage["jobs"] if "deployment" in job]
        if gates and not order.asked("hold"):
            # Nobody approved in time.
            stages[stage["stage"]] = {"result": "Skipped", "outputs": {}, "jobs": {}}
            continue
        jobs = {}
        for job in stage["jobs"]:
            if all(entry["result"] in SUCCEEDED for entry in jobs.values()):
                values = {
                    "dependencies": {name: {"outputs": entry["outputs"]} for name, entry in jobs.items()},
                    "stageDependencies": {name: entry["jobs"] for name, entry in stages.items()},
                }
                name = job.get("job") or job["deployment"]
                jobs[name] = order.attempt(lambda number: run_job(order, job, name, shared, values, build, number))
        results = [entry["result"] for entry in jobs.values()]
        status = "Failed" if "Failed" in results else "SucceededWithIssues" if "SucceededWithIssues" in results else "Succeeded"
        outputs = {f"{name}.{key}": value for name, entry in jobs.items() for key, value in entry["outputs"].items()}
        stages[stage["stage"]] = {"result": status, "outputs": outputs, "jobs": jobs}
    (build / "result").write_text(status)


def expand(value, parameters):
    """What is between ${{ and }} is put in before the run."""
    if isinstance(value, dict):
        result = {}
        for key, entry in value.items():
            result |= expand(entry, parameters) if key == "${{ insert }}" else {key: expand(entry, parameters)}
        return result
    whole = re.fullmatch(r"\$\{\{ (.*) \}\}", str(value))
    if whole:
        return evaluate(whole.group(1), {"parameters": parameters})
    if isinstance(value, str):
        return re.sub(r"\$\{\{ (.*?) \}\}", lambda match: str(evaluate(match.group(1), {"parameters": parameters})), value)
    return value


def steps_of(order, job):
    steps = job["steps"] if "steps" in job else job["strategy"]["runOnce"]["deploy"]["steps"]
    for step in steps:
        if "template" not in step:
            yield step
            continue
        template = yaml.safe_load((order.recipe.parent / step["template"]).read_text())
        parameters = {entry["name"]: entry.get("default") for entry in template["parameters"]} | step["parameters"]
        for inner in template["steps"]:
            yield expand(inner, parameters)


def run_job(order, job, name, shared, values, build, attempt):
    with Job(order, name, checkout=False) as one:
        plain, secret = dict(shared), {}
        for entry in job["variables"]:
            if "group" in entry:
                secret |= order.secrets[entry["group"]]
            else:
                plain[entry["name"]] = re.sub(
                    r"\$\[ (.*) \]", lambda match: evaluate(match.group(1), values), entry["value"])
        plain |= {
            "Agent.TempDirectory": str(one.home / "temp"), "System.StageAttempt": "1", "System.JobAttempt": str(attempt),
            "System.DefinitionId": "1", "System.TeamProjectId": "acme", "Build.BuildId": build.name,
        }
        plain = {key: macro(value, plain) for key, value in plain.items()}
        one.variables = {"TF_BUILD": "True"} | {key.upper().replace(".", "_"): value for key, value in plain.items()}
        outputs, result, code = {}, "Succeeded", 0
        for step in steps_of(order, job):
            if one.killed or not evaluate(str(step.get("condition", "succeeded()")), {"True": True}, result):
                continue
            if "script" in step:
                given = {key: macro(value, plain | secret) for key, value in step.get("env", {}).items()}
                said = one.script(step["script"], given, shell=("sh", "-c"))
                if one.code != 0:
                    result, code = "Failed", one.code
                for kind, options, value in re.findall(r"^##vso\[([\w.]+)(?: ([^\]]*))?\](.*)$", said, re.MULTILINE):
                    if kind == "task.setvariable":
                        outputs[f"{step['name']}.{re.search('variable=([^;]*)', options).group(1)}"] = value
                    elif kind == "build.addbuildtag":
                        (build / f"tag-{value}").touch()
                    elif kind == "task.complete":
                        result = re.search("result=(.*?);", options).group(1)
            elif step.get("checkout") == "self":
                keep(order.repository, one.folder)
            elif "publish" in step:
                place = build / macro(step["artifact"], plain)
                if place.exists():
                    raise FileExistsError(place)
                keep(one.folder / macro(step["publish"], plain), place)
            elif "task" in step:
                if not download(order, step["inputs"], plain, build):
                    result = "SucceededWithIssues" if step.get("continueOnError") else "Failed"
                    one.log += "nothing to download\n"
        result = "Failed" if one.killed else result
        one.code = code or one.code or (1 if result == "Failed" else 0)
        one.end({"Succeeded": "success", "SucceededWithIssues": "warning", "Failed": "failed"}[result])
        return {"result": result, "outputs": outputs}


def macro(text, variables):
    return re.sub(r"\$\(([\w.]+)\)", lambda match: variables.get(match.group(1), match.group(0)), text)


def download(order, inputs, variables, build):
    if inputs["buildType"] == "specific":
        allowed = {"Succeeded"}
        if inputs.get("allowPartiallySucceededBuilds"):
            allowed.add("SucceededWithIssues")
        if inputs.get("allowFailedBuilds"):
            allowed.add("Failed")
        builds = sorted(order.store.glob("build-*"), key=lambda path: -int(path.name.split("-")[1]))
        builds = [
            path for path in builds
            if (path / "result").exists() and (path / "result").read_text() in allowed
            and ("tags" not in inputs or (path / f"tag-{inputs['tags']}").exists())
        ]
        build = builds[0] if builds else None
    artifacts = [path for path in build.iterdir() if path.is_dir()] if build else []
    for artifact in artifacts:
        keep(artifact, type(build)(macro(inputs["targetPath"], variables)) / artifact.name)
    return bool(artifacts)
