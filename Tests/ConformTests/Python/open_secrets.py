"""Prints what GitHub's secrets hold, opened with PyNaCl: open_secrets.py URL-OF-THE-SANDBOX."""

import base64
import json
import sys
import urllib.request

from nacl.public import PrivateKey, SealedBox

with urllib.request.urlopen(sys.argv[1] + "/sandbox/github/secrets") as answer:
    for secret in json.load(answer):
        box = SealedBox(PrivateKey(base64.b64decode(secret["private_key"])))
        print(box.decrypt(base64.b64decode(secret["encrypted_value"])).decode())
