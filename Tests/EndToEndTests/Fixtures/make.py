"""Makes the handoffs of a version of ork that later versions must finish: `python3 make.py PROGRAMS` in this folder.

PROGRAMS is the folder with the programs of that version. Each fixture is one rotation, stopped in one state:
NAME/handoff.json (with NAME/other.json where two jobs wrote), and NAME/world.json with all that lies outside the
handoff: OpenRouter's keys with their plaintext, the targets' files, the identities. They are worth nothing anywhere.
"""

import http.client
import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading

PROGRAMS = pathlib.Path(sys.argv[1]).resolve()
HERE = pathlib.Path(__file__).resolve().parent
# The address stands in each handoff, so whoever finishes them must serve there.
PORT = 18499
STEPS = ["create", "publish", "verify", "approve", "retire"]


class Relay(http.server.BaseHTTPRequestHandler):
    """Passes requests on to the sandbox, learns the plaintext of new keys, and drops what it is told to."""

    protocol_version = "HTTP/1.1"
    upstream, dropped, plaintexts = None, None, {}

    def relay(self):
        if self.dropped and self.command == self.dropped:
            self.close_connection = True
            return
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        connection = http.client.HTTPConnection(self.upstream)
        headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        connection.request(self.command, self.path, body, headers)
        reply = connection.getresponse()
        content = reply.read()
        if self.command == "POST" and reply.status == 201:
            made = json.loads(content)
            self.plaintexts[made["data"]["hash"]] = made["key"]
        self.send_response(reply.status)
        for name, value in reply.getheaders():
            if name.lower() not in ("content-length", "connection", "transfer-encoding", "date", "server"):
                self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PATCH = do_DELETE = relay

    def log_message(self, *words):
        pass


class Sandbox:
    def __init__(self):
        command = [PROGRAMS / "ork-sandbox", "--until-input-ends"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        greeting = json.loads(self.process.stdout.readline())
        self.management = greeting["management_key"]
        Relay.upstream = greeting["url"].split("/")[2]

    def ask(self, method, path, key=None, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", PORT)
        headers = {"content-type": "application/json"} | ({"authorization": "Bearer " + key} if key else {})
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        reply = connection.getresponse()
        content = reply.read()
        assert reply.status < 300, (method, path, reply.status, content)
        return json.loads(content)


class Rotation:
    """One rotation in a folder of its own."""

    def __init__(self, sandbox, name, targets, separate=False, rules=None):
        self.sandbox, self.name, self.separate = sandbox, name, separate
        self.base = "checkout-" + name
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.identities = {step: self.keygen() for step in (STEPS if separate else ["all"])}
        made = sandbox.ask("POST", "/api/v1/keys", sandbox.management, {"name": self.base, "limit": 25})
        self.predecessor = made["key"]
        for target in targets.values():
            (self.folder / target["with"]["path"]).write_text(f"OTHER=kept\nKEY={self.predecessor}\n")
        rotation = {
            "predecessor": {"name": self.base},
            "targets": targets,
            "publish": {"settle": "0s", "publish_by": "9000d"},
            "verify": {"valid_for": "9000d"},
            "retire": {"overlap": "0s", "quiet_for": "0s", "soak": "0s"} | (rules or {}),
        }
        if separate:
            rotation["trust"] = {step: [identity["public"]] for step, identity in self.identities.items()}
        self.write("ork.yaml", {"version": 1, "rotations": {name: rotation}})

    def write(self, name, content):
        (self.folder / name).write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")

    def keygen(self):
        made = subprocess.run([PROGRAMS / "ork-keygen"], capture_output=True, text=True, check=True)
        both = made.stdout + made.stderr
        return {
            "private": re.search(r"ork-identity-1:\S+", both)[0], "public": re.search(r"ork-public-1:\S+", both)[0]
        }

    def run(self, step, *options, status=0):
        identity = self.identities[step if self.separate else "all"]
        environment = {
            "PATH": f"{PROGRAMS}:/usr/bin:/bin",
            "HOME": str(self.folder),
            "ORK_IDENTITY": identity["private"],
            "OPENROUTER_BASE_URL": f"http://127.0.0.1:{PORT}/api/v1",
            "OPENROUTER_MANAGEMENT_KEY": self.sandbox.management,
        }
        ended = subprocess.run([PROGRAMS / f"ork-{step}", *options], cwd=self.folder, env=environment)
        assert ended.returncode == status, (self.name, step, ended.returncode)

    def use(self):
        """The application asks a model with the key that it finds."""
        text = next(self.folder.glob("*.env")).read_text()
        key = re.search(r"sk-or-v1-[0-9a-f]{64}", text)[0]
        body = {"model": "example/model", "messages": [{"role": "user", "content": "How are you?"}]}
        self.sandbox.ask("POST", "/api/v1/chat/completions", key, body)

    def keep(self):
        place = HERE / self.name
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        for source, name in (("ork-handoff.json", "handoff.json"), ("other.json", "other.json")):
            if (self.folder / source).exists():
                shutil.copyfile(self.folder / source, place / name)
        keys = []
        for key in self.sandbox.ask("GET", "/sandbox/keys"):
            if key["name"].startswith(self.base + " ") or key["name"] == self.base:
                members = ["name", "hash", "workspace_id", "disabled", "limit", "usage"]
                members += ["created_at", "last_used_at", "deleted_at"]
                keys.append({"key": Relay.plaintexts[key["hash"]]} | {name: key[name] for name in members})
        world = {
            "openrouter": f"http://127.0.0.1:{PORT}/api/v1",
            "keys": keys,
            "files": {path.name: path.read_text() for path in sorted(self.folder.glob("*.env"))},
            "identities": {step: identity["private"] for step, identity in self.identities.items()},
            "trust": [f"{step}={self.identities[step]['public']}" for step in STEPS] if self.separate else [],
        }
        (place / "world.json").write_text(json.dumps(world, indent=2) + "\n")


def file(path, wave=1):
    return {"publisher": "file", "wave": wave, "with": {"path": path, "name": "KEY"}}


def make(sandbox):
    one = {"web": file("web.env")}
    waves = {"canary": file("canary.env"), "web": file("web.env", 2)}

    # OpenRouter's answer to the minting is lost, and then that to the activation.
    for name, method, status in (("intended", "POST", 69), ("minted", "PATCH", 69)):
        rotation = Rotation(sandbox, name, one)
        Relay.dropped = method
        rotation.run("create", status=status)
        Relay.dropped = None
        rotation.keep()

    rotation = Rotation(sandbox, "created", one)
    rotation.run("create")
    rotation.keep()

    rotation = Rotation(sandbox, "publishing", waves)
    for step in ("create", "publish", "verify"):
        rotation.run(step)
    rotation.keep()

    rotation = Rotation(sandbox, "published", one)
    for step in ("create", "publish"):
        rotation.run(step)
    rotation.keep()

    rotation = Rotation(sandbox, "verified", one)
    for step in ("create", "publish"):
        rotation.run(step)
    rotation.use()
    rotation.run("verify")
    rotation.keep()

    # A target that only ork-publish was told of, and rules that ork-retire was told of.
    rotation = Rotation(sandbox, "accepted", one, rules={"overlap": "9000d"})
    rotation.run("create")
    (rotation.folder / "extra.env").write_text(f"KEY={rotation.predecessor}\n")
    rotation.run("publish", "--to", "extra=file:path=extra.env,name=KEY")
    rotation.use()
    rotation.run("verify", "--keep-secret")
    (rotation.folder / "ork.yaml").unlink()
    rotation.run("retire", "--overlap", "30s", status=75)
    rotation.keep()

    # Two jobs have published at once, each with its own copy.
    rotation = Rotation(sandbox, "parallel", {"api": file("api.env"), "web": file("web.env")})
    rotation.run("create")
    shutil.copyfile(rotation.folder / "ork-handoff.json", rotation.folder / "other.json")
    rotation.run("publish", "--target", "api")
    rotation.run("publish", "--target", "web", "--handoff", "other.json")
    rotation.keep()

    rotation = Rotation(sandbox, "retiring", one, rules={"soak": "5s"})
    for step in ("create", "publish"):
        rotation.run(step)
    rotation.use()
    rotation.run("verify")
    rotation.run("retire", status=75)
    rotation.keep()

    rotation = Rotation(sandbox, "finished", one)
    for step in ("create", "publish"):
        rotation.run(step)
    rotation.use()
    rotation.run("verify")
    rotation.run("retire", "--wait", "60s")
    rotation.keep()

    # Each stage with an identity of its own, and a gate before the second wave and before retirement.
    for name, approved in (("separate", False), ("approved", True)):
        rotation = Rotation(sandbox, name, waves, separate=True)
        for step in ("create", "publish", "verify"):
            rotation.run(step)
        if approved:
            rotation.run("approve")
            for step in ("publish", "verify"):
                rotation.run(step)
        rotation.keep()


def main():
    sandbox = Sandbox()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Relay)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        make(sandbox)
    finally:
        sandbox.process.stdin.close()
        sandbox.process.wait(10)
        server.shutdown()


main()
