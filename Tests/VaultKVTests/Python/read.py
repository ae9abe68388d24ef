"""What hvac, a client that is not ours, finds at a place: one line of JSON."""

import json
import sys

import hvac

url, token, version, namespace, mount, path = sys.argv[1:]
client = hvac.Client(url=url, token=token, namespace=namespace or None)
if version == "1":
    answer = client.secrets.kv.v1.read_secret(path, mount_point=mount)
    print(json.dumps({"data": answer["data"]}, sort_keys=True))
else:
    answer = client.secrets.kv.v2.read_secret_version(path, mount_point=mount, raise_on_deleted_version=True)
    data = answer["data"]
    print(
        json.dumps(
            {
                "data": data["data"],
                "version": data["metadata"]["version"],
                "custom_metadata": data["metadata"]["custom_metadata"],
            },
            sort_keys=True,
        )
    )
