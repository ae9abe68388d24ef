"""Does with kubectl what people do with secrets and workloads. Standard input: {"root": the server's address}."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

root = json.load(sys.stdin)["root"]
server = root + "/sandbox/kubernetes"
folder = tempfile.mkdtemp()
kubectl = [
    str(pathlib.Path(sys.executable).parent / "kubectl"), "--server", server, "--kubeconfig", "/dev/null",
    "--cache-dir", folder,
]
environment = {"PATH": os.environ["PATH"], "HOME": folder}


def run(*words, text=None, fails=False):
    result = subprocess.run([*kubectl, *words], input=text, capture_output=True, text=True, env=environment, timeout=60)
    assert (result.returncode != 0) == fails, (words, result.returncode, result.stdout, result.stderr)
    return result.stderr if fails else result.stdout


def control(path, body):
    subprocess.run(
        ["curl", "-fsS", "-o", "/dev/null", "-d", json.dumps(body), f"{server}/{path}"], check=True, timeout=30
    )


# kubectl sends what it makes itself as protocol buffers, which the sandbox does not speak; a file it sends as JSON.
manifest = run("create", "secret", "generic", "app", "--from-literal=KEY=one", "--dry-run=client", "-o", "json")
assert "unknown format" in run("create", "secret", "generic", "app", "--from-literal=KEY=one", fails=True)
create = ["create", "--validate=false", "-f", "-"]
assert run(*create, text=manifest) == "secret/app created\n"
assert "(AlreadyExists)" in run(*create, text=manifest, fails=True)
assert run("get", "secret", "app", "-o", "jsonpath={.data.KEY}") == "b25l"
assert "app" in run("get", "secrets")
assert run("patch", "secret", "app", "--type", "merge", "-p", '{"stringData": {"OTHER": "two"}}') == "secret/app patched\n"
assert "no change" in run("patch", "secret", "app", "-p", '{"data": {"OTHER": "dHdv"}}')
assert run("label", "secret", "app", "tier=web") == "secret/app labeled\n"
assert run("annotate", "secret", "app", "team=a") == "secret/app annotated\n"
read = json.loads(run("get", "secret", "app", "-o", "json"))
assert read["data"] == {"KEY": "b25l", "OTHER": "dHdv"} and read["metadata"]["labels"] == {"tier": "web"}
stale = json.dumps({"metadata": {"resourceVersion": "1"}, "data": {"KEY": "dHdv"}})
assert "(Conflict)" in run("patch", "secret", "app", "--type", "merge", "-p", stale, fails=True)
assert "illegal base64" in run("patch", "secret", "app", "-p", '{"data": {"KEY": "%"}}', fails=True)
run("patch", "secret", "app", "-p", '{"immutable": true}')
assert "field is immutable" in run("patch", "secret", "app", "-p", '{"data": {"KEY": "dHdv"}}', fails=True)
assert run("delete", "secret", "app", "--wait=false") == 'secret "app" deleted from default namespace\n'
assert "(NotFound)" in run("get", "secret", "app", fails=True)
assert "default" in run("get", "namespaces")

for kind in ("deployment", "statefulset", "daemonset"):
    control("workloads", {"resource": kind + "s", "name": "web"})
    assert "restarted" in run("rollout", "restart", f"{kind}/web")
    output = run("rollout", "status", f"{kind}/web", "--timeout=30s")
    assert "successfully rolled out" in output or "rolling update complete" in output, output
control("workloads", {"resource": "deployments", "name": "web", "fails": True})
run("rollout", "restart", "deployment/web")
assert "exceeded its progress deadline" in run("rollout", "status", "deployment/web", "--timeout=30s", fails=True)
assert "v1.37" in run("version")
print("done")
