"""A git server over SSH or HTTPS on a loopback port of its own, until standard input ends. Prints the port."""

import os
import pathlib
import pwd
import signal
import socket
import subprocess
import sys
import threading


def listener():
    """A socket that listens before anyone is told of it, so that no one has to wait."""
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen(64)
    return server


def ssh(folder):
    """`sshd -i` for each connection, with the host keys and the authorized keys of the folder."""
    if os.getuid() == 0:
        os.makedirs("/run/sshd", exist_ok=True)
    # A shell below another one does not read the user's .bashrc, which may take longer than git.
    keys = "".join(f"HostKey {key}\n" for key in sorted(folder.glob("host_*")) if key.suffix != ".pub")
    (folder / "sshd_config").write_text(
        f"{keys}AuthorizedKeysFile {folder}/authorized_keys\nStrictModes no\nUsePAM no\n"
        "PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\nSetEnv SHLVL=1\n"
    )
    server = listener()

    def serve():
        while True:
            connection, _ = server.accept()
            reap()
            subprocess.Popen(
                ["/usr/sbin/sshd", "-i", "-f", folder / "sshd_config", "-E", folder / "sshd.log"],
                stdin=connection, stdout=connection,
            )
            connection.close()

    threading.Thread(target=serve, daemon=True).start()
    return server.getsockname()[1]


def reap():
    """What git and sshd leave behind is ours, and thousands of the dead would slow whoever looks through /proc."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def https(folder, repositories, certificate):
    """nginx, fcgiwrap and `git http-backend` behind the user `ork` and the folder's token."""
    gateway = socket.socket(socket.AF_UNIX)
    gateway.bind(str(folder / "gateway"))
    gateway.listen(64)
    subprocess.Popen(["fcgiwrap", "-c", "2"], stdin=gateway)
    server = listener()
    server.set_inheritable(True)
    port = server.getsockname()[1]
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "users").write_text("ork:{PLAIN}" + (folder / "token").read_text())
    user = f"user {pwd.getpwuid(0).pw_name};" if os.getuid() == 0 else ""
    (folder / "nginx.conf").write_text(f"""
daemon off; {user} pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ }}
http {{
  access_log off; {temporary} client_max_body_size 0;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {certificate}.pem; ssl_certificate_key {certificate}.key;
    location /elsewhere/ {{ return 302 https://127.0.0.1:{port}/; }}
    location / {{
      auth_basic git; auth_basic_user_file {folder}/users;
      include /etc/nginx/fastcgi_params;
      fastcgi_param SCRIPT_FILENAME /usr/lib/git-core/git-http-backend;
      fastcgi_param GIT_PROJECT_ROOT {repositories};
      fastcgi_param GIT_HTTP_EXPORT_ALL "";
      fastcgi_param PATH_INFO $uri;
      fastcgi_param REMOTE_USER $remote_user;
      fastcgi_pass unix:{folder}/gateway;
    }}
  }}
}}
""")
    subprocess.Popen(
        ["/usr/sbin/nginx", "-e", folder / "nginx.log", "-p", folder, "-c", folder / "nginx.conf"],
        env={**os.environ, "NGINX": f"{server.fileno()};"}, pass_fds=[server.fileno()],
    )
    return port


def main():
    if os.getpgrp() != os.getpid():
        os.setpgid(0, 0)
    kind, folder, *rest = sys.argv[1:]
    port = {"ssh": ssh, "https": https}[kind](pathlib.Path(folder), *rest)
    print(port, flush=True)
    sys.stdin.read()
    os.killpg(0, signal.SIGKILL)


main()
