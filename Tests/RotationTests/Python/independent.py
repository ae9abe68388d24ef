"""Identities, boxes and signatures of ork-handoff/1 by PyNaCl and hashlib, without a line of ork.

`golden` prints a handoff for the fixture; `check` reads {"identity": …, "handoff": …} on standard input, looks at
every digest, signature and box, and answers with the public identity, the plaintext and a box of its own.
"""

import base64
import hashlib
import json
import sys

from nacl.public import PrivateKey, PublicKey, SealedBox
from nacl.signing import SigningKey, VerifyKey

PRIVATE, PUBLIC = "ork-identity-1:", "ork-public-1:"


def encode(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def checked(prefix, data):
    return prefix + encode(data + hashlib.sha256(prefix.encode() + data).digest()[:4])


def unchecked(prefix, text):
    assert text.startswith(prefix)
    data = decode(text[len(prefix) :])[:-4]
    assert checked(prefix, data) == text
    return data


def derive(seed, number):
    salt, person = number.to_bytes(8, "little") + bytes(8), b"ork-id-1" + bytes(8)
    return hashlib.blake2b(key=seed, salt=salt, person=person, digest_size=32).digest()


def canonical(value):
    # The keys are ASCII here, so the order of code points is that of UTF-16.
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def signed(record):
    return b"ork-handoff/1\0" + canonical({key: value for key, value in record.items() if key != "signature"})


class Identity:
    def __init__(self, seed):
        self.box = PrivateKey.from_seed(derive(seed, 1))
        self.signing = SigningKey(derive(seed, 2))
        self.public = checked(PUBLIC, bytes(self.box.public_key) + bytes(self.signing.verify_key))


def golden():
    me, secret = Identity(bytes(range(32))), b"sk-or-v1-" + b"5" * 64
    target = {"publisher": "file", "wave": 1, "with": {"path": ".env", "name": "OPENROUTER_API_KEY"}}
    targets = {"canary": target, "web": {**target, "wave": 2, "with": {"path": "web/.env", "name": "KEY"}}}
    plan = {"predecessor": {"name": "checkout-prod"}, "targets": targets, "from_2031": {"kept": True}}
    rotation = {
        "id": "01JDB5T8WV0123456789ABCDEF",
        "name": "checkout",
        "base": "checkout-prod",
        "plan": plan,
        "predecessors": [{"hash": "a" * 64, "name": "checkout-prod", "label": "sk-or-v1-aaa…aaa"}],
        "from_2031": ["kept", "ünd ⌘ 😀 \" \\ \u2028"],
    }
    records = []

    def add(step, event, detail=None, target=None, after=None, **more):
        record = {"step": step, "event": event, "at": f"2026-11-23T03:04:{len(records):02}Z"}
        if target:
            record["target"] = target
        record["message"] = f"golden {event}"
        if detail:
            record["detail"] = detail
        record["by"] = {"ci": "github-actions", "run": "https://ci.example/1", "actor": "ada"}
        tips = after or [digest(canonical(records[-1] if records else rotation))]
        record |= {"after": tips, **more, "signer": me.public}
        record["signature"] = encode(me.signing.sign(signed(record)).signature)
        records.append(record)
        return digest(canonical(record))

    key = digest(secret)
    successor = {
        "hash": "b" * 64,
        "digest": key,
        "name": "checkout-prod 2026-11-23 ork:01JDB5T8",
        "created_at": "2026-11-23T03:04:00Z",
        "publish_by": "2026-12-23T03:04:00Z",
    }
    add("create", "intended", {"name": successor["name"] + " minting"})
    add("create", "minted", successor)
    created = add("create", "created", successor, from_2031={"kept": [1, 2, None]})
    one = add("publish", "committed", {"digest": key, "receipt": {"size": 9007199254740992}}, "canary", [created])
    other = add("publish", "committed", {"digest": key}, "web", [created])
    add("verify", "checked", {"check": "successor", "outcome": "passed"}, after=sorted([one, other]))
    add("verify", "verified", {"digest": key, "writes": {"canary": one, "web": other}, "adoption": "seen"})
    binding = {"rotation": digest(canonical(rotation)), "successor": key, "targets": targets}
    add("approve", "approved", {"binds": digest(canonical(binding))})
    meters = {"a" * 64: {"cost": "1.25", "last_used": 1795403045000}, "b" * 64: {"cost": "0"}}
    add("retire", "observed", {"at": "2026-11-23T03:04:05Z", "keys": meters})
    add("retire", "disabled", {"hash": "a" * 64, "at": "2026-11-23T03:04:09Z"})
    summary = {
        "state": "retiring",
        "successor": successor["name"],
        "targets": {"canary": "committed", "web": "committed"},
        "next": "ork-retire",
        "updated": records[-1]["at"],
    }
    sealed = [{"to": me.public, "of": "successor", "box": encode(SealedBox(me.box.public_key).encrypt(secret))}]
    handoff = {
        "schema": "ork-handoff/1", "summary": summary, "rotation": rotation, "records": records, "sealed": sealed
    }
    print(json.dumps(handoff, indent=2, ensure_ascii=False))


def check():
    asked = json.load(sys.stdin)
    me, handoff = Identity(unchecked(PRIVATE, asked["identity"])), json.loads(asked["handoff"])
    known = {digest(canonical(handoff["rotation"]))}
    for record in handoff["records"]:
        key = VerifyKey(unchecked(PUBLIC, record["signer"])[32:])
        key.verify(signed(record), decode(record["signature"]))
        assert known.issuperset(record["after"])
        known.add(digest(canonical(record)))
    (sealed,) = handoff["sealed"]
    assert sealed["to"] == me.public
    opened = SealedBox(me.box).decrypt(decode(sealed["box"])).decode()
    recipient = PublicKey(unchecked(PUBLIC, sealed["to"])[:32])
    sealed["box"] = encode(SealedBox(recipient).encrypt(opened.encode()))
    print(json.dumps({"public": me.public, "opened": opened, "handoff": json.dumps(handoff)}))


{"golden": golden, "check": check}[sys.argv[1]]()
