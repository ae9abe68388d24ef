"""nginx with TLS in front of a sandbox's Kubernetes, until standard input ends. Prints the port.

    front.py FOLDER UPSTREAM_PORT

It makes the certificates in FOLDER: those of `authority` for the server (DNS:localhost) and for a client (CN=ork), and
one of a `stranger` for the same client. Who shows the first is told to the sandbox in X-Remote-User.
"""

import os
import pathlib
import pwd
import signal
import socket
import subprocess
import sys

FOLDER, UPSTREAM = pathlib.Path(sys.argv[1]), sys.argv[2]


def openssl(name, *arguments):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-keyout", FOLDER / f"{name}.key", "-out", FOLDER / f"{name}.pem", *arguments],
        check=True, capture_output=True)


def signed(name, signer, subject, *arguments):
    openssl(name, "-subj", subject, "-CA", FOLDER / f"{signer}.pem", "-CAkey", FOLDER / f"{signer}.key",
            "-addext", "basicConstraints=critical,CA:FALSE", *arguments)


def main():
    if os.getpgrp() != os.getpid():
        os.setpgid(0, 0)
    for name in ("authority", "stranger"):
        openssl(name, "-subj", f"/CN={name}")
    signed("server", "authority", "/CN=server", "-addext", "subjectAltName=DNS:localhost")
    signed("client", "authority", "/O=ci/CN=ork")
    signed("strange", "stranger", "/O=ci/CN=ork")
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen(64)
    server.set_inheritable(True)
    port = server.getsockname()[1]
    temporary = "".join(
        f"{kind}_temp_path {FOLDER}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    user = f"user {pwd.getpwuid(0).pw_name};" if os.getuid() == 0 else ""
    (FOLDER / "nginx.conf").write_text(f"""
daemon off; {user} pid {FOLDER}/nginx.pid; error_log {FOLDER}/nginx.log;
events {{ }}
http {{
  access_log off; {temporary}
  map "$ssl_client_verify $ssl_client_s_dn" $name {{ "~^SUCCESS .*CN=([^,]+)" $1; default ""; }}
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {FOLDER}/server.pem; ssl_certificate_key {FOLDER}/server.key;
    ssl_client_certificate {FOLDER}/authority.pem; ssl_verify_client optional_no_ca;
    location / {{
      proxy_pass http://127.0.0.1:{UPSTREAM}/kubernetes/; proxy_http_version 1.1; proxy_buffering off;
      proxy_set_header X-Remote-User $name;
    }}
  }}
}}
""")
    subprocess.Popen(
        ["/usr/sbin/nginx", "-e", FOLDER / "nginx.log", "-p", FOLDER, "-c", FOLDER / "nginx.conf"],
        env={**os.environ, "NGINX": f"{server.fileno()};"}, pass_fds=[server.fileno()])
    print(port, flush=True)
    sys.stdin.read()
    os.killpg(0, signal.SIGKILL)


main()
