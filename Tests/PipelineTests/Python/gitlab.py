"""Runs the jobs of a GitLab component as a runner does, as far as a job can tell: in order, each in a fresh folder with
the repository, the artifacts of the jobs it needs where it wants them, and only the secrets of its environment.
The pipelines that trigger jobs start run in their place.

Reads one JSON object on standard input: component, inputs, repository, store, pipeline, variables, secrets (by
environment), ref (the branch), play (gates), retry (each job once more), kill (jobs whose artifacts are lost), only (jobs).
Prints a list of {job, name, id, status, code, log}; with print: "file" or "merged" the configuration instead.
"""

import glob
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

order = json.load(sys.stdin)
store = pathlib.Path(order["store"])


def merge(base, over):
    result = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merge(result[key], value) if both else value
    return result


def interpolated(path, given):
    """The text of a configuration with its inputs, as GitLab fetches it."""
    head, text = pathlib.Path(path).read_text().split("\n---\n", 1)
    spec = yaml.safe_load(head)["spec"]["inputs"]
    unknown = set(given) - set(spec)
    inputs = {name: given.get(name, (entry or {}).get("default")) for name, entry in spec.items()}
    missing = [name for name, value in inputs.items() if value is None]
    if unknown or missing:
        sys.exit(f"{path}: unknown inputs {unknown}, missing inputs {missing}")
    for name, entry in spec.items():
        if "regex" in (entry or {}) and not re.search(entry["regex"], inputs[name]):
            sys.exit(f"{path}: {name} does not match {entry['regex']}")

    def value(match):
        value = inputs[match.group(1)]
        return value if isinstance(value, str) else json.dumps(value)

    return re.sub(r"\$\[\[ inputs\.(\w+) \]\]", value, text)


def load(path, given):
    """The configuration with everything that it includes."""
    document = yaml.safe_load(interpolated(path, given))
    for file in document.pop("include", []):
        document = merge(load(pathlib.Path(order["repository"]) / file["local"], file.get("inputs", {})), document)
    return document


def resolve(job, document):
    return merge(resolve(document[job["extends"]], document), job) if "extends" in job else job


def holds(condition, variables):
    left, operator, right = re.fullmatch(r'(\S+) (==|!=) "(.*)"', condition).groups()
    left = variables.get(left[1:], "") if left.startswith("$") else left.strip('"')
    return (left == right) == (operator == "==")


def needs(job):
    return [{"job": n} if isinstance(n, str) else n for n in job.get("needs", [])]


def next_id():
    while True:
        number = max((int(p.name) for p in store.iterdir() if p.name.isdigit()), default=100) + 1
        try:
            (store / str(number)).mkdir()
            return number
        except FileExistsError:
            continue


def run(name, job, done, killed, pipeline, passed):
    number = next_id()
    place = store / str(number)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gitlab-"))
    try:
        shutil.copytree(order["repository"], folder, dirs_exist_ok=True)
        variables = {
            "PATH": os.environ["PATH"], "HOME": str(folder), "CI": "true", "GITLAB_CI": "true",
            "CI_JOB_ID": str(number), "CI_COMMIT_REF_NAME": order["ref"], "CI_JOB_NAME": name, "CI_PROJECT_ID": "1", "CI_PIPELINE_ID": str(pipeline),
            "CI_JOB_URL": f"https://gitlab.example/acme/web/-/jobs/{number}", "GITLAB_USER_LOGIN": "someone",
            **order["variables"], **{k: str(v) for k, v in job.get("variables", {}).items()}, **passed,
        }
        environment = job.get("environment", {})
        environment = environment if isinstance(environment, str) else environment.get("name")
        variables |= order["secrets"].get(environment, {})
        for need in needs(job):
            before = done.get(need["job"])
            if before is None:
                continue
            files = store / str(before["id"]) / "files"
            if files.exists() and need.get("artifacts", True):
                shutil.copytree(files, folder, dirs_exist_ok=True)
        script = "set -eo pipefail\n" + "\n".join(job.get("before_script", []) + job["script"])
        ran = subprocess.run(["bash", "-c", script], cwd=folder, env=variables, capture_output=True, text=True)
        artifacts = job.get("artifacts", {})
        if not killed:
            for pattern in artifacts.get("paths", []):
                for file in glob.glob(str(folder / pattern)):
                    target = place / "files" / pathlib.Path(file).relative_to(folder)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(file, target)
            report = folder / artifacts.get("reports", {}).get("junit", "-")
            if report.is_file():
                shutil.copy(report, place / "junit")
        code = 137 if killed else ran.returncode
        allowed = job.get("allow_failure") or {}
        allowed = allowed.get("exit_codes", []) if isinstance(allowed, dict) else []
        status = "success" if code == 0 else "warning" if code in allowed else "failed"
        record = {"id": number, "name": name, "ref": order["ref"], "tag": False, "pipeline": {"id": pipeline},
                  "status": "success" if status == "success" else "failed"}
        (place / "job.json").write_text(json.dumps(record))
        return {"job": name.split(":")[-1], "name": name, "id": number, "status": status, "code": code,
                "log": ran.stdout + ran.stderr}
    finally:
        shutil.rmtree(folder)


def trigger(name, job, done, pipeline):
    """Starts the pipeline of a trigger job; with strategy: depend its outcome is the job's."""
    bridge = job["trigger"]
    (file,) = bridge["include"]
    if "artifact" in file:
        document = yaml.safe_load((store / str(done[file["job"]]["id"]) / "files" / file["artifact"]).read_text())
    else:
        document = load(pathlib.Path(order["repository"]) / file["local"], file.get("inputs", {}))
    # What a job in it is triggered with has precedence over what the job itself says.
    passed = {k: str(v) for k, v in job.get("variables", {}).items()}
    own, results = run_pipeline(document, pipeline, passed)
    failed = bridge.get("strategy") == "depend" and any(r["status"] == "failed" for r in own)
    return results, {"job": name, "name": name, "id": 0, "status": "failed" if failed else "success",
                     "code": int(failed), "log": ""}


def run_pipeline(document, pipeline, passed):
    """What became of the pipeline's own jobs, and of these and all that were triggered."""
    own, results, done = [], [], {}
    if order.get("only"):
        # A job of an earlier pipeline, run again: what it needs is what that pipeline left.
        left = store / f"pipeline-{pipeline}"
        done = json.loads(left.read_text()) if left.exists() else {}
    for index, (name, job) in enumerate(document.items()):
        if name.startswith("."):
            continue
        short = name.split(":")[-1]
        job = resolve(job, document)
        variables = order["variables"] | passed
        rule = next((r for r in job.get("rules", [{}]) if "if" not in r or holds(r["if"], variables)), None)
        if rule is None or rule.get("when") == "never":
            continue
        job = job | {"needs": rule.get("needs", job.get("needs", []))}
        if "variables" in rule:
            job["variables"] = job.get("variables", {}) | {k: v for k, v in rule["variables"].items() if k not in variables}
        if order.get("only") and short not in order["only"]:
            continue
        missing = [n for n in needs(job) if n["job"] not in done and not n.get("optional")]
        if missing and not order.get("only"):
            continue
        if any(done.get(n["job"], {}).get("status") == "failed" for n in needs(job)) and not order.get("only"):
            continue
        if rule.get("when") == "manual" and not {short, name} & set(order.get("play", [])):
            own.append({"job": short, "name": name, "id": 0, "status": "manual", "code": 0, "log": ""})
            results.append(own[-1])
            continue
        if "trigger" in job:
            nested, result = trigger(name, job, done, 1000 * pipeline + index)
            own.append(result)
            results += [*nested, result]
            done[name] = {"id": 0, "status": result["status"]}
            continue
        result = run(name, job, done, short in order.get("kill", []), pipeline, passed)
        results.append(result)
        if order.get("retry") or result["code"] == 137:
            result = run(name, job, done, False, pipeline, passed)
            results.append(result)
        own.append(result)
        done[name] = {"id": result["id"], "status": result["status"]}
    if not order.get("only"):
        (store / f"pipeline-{pipeline}").write_text(json.dumps(done))
    return own, results


if order.get("print") == "file":
    print(interpolated(order["component"], order["inputs"]))
elif order.get("print") == "merged":
    print(yaml.safe_dump(load(order["component"], order["inputs"]), sort_keys=False))
else:
    print(json.dumps(run_pipeline(load(order["component"], order["inputs"]), order["pipeline"], {})[1]))
