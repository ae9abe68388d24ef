"""GitLab's own client in Go, as gitlab-mcp-server offers it: one tool for each operation, with JSON schemas."""

import json
import os
import subprocess
import sys
import tempfile


class GoClient:
    """A running server that asks the GitLab at `url`, the address of its API."""

    def __init__(self, url, token):
        self._home = tempfile.TemporaryDirectory()
        environment = {
            "HOME": self._home.name,
            "GITLAB_URL": url.removesuffix("/api/v4"),
            "GITLAB_TOKEN": token,
            "GITLAB_MCP_TOOL_SURFACE": "individual",
            "GITLAB_MCP_CAPABILITY_SURFACE": "minimal",
            "GITLAB_MCP_TIER": "premium",
            "GITLAB_MCP_YOLO_MODE": "true",
            "GITLAB_MCP_LOG_LEVEL": "error",
        }
        self._server = subprocess.Popen(
            [os.path.join(os.path.dirname(sys.executable), "gitlab-mcp-server")],
            env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )
        self._number = 0
        information = {"name": "test", "version": "1"}
        self._ask(
            "initialize", {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": information}
        )
        self._send({"method": "notifications/initialized"})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.stdin.close()
        self._server.kill()
        self._server.wait()
        self._server.stdout.close()
        self._home.cleanup()

    def tools(self):
        """The tools by name."""
        tools, parameters = {}, {}
        while True:
            page = self._ask("tools/list", parameters)
            tools |= {tool["name"]: tool for tool in page["tools"]}
            if not page.get("nextCursor"):
                return tools
            parameters = {"cursor": page["nextCursor"]}

    def call(self, name, **arguments):
        """What a tool gives, or `Refused` with what it says."""
        result = self._ask("tools/call", {"name": name, "arguments": arguments})
        if result.get("isError"):
            raise Refused(result["content"][0]["text"])
        return result.get("structuredContent")

    def _send(self, message):
        self._server.stdin.write(json.dumps({"jsonrpc": "2.0"} | message).encode() + b"\n")
        self._server.stdin.flush()

    def _ask(self, method, parameters):
        self._number += 1
        self._send({"id": self._number, "method": method, "params": parameters})
        for line in self._server.stdout:
            answer = json.loads(line)
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise Refused(str(answer["error"]))
                return answer["result"]
        raise EOFError("gitlab-mcp-server has ended")


class Refused(Exception):
    """GitLab refused, or the client did."""
