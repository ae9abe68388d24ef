"""The artifacts of a GitHub and a GitLab, from folders on this machine; everything else goes on to ork-sandbox.

services.py GITHUB_FOLDER GITLAB_FOLDER SANDBOX_URL

GITHUB_FOLDER is act's --artifact-server-path: RUN/NAME/FILE, where runs from FORK on are a fork's, and those from BRANCH on
of another branch than main. GITLAB_FOLDER is what gitlab.py keeps: JOB/job.json and JOB/files/. Says its own address in one
line, and ends when its input does.
"""

import http.server
import io
import json
import pathlib
import re
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
import zipfile

BRANCH, FORK = 8000, 9000
# 2026 in microseconds: what is left is a number that jq can hold.
EPOCH = 1767225600 * 10**6
github, gitlab, sandbox = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]


def artifacts():
    # Numbered by the time at which they came, so that a number stays what it is.
    return {file.stat().st_mtime_ns // 1000 - EPOCH: file.parent for file in github.glob("*/*/*")}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, body, kind="application/json"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer(self):
        path = self.path.split("?")[0]
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        actions = re.fullmatch(r"/github/repos/[^/]+/[^/]+/actions/(artifacts(?:/.+)?)", path)
        if re.fullmatch(r"/github/repos/[^/]+/[^/]+/git/ref/heads/main", path):
            tip = {"ref": "refs/heads/main", "object": {"type": "commit", "sha": "1" * 40}}
            return self.reply(200, json.dumps(tip).encode())
        if re.fullmatch(r"/github/repos/[^/]+/[^/]+/compare/1{40}\.\.\.0{40}", path):
            return self.reply(200, b'{"status": "behind"}')
        jobs = re.fullmatch(r"/gitlab/api/v4/projects/[^/]+/jobs(?:/(\d+)/artifacts/(.+))?", path)
        if actions:
            return self.github(actions.group(1))
        if jobs:
            return self.gitlab(jobs.group(1), jobs.group(2))
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection", "content-length")}
        request = urllib.request.Request(sandbox + self.path, body or None, headers, method=self.command)
        try:
            with urllib.request.urlopen(request) as answer:
                return self.pass_on(answer)
        except urllib.error.HTTPError as answer:
            return self.pass_on(answer)

    def pass_on(self, answer):
        body = answer.read()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def github(self, path):
        if "artifact-reader" not in self.headers.get("Authorization", ""):
            return self.reply(401, b"{}")
        if path == "artifacts":
            (name,) = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)["name"]
            listed = [
                {"id": number, "name": name, "expired": False, "workflow_run": {
                    "repository_id": 1, "head_repository_id": 2 if int(place.parent.name) >= FORK else 1,
                    "head_sha": "0" * 40,
                    "head_branch": "topic" if BRANCH <= int(place.parent.name) < FORK else "main"}}
                for number, place in artifacts().items()
                if place.name == name
            ]
            return self.reply(200, json.dumps({"artifacts": listed}).encode())
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as zipped:
            for file in artifacts()[int(path.split("/")[1])].iterdir():
                zipped.writestr(file.name, file.read_bytes())
        return self.reply(200, archive.getvalue(), "application/zip")

    def gitlab(self, job, path):
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        if token not in ("artifact-reader", "job-lister") or (job and token == "job-lister"):
            return self.reply(403 if job else 401, b"{}")
        if job is None:
            if "page=1" not in self.path.split("per_page=100")[-1]:
                return self.reply(200, b"[]")
            listed = [json.loads(p.read_text()) for p in gitlab.glob("*/job.json")]
            for entry in listed:
                entry["artifacts_file"] = {} if (gitlab / str(entry["id"]) / "files").exists() else None
            return self.reply(200, json.dumps(sorted(listed, key=lambda j: -j["id"])).encode())
        file = gitlab / job / "files" / path
        return self.reply(200, file.read_bytes()) if file.is_file() else self.reply(404, b"{}")

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(f"http://127.0.0.1:{server.server_port}", flush=True)
sys.stdin.read()
