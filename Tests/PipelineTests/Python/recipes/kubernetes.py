"""Kubernetes: the containers of a pod in order, with the volumes and Secrets that each of them mounts."""

import pathlib
import re
import shutil
import tempfile

import yaml

from job import Job


def run(order):
    documents = list(yaml.safe_load_all(order.recipe.read_text()))
    jobs = {d["metadata"]["name"]: d["spec"]["jobTemplate"]["spec"] for d in documents if d["kind"] == "CronJob"}
    if order.approve and not pod(order, jobs["ork-approve"]):
        return
    pod(order, jobs["ork-checkout"])


def pod(order, job):
    spec = job["template"]["spec"]
    volumes = pathlib.Path(tempfile.mkdtemp(prefix="pod-"))
    try:
        for volume in spec["volumes"]:
            source(order, volume, volumes / volume["name"])
        return all(
            container(order, one, spec, volumes) for one in spec.get("initContainers", []) + spec["containers"])
    finally:
        shutil.rmtree(volumes)


def source(order, volume, place):
    if "persistentVolumeClaim" in volume:
        claim = order.store / volume["persistentVolumeClaim"]["claimName"]
        claim.mkdir(exist_ok=True)
        place.symlink_to(claim)
    elif "emptyDir" in volume:
        place.mkdir()
    else:
        place.mkdir()
        shutil.copy(order.repository / "ork.yaml", place)


def container(order, one, spec, volumes):
    with Job(order, one["name"], checkout=False) as job:
        # Nothing but what is mounted is there; paths in the container stand for folders of this machine.
        outside = {one["workingDir"]: str(job.folder)}
        for mount in one["volumeMounts"]:
            target = volumes / mount["name"] / mount.get("subPath", "")
            inside = pathlib.Path(mount["mountPath"])
            if inside.is_relative_to(one["workingDir"]):
                (job.folder / inside.relative_to(one["workingDir"])).symlink_to(target)
            outside[mount["mountPath"]] = str(target)

        def here(text):
            longest = sorted(outside, key=len, reverse=True)
            return re.sub("|".join(f"{re.escape(path)}(?=/)" for path in longest), lambda found: outside[found[0]], text)

        job.variables = {"TMPDIR": outside["/tmp"]}
        for entry in one["env"]:
            job.variables[entry["name"]] = here(entry["value"])
        secrets = {}
        for reference in one.get("envFrom", []):
            named = reference["secretRef"]
            # Kubernetes passes over one that is not there, where it may be missing.
            secrets |= order.secrets.get(named["name"], {}) if named.get("optional") else order.secrets[named["name"]]
        *shell, text = one["command"]
        job.script(text, secrets, shell=shell, variables={"ORK_BEGIN": "true"} if order.begin else None)
        return job.end()
