"""Opens what was published, with PyNaCl: a line with one JSON array of {private_key, encrypted_value}."""

import base64
import json
import sys

from nacl.public import PrivateKey, SealedBox

for secret in json.load(sys.stdin):
    key = PrivateKey(base64.b64decode(secret["private_key"], validate=True))
    print(SealedBox(key).decrypt(base64.b64decode(secret["encrypted_value"], validate=True)).decode())
