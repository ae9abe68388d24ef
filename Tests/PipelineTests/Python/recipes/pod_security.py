"""Says where the pods of a manifest break the restricted profile (kubernetes.io/docs/concepts/security/
pod-security-standards), write to their own image, have a token of the cluster, or may take all of a node.
"""

import sys

import yaml

VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}


def problems(pod):
    context = pod["securityContext"]
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(name):
            yield name
    if not context.get("runAsNonRoot") or context.get("runAsUser") == 0:
        yield "may run as root"
    if context.get("seccompProfile", {}).get("type") not in ("RuntimeDefault", "Localhost"):
        yield "seccompProfile"
    if pod.get("automountServiceAccountToken") is not False:
        yield "has a token"
    for volume in pod["volumes"]:
        if not (volume.keys() - {"name"}) <= VOLUMES:
            yield f"volume {volume['name']}"
    for container in pod.get("initContainers", []) + pod["containers"]:
        own = container["securityContext"]
        if own.get("allowPrivilegeEscalation") is not False or own.get("privileged"):
            yield f"{container['name']}: privileges"
        if own.get("capabilities") != {"drop": ["ALL"]}:
            yield f"{container['name']}: capabilities"
        if own.get("readOnlyRootFilesystem") is not True:
            yield f"{container['name']}: writes to its image"
        if "memory" not in container["resources"]["limits"]:
            yield f"{container['name']}: no limit of memory"


with open(sys.argv[1]) as file:
    jobs = [document for document in yaml.safe_load_all(file) if document["kind"] == "CronJob"]
found = [
    f"{job['metadata']['name']}: {problem}"
    for job in jobs for problem in problems(job["spec"]["jobTemplate"]["spec"]["template"]["spec"])
]
print("\n".join(found) or f"{len(jobs)} pods are restricted")
sys.exit(bool(found))
