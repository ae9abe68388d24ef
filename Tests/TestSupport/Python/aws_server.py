"""AWS on loopback: moto with its signature and policy checks on, corrected where it is known to answer otherwise than AWS.

Prints one line of JSON when it serves, and ends when its standard input does. Every request is held to botocore's model
of its service, and refused if that does not allow it. `POST /ork/NAME` is the test's own hand; see CONTROLS.
"""

import io
import json
import os
import re
import sys
import threading
import time
import urllib.parse

os.environ.update(
    AWS_ACCESS_KEY_ID="setup", AWS_SECRET_ACCESS_KEY="setup", AWS_DEFAULT_REGION="eu-central-1", AWS_MAX_ATTEMPTS="1"
)

import boto3  # noqa: E402
import botocore.loaders  # noqa: E402
import botocore.model  # noqa: E402
import botocore.session  # noqa: E402
import botocore.validate  # noqa: E402
from botocore.config import Config  # noqa: E402
from botocore.endpoint_provider import EndpointProvider  # noqa: E402
from moto import settings  # noqa: E402
from moto.core.exceptions import JsonRESTError  # noqa: E402
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app  # noqa: E402
from moto.secretsmanager import exceptions, models  # noqa: E402
from moto.sts.models import sts_backends  # noqa: E402
from werkzeug.serving import make_server  # noqa: E402

REGION = "eu-central-1"
ACCOUNT = "123456789012"
JSON_TYPE = "application/x-amz-json-1.1"

# What AWS says in JSON where moto says something in XML ("Common error types" of the services' references).
NAMES = {
    "InvalidClientTokenId": "UnrecognizedClientException",
    "SignatureDoesNotMatch": "InvalidSignatureException",
    "AccessDenied": "AccessDeniedException",
}


class Models:
    """botocore's models of the three services, to hold requests to."""

    def __init__(self):
        loader = botocore.loaders.Loader()
        self.models = {
            name: botocore.model.ServiceModel(loader.load_service_model(name, "service-2"), name)
            for name in ("secretsmanager", "ssm", "sts")
        }

    def complaint(self, service, operation, parameters):
        model = self.models[service]
        if operation not in model.operation_names:
            return f"no operation {operation}"
        shape = model.operation_model(operation).input_shape
        report = botocore.validate.ParamValidator().validate(parameters, shape)
        found = [report.generate_report()] if report.has_errors() else []
        return "; ".join(found + list(self.details(parameters, shape, operation))) or None

    def details(self, value, shape, path):
        """What botocore leaves to the service: unknown members, the longest text, patterns, words."""
        if shape.type_name == "structure":
            for key, member in value.items():
                if key not in shape.members:
                    yield f"{path}.{key} is unknown"
                else:
                    yield from self.details(member, shape.members[key], f"{path}.{key}")
        elif shape.type_name == "list":
            for member in value:
                yield from self.details(member, shape.member, f"{path}[]")
        elif shape.type_name == "string":
            metadata = shape.metadata
            if "max" in metadata and len(value) > metadata["max"]:
                yield f"{path} is too long"
            if metadata.get("enum") and value not in metadata["enum"]:
                yield f"{path} is none of its words"
            pattern = metadata.get("pattern")
            if pattern and "\\u" not in pattern and not re.search(pattern, value):
                yield f"{path} does not match {pattern}"


def correct_moto():
    """Where moto's Secrets Manager is known to differ, by AWS's API reference."""
    backend = models.SecretsManagerBackend
    put, move, create = backend.put_secret_value, backend.update_secret_version_stage, backend.create_secret

    def put_secret_value(self, secret_id, secret_string, secret_binary, client_request_token, version_stages):
        if self._is_valid_identifier(secret_id):
            secret = self.secrets[secret_id]
            if secret.is_deleted():
                raise exceptions.InvalidRequestException(
                    "You can't perform this operation on the secret because it was marked for deletion."
                )
            known = getattr(secret, "versions", {}).get(client_request_token)
            if known and known.get("secret_string") != secret_string:
                raise exceptions.ResourceExistsException(
                    f"You can't use ClientRequestToken {client_request_token} because that value is already in use"
                )
            if known:
                return secret.to_short_dict(include_version_stages=True, version_id=client_request_token)
            if not secret.versions:
                version_stages = sorted({*version_stages, "AWSCURRENT"})
        return put(self, secret_id, secret_string, secret_binary, client_request_token, version_stages)

    def update_secret_version_stage(self, secret_id, version_stage, remove_from_version_id, move_to_version_id):
        if secret_id in self.secrets:
            secret = self.secrets[secret_id]
            holder = next((i for i, v in secret.versions.items() if version_stage in v["version_stages"]), None)
            if holder is not None and holder != remove_from_version_id:
                raise exceptions.InvalidParameterException(
                    f"The parameter RemoveFromVersionId can't be empty. Staging label {version_stage} is currently"
                    f" attached to version {holder}, so you must explicitly reference that version"
                )
            if move_to_version_id and move_to_version_id not in secret.versions:
                raise exceptions.ResourceNotFoundException("Secrets Manager can't find the specified secret version.")
        result = move(self, secret_id, version_stage, remove_from_version_id, move_to_version_id)
        if version_stage == "AWSCURRENT" and move_to_version_id:
            self.secrets[secret_id].default_version_id = move_to_version_id
        return result

    def create_secret(self, name, *arguments, **named):
        if name in self.secrets and self.secrets[name].is_deleted():
            raise exceptions.InvalidRequestException(
                "You can't create this secret because a secret with this name is already scheduled for deletion."
            )
        return create(self, name, *arguments, **named)

    backend.put_secret_value = put_secret_value
    backend.update_secret_version_stage = update_secret_version_stage
    backend.create_secret = create_secret
    # A refusal is a 400.
    init = JsonRESTError.__init__

    def refuse(self, *arguments, **named):
        if getattr(self, "code", 400) == 404:
            self.code = 400
        init(self, *arguments, **named)
        if self.code == 404:
            self.code = 400

    JsonRESTError.__init__ = refuse


class Server:
    """The application, and what the tests may ask of it."""

    def __init__(self):
        correct_moto()
        self.moto = DomainDispatcherApplication(create_backend_app)
        self.models = Models()
        self.lock = threading.Lock()
        self.making = threading.Lock()
        self.clients = {}
        self.expired = set()
        self.port = 0

    # The network's side.

    def __call__(self, environ, start_response):
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        path = environ["PATH_INFO"]
        if path.startswith("/ork/"):
            status, content_type, answer = self.control(path[len("/ork/") :], environ, body)
            start_response(f"{status} -", [("Content-Type", content_type), ("Content-Length", str(len(answer)))])
            return [answer]
        refusal = self.refuse(environ, body)
        if refusal is not None:
            return self.answer(start_response, *refusal)
        status, headers, answer = self.ask_moto(environ, body)
        return self.finish(environ, start_response, status, headers, answer)

    def refuse(self, environ, body):
        """What AWS would refuse and moto lets through."""
        target = environ.get("HTTP_X_AMZ_TARGET")
        if target is None:
            return self.refuse_identity(environ, body)
        prefix, operation = target.split(".")
        service = {"secretsmanager": "secretsmanager", "AmazonSSM": "ssm"}[prefix]
        ours = "boto" not in environ.get("HTTP_USER_AGENT", "").lower()
        if ours:
            complaint = self.models.complaint(service, operation, json.loads(body))
            if environ.get("CONTENT_TYPE") != JSON_TYPE:
                complaint = "the content type is another"
            if complaint:
                return 400, {"__type": "ValidationException", "message": f"not by the model: {complaint}"}
        key = re.search(r"Credential=([^/]+)/", environ.get("HTTP_AUTHORIZATION", ""))
        if key is None:
            return 400, {"__type": "MissingAuthenticationTokenException", "message": "Missing Authentication Token"}
        if key[1] in self.expired:
            text = "The security token included in the request is expired"
            return 400, {"__type": "ExpiredTokenException", "message": text}
        return None

    def refuse_identity(self, environ, body):
        form = dict(urllib.parse.parse_qsl(body.decode(errors="replace")))
        if form.get("Action") != "AssumeRoleWithWebIdentity" or "HTTP_AUTHORIZATION" in environ:
            return None
        parameters = {key: value for key, value in form.items() if key not in ("Action", "Version")}
        complaint = self.models.complaint("sts", form["Action"], parameters)
        token = form.get("WebIdentityToken", "")
        refusals = {
            "expired": (400, "ExpiredTokenException", f"Token expired: {token}"),
            "foreign": (400, "InvalidIdentityToken", "No OpenIDConnect provider found in your account"),
            "quoted": (400, "InvalidIdentityToken", f"The ID Token provided is not a valid JWT: {token}"),
            "stranger": (403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"),
            "claim": (403, "IDPRejectedClaim", "The identity provider reported that authentication failed"),
            "region": (403, "RegionDisabledException", "STS is not activated in the requested region"),
        }
        if "json" not in environ.get("HTTP_ACCEPT", ""):
            status, code, message = 400, "ValidationError", "not by the model: it would be answered in XML"
        elif complaint:
            status, code, message = 400, "ValidationError", f"not by the model: {complaint}"
        elif token.split("-")[0] in refusals:
            status, code, message = refusals[token.split("-")[0]]
        elif not token.startswith("good-"):
            status, code, message = 400, "InvalidIdentityToken", "Couldn't retrieve verification key"
        else:
            return 200, self.identity(parameters)
        return status, {"Error": {"Code": code, "Message": message, "Type": "Sender"}, "RequestId": "1"}

    def identity(self, parameters):
        """What STS answers to who asks it for JSON. moto would want a signature for this call, and check no token."""
        role = self.assume(parameters["RoleArn"], parameters["RoleSessionName"])
        keys = {
            "AccessKeyId": role.access_key_id, "SecretAccessKey": role.secret_access_key,
            "SessionToken": role.session_token,
            # A number, perhaps with an exponent (Envoy's tests have both).
            "Expiration": 1e9 * round((time.time() + 3600) / 1e9, 9),
        }
        return {"AssumeRoleWithWebIdentityResponse": {"AssumeRoleWithWebIdentityResult": {"Credentials": keys}}}

    @staticmethod
    def assume(role, name):
        """Only adds to a list, and so waits for nobody."""
        return sts_backends[ACCOUNT]["aws"].assume_role(
            region_name=REGION, role_session_name=name, role_arn=role, policy=None, duration=3600, external_id=None
        )

    def ask_moto(self, environ, body):
        environ["wsgi.input"] = io.BytesIO(body)
        kept = {}

        def start(status, headers, exc_info=None):
            kept.update(status=int(status.split()[0]), headers=headers)

        # moto is not made for threads.
        with self.lock:
            answer = b"".join(self.moto(environ, start))
        return kept["status"], kept["headers"], answer

    def finish(self, environ, start_response, status, headers, answer):
        headers = [(key, value) for key, value in headers if key.lower() not in ("content-length", "status")]
        if "HTTP_X_AMZ_TARGET" in environ:
            headers = [(key, value) for key, value in headers if key.lower() != "content-type"]
            headers.append(("Content-Type", JSON_TYPE))
            code = re.search(rb"<Code>(\w+)</Code><Message>([^<]*)<", answer)
            if code is not None:
                status, name = 400, code[1].decode()
                answer = json.dumps({"__type": NAMES.get(name, name), "message": code[2].decode()}).encode()
        headers.append(("Content-Length", str(len(answer))))
        start_response(f"{status} -", headers)
        return [answer]

    def answer(self, start_response, status, value):
        body = json.dumps(value).encode()
        content_type = JSON_TYPE if "__type" in value else "application/json"
        start_response(f"{status} -", [("Content-Type", content_type), ("Content-Length", str(len(body)))])
        return [body]

    # The test's side.

    def control(self, path, environ, body):
        if path == "github":
            return self.git_hub(environ)
        if path == "container":
            return self.container(environ)
        if path.startswith("instance/"):
            return self.instance(path[len("instance/") :], environ)
        wish = json.loads(body or b"{}")
        try:
            value = CONTROLS[path](self, **wish)
            return 200, "application/json", json.dumps(value, default=str).encode()
        except Exception as error:  # noqa: BLE001
            text = {"error": type(error).__name__, "message": str(error)}
            return 500, "application/json", json.dumps(text).encode()

    def client(self, service, region=REGION, **credentials):
        """A client of boto3's; making one takes longer than using it."""
        key = (service, region, *sorted((credentials or self.admin).items()))
        with self.making:
            if key not in self.clients:
                self.clients[key] = boto3.client(
                    service, region_name=region, endpoint_url=f"http://127.0.0.1:{self.port}",
                    config=Config(retries={"max_attempts": 0}), **(credentials or self.admin),
                )
            return self.clients[key]

    def call(self, service, operation, parameters=None, region=REGION):
        """Lets boto3 do something, as a user who may do everything."""
        answer = getattr(self.client(service, region), operation)(**(parameters or {}))
        answer.pop("ResponseMetadata", None)
        return answer

    def session(self, lifetime=3600):
        """Credentials that end, which AWS would hand out to the role."""
        keys = self.assume(f"arn:aws:iam::{ACCOUNT}:role/deploy", "test")
        expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + lifetime))
        return {
            "Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": keys.access_key_id,
            "SecretAccessKey": keys.secret_access_key, "Token": keys.session_token, "Expiration": expires,
        }

    def git_hub(self, environ):
        """GitHub's endpoint for identity tokens ("OpenID Connect reference")."""
        query = dict(urllib.parse.parse_qsl(environ.get("QUERY_STRING", "")))
        if environ.get("HTTP_AUTHORIZATION") != "Bearer request-token":
            return 401, "application/json", b"{}"
        token = "good-" + query.get("audience", "none") + query.get("api-version", "")
        return 200, "application/json", json.dumps({"count": 1, "value": token}).encode()

    def container(self, environ):
        """ECS's and EKS's endpoint ("Task IAM role", "EKS Pod Identities")."""
        if environ.get("HTTP_AUTHORIZATION") != "container-token":
            return 401, "application/json", b'{"code": "Unauthorized", "message": "the token is another"}'
        query = dict(urllib.parse.parse_qsl(environ.get("QUERY_STRING", "")))
        keys = self.session(int(query.get("lifetime", "3600")))
        return 200, "application/json", json.dumps(keys).encode()

    def instance(self, path, environ):
        """EC2's metadata service, version 2 alone."""
        if path == "latest/api/token":
            if environ["REQUEST_METHOD"] != "PUT" or not environ.get("HTTP_X_AWS_EC2_METADATA_TOKEN_TTL_SECONDS"):
                return 400, "text/plain", b""
            return 200, "text/plain", b"instance-session"
        if environ.get("HTTP_X_AWS_EC2_METADATA_TOKEN") != "instance-session":
            return 401, "text/html", b"<h1>401 - Unauthorized</h1>"
        if path == "latest/meta-data/iam/security-credentials/":
            return 200, "text/plain", b"deploy"
        if path == "latest/meta-data/iam/security-credentials/deploy":
            return 200, "text/plain", json.dumps(self.session()).encode()
        return 404, "text/html", b""

    def fetch(self):
        """Lets botocore's own fetchers ask the two endpoints, and says who they become."""
        from botocore.httpsession import URLLib3Session
        from botocore.utils import ContainerMetadataFetcher, InstanceMetadataFetcher

        root = f"http://127.0.0.1:{self.port}/ork/"
        container = ContainerMetadataFetcher(URLLib3Session(timeout=30)).retrieve_full_uri(
            root + "container", headers={"Authorization": "container-token"}
        )
        instance = InstanceMetadataFetcher(
            base_url=root + "instance/", timeout=30, num_attempts=3, config={"ec2_metadata_v1_disabled": True}
        ).retrieve_iam_role_credentials()
        found = [
            (container["AccessKeyId"], container["SecretAccessKey"], container["Token"]),
            (instance["access_key"], instance["secret_key"], instance["token"]),
        ]
        return [
            self.client("sts", aws_access_key_id=a, aws_secret_access_key=b, aws_session_token=c)
            .get_caller_identity()["Arn"]
            for a, b, c in found
        ]

    def expire(self, keys):
        """Ends the sessions with these access key ids."""
        self.expired.update(keys)

    def endpoints(self):
        """Where botocore finds each service in each region that it knows."""
        session = botocore.session.get_session()
        partitions = session.get_component("data_loader").load_data("partitions")["partitions"]
        regions = [name for part in partitions for name in part["regions"] if not name.startswith("aws-")]
        rules = {name: self.rules(session, name) for name in ("secretsmanager", "ssm", "sts")}
        options = {"UseFIPS": False, "UseDualStack": False}
        return {
            f"{name} {region}": rule.resolve_endpoint(
                Region=region, **options, **({"UseGlobalEndpoint": False} if name == "sts" else {})
            ).url
            for name, rule in rules.items()
            for region in regions
        }

    def rules(self, session, name):
        loader = session.get_component("data_loader")
        return EndpointProvider(loader.load_service_model(name, "endpoint-rule-set-1"), loader.load_data("partitions"))

    def reasons(self):
        """Every name of an error in botocore's models of the services, and those of its retries for too many requests."""
        from botocore.retries.standard import ThrottledRetryableChecker

        names = {
            name: sorted({e for op in model.operation_names for e in self.errors(model.operation_model(op))})
            for name, model in self.models.models.items()
        }
        return names | {"throttling": ThrottledRetryableChecker._THROTTLED_ERROR_CODES}

    @staticmethod
    def errors(operation):
        return [shape.metadata.get("error", {}).get("code") or shape.name for shape in operation.error_shapes]

    # Its beginning.

    def prepare(self):
        self.admin = {"aws_access_key_id": "setup", "aws_secret_access_key": "setup"}
        iam = self.client("iam")
        read = ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret", "ssm:GetParameter"]
        users = {
            "admin": ["*"],
            "reader": read,
            "describer": read + ["ssm:DescribeParameters"],
            "putter": read + ["secretsmanager:PutSecretValue"],
            "nobody": [],
        }
        keys = {}
        for name, actions in users.items():
            iam.create_user(UserName=name)
            if actions:
                iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy(actions))
            key = iam.create_access_key(UserName=name)["AccessKey"]
            keys[name] = [key["AccessKeyId"], key["SecretAccessKey"]]
        iam.create_role(RoleName="deploy", AssumeRolePolicyDocument=policy(["sts:AssumeRole"], {"AWS": "*"}))
        iam.put_role_policy(RoleName="deploy", PolicyName="p", PolicyDocument=policy(["*"]))
        self.admin = {"aws_access_key_id": keys["admin"][0], "aws_secret_access_key": keys["admin"][1]}
        settings.INITIAL_NO_AUTH_ACTION_COUNT = 0
        return keys


def policy(actions, principal=None):
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    if principal:
        statement = {"Effect": "Allow", "Action": actions, "Principal": principal}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


CONTROLS = {
    "call": Server.call, "fetch": Server.fetch, "expire": Server.expire, "endpoints": Server.endpoints,
    "reasons": Server.reasons,
}


def main():
    server = Server()
    http = make_server("127.0.0.1", 0, server, threaded=True)
    server.port = http.server_port
    threading.Thread(target=http.serve_forever, daemon=True).start()
    users = server.prepare()
    print(json.dumps({"port": server.port, "users": users}), flush=True)
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    import logging

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    main()
