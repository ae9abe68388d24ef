"""Bitbucket: a clone of the repository for each step, which may push, and the artifacts of the steps before."""

import glob
import subprocess

import yaml

from job import Job, keep


def run(order):
    pipelines = yaml.safe_load(order.recipe.read_text())["pipelines"]["custom"]
    artifacts = order.store / f"artifacts-{order.number()}"
    origin = order.store / "origin.git"
    if not origin.exists():
        publish(order.repository, origin)
    for entry in pipelines["ork-begin" if order.begin else "ork-go-on"]:
        step = entry.get("step")
        if step is None:
            continue
        if step.get("trigger") == "manual" and not order.asked("hold"):
            return
        if not order.attempt(lambda _: run_step(order, step, origin, artifacts)):
            return


def run_step(order, step, origin, artifacts):
    with Job(order, step["name"], checkout=False) as one:
        subprocess.run(
            ["git", "clone", "--quiet", "--depth", "1", "--branch", "main", f"file://{origin}", str(one.folder)], check=True)
        keep(artifacts, one.folder)
        one.variables = {"CI": "true", "BITBUCKET_BUILD_NUMBER": "1", "BITBUCKET_CLONE_DIR": str(one.folder)}
        secrets = order.secrets[step["environment"]]
        one.script("\n".join(step["script"]), secrets)
        if not one.killed:
            code = one.code
            one.script("\n".join(step.get("after-script", [])), secrets)
            # What becomes of this script changes nothing.
            one.code = code
            if code == 0:
                for pattern in step.get("artifacts", []):
                    for file in glob.glob(pattern, root_dir=one.folder):
                        keep(one.folder / file, artifacts / file)
        return one.end()


def publish(repository, origin):
    subprocess.run(
        ["sh", "-euc", """
            git init --quiet --bare --initial-branch main "$2"
            cd "$1"
            git --git-dir "$2" --work-tree . add --all
            git --git-dir "$2" --work-tree . -c user.name=me -c user.email=me@example.invalid commit --quiet -m 'Rotate'
            """, "sh", str(repository), str(origin)], check=True)
