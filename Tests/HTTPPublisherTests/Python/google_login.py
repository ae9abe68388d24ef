"""Prints what Google's discovery documents say of the requests of a login without a key."""
import json
from importlib.resources import files

documents = files("googleapiclient").joinpath("discovery_cache", "documents")
sts = json.loads(documents.joinpath("sts.v1.json").read_text())
iam = json.loads(documents.joinpath("iamcredentials.v1.json").read_text())
exchange = sts["resources"]["v1"]["methods"]["token"]
account = iam["resources"]["projects"]["resources"]["serviceAccounts"]["methods"]["generateAccessToken"]
print(json.dumps({
    "exchange": sorted(sts["schemas"][exchange["request"]["$ref"]]["properties"]), "exchange_path": exchange["path"],
    "account": sorted(iam["schemas"][account["request"]["$ref"]]["properties"]),
    "account_path": account["flatPath"].split("{")[0],
}))
