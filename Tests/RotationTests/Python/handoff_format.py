"""A reader of ork-handoff/1 written from Sources/Rotation/FORMAT.md alone; the paragraphs are named behind each part.

`check FOLDER HANDOFF` holds it to the vectors in a folder, and reads a handoff that must be acceptable.
"""

import base64
import datetime
import hashlib
import json
import pathlib
import re
import sys

import nacl.exceptions
from nacl.public import PrivateKey, SealedBox
from nacl.signing import SigningKey, VerifyKey


class Refused(Exception):
    """Why a text is not acceptable; `code` is one of §10."""

    def __init__(self, code, why=""):
        super().__init__(f"{code}: {why}")
        self.code = code


# §2


def parse(data):
    def unique(pairs):
        if len({key for key, _ in pairs}) != len(pairs):
            raise Refused("malformed", "a key twice")
        return dict(pairs)

    def integer(text):
        if text == "-0" or abs(int(text)) > 2**53:
            raise Refused("malformed", "number")
        return int(text)

    def no_number(text):
        raise Refused("malformed", "number")

    try:
        text = data.decode("utf-8")
        value = json.loads(
            text, object_pairs_hook=unique, parse_int=integer, parse_float=no_number, parse_constant=no_number
        )
        limit_depth(value, 64)
        canonical(value)
    except (ValueError, RecursionError) as error:
        raise Refused("malformed", str(error)) from error
    return value


def limit_depth(value, left):
    if left == 0:
        raise Refused("malformed", "depth")
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        limit_depth(part, left - 1)


ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def quote(text):
    text.encode()  # refuses half a surrogate pair
    return '"' + "".join(ESCAPES.get(c) or (f"\\u{ord(c):04x}" if c < " " else c) for c in text) + '"'


def canonical_text(value):
    if isinstance(value, dict):
        members = sorted(value.items(), key=lambda member: member[0].encode("utf-16-be"))
        return "{" + ",".join(quote(key) + ":" + canonical_text(part) for key, part in members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical_text, value)) + "]"
    if isinstance(value, str):
        return quote(value)
    return {True: "true", False: "false", None: "null"}[value] if value is None or isinstance(value, bool) else str(value)


def canonical(value):
    return canonical_text(value).encode()


# §3


def digest_of_bytes(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def digest(value):
    return digest_of_bytes(canonical(value))


def decode(text):
    if not isinstance(text, str) or not re.fullmatch("[A-Za-z0-9_-]*", text) or len(text) % 4 == 1:
        raise Refused("malformed", "base64url")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if encode(data) != text:
        raise Refused("malformed", "unused bits")
    return data


def encode(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


PRIVATE, PUBLIC = "ork-identity-1:", "ork-public-1:"


def checksum(prefix, data):
    return hashlib.sha256(prefix.encode() + data).digest()[:4]


def write_identity(prefix, data):
    return prefix + encode(data + checksum(prefix, data))


def read_identity(prefix, text):
    if not isinstance(text, str) or not text.startswith(prefix) or len(text) > 200:
        raise Refused("malformed", "identity")
    data = decode(text[len(prefix) :])
    body, check = data[:-4], data[-4:]
    if len(body) != (32 if prefix == PRIVATE else 64) or check != checksum(prefix, body):
        raise Refused("malformed", "identity")
    return body


def subkey(seed, number):
    salt, person = number.to_bytes(8, "little") + bytes(8), b"ork-id-1" + bytes(8)
    return hashlib.blake2b(b"", key=seed, salt=salt, person=person, digest_size=32).digest()


class Identity:
    def __init__(self, text):
        seed = read_identity(PRIVATE, text)
        self.box = PrivateKey(hashlib.sha512(subkey(seed, 1)).digest()[:32])
        self.signing = SigningKey(subkey(seed, 2))
        self.public = write_identity(PUBLIC, bytes(self.box.public_key) + bytes(self.signing.verify_key))


def is_name(text):
    return isinstance(text, str) and bool(re.fullmatch("[A-Za-z0-9][A-Za-z0-9._/-]{0,99}", text))


def is_hash(text):
    return isinstance(text, str) and bool(re.fullmatch("[A-Za-z0-9_-]{1,128}", text))


def is_digest(text):
    return isinstance(text, str) and bool(re.fullmatch("sha256:[0-9a-f]{64}", text))


def moment(text):
    try:
        return datetime.datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise Refused("malformed", "moment") from error


def need(condition, what):
    if not condition:
        raise Refused("malformed", what)


# §4, §5, §9: the form of each part


def check_header(header):
    need(isinstance(header, dict), "rotation")
    need(re.fullmatch("[0-9A-HJKMNP-TV-Z]{26}", str(header.get("id"))), "id")
    need(is_name(header.get("name")) and isinstance(header.get("base"), str), "name and base")
    need(isinstance(header.get("plan"), dict) and "predecessor" in header["plan"], "plan")
    need(isinstance(header.get("predecessors"), list), "predecessors")
    need(isinstance(header.get("leaves", []), list), "leaves")
    for key in header["predecessors"] + header.get("leaves", []):
        need(isinstance(key, dict) and is_hash(key.get("hash")) and isinstance(key.get("name"), str), "a predecessor")
    gates = header.get("requires", [])
    need(isinstance(gates, list) and all(isinstance(gate, str) for gate in gates), "requires")
    if set(gates) - {"approve"}:
        raise Refused("schema", "a gate")


WRITERS = {
    "create": {"intended", "minted", "created", "stray", "observed", "accepted"},
    "publish": {"committed", "unchanged", "rejected", "unknown", "checked", "accepted"},
    "verify": {"observed", "checked", "verified", "accepted"},
    "approve": {"approved"},
    "retire": {"observed", "accepted", "disabled", "restored", "deleted", "finished"},
    "rollback": {
        "observed", "rejected", "unknown", "restored", "disabled", "deleted", "finished", "rolling_back", "rolled_back"
    },
}


def check_record(record):
    need(isinstance(record, dict), "a record")
    need(record.get("step") in WRITERS, "step")
    need(any(record.get("event") in events for events in WRITERS.values()), "event")
    moment(record.get("at"))
    need("target" not in record or is_name(record["target"]), "target")
    after = record.get("after")
    need(isinstance(after, list) and after and all(map(is_digest, after)), "after")
    read_identity(PUBLIC, record.get("signer"))


def check_box(box, of):
    need(isinstance(box, dict) and box.get("of") == of, "a box")
    read_identity(PUBLIC, box.get("to"))
    decode(box.get("box"))


def read(data):
    handoff = parse(data)
    need(isinstance(handoff, dict) and isinstance(handoff.get("schema"), str), "schema")
    if handoff["schema"] != "ork-handoff/1":
        raise Refused("schema")
    need(isinstance(handoff.get("records"), list) and isinstance(handoff.get("sealed"), list), "the file")
    need(isinstance(handoff.get("kept", []), list), "kept")
    check_header(handoff.get("rotation"))
    for record in handoff["records"]:
        check_record(record)
    for box in handoff["sealed"]:
        check_box(box, "successor")
    for box in handoff.get("kept", []):
        check_box(box, "predecessor")
    return handoff


# §5, §6: signatures and the chain


def signed_bytes(record):
    return b"ork-handoff/1\0" + canonical({key: part for key, part in record.items() if key != "signature"})


def is_signed(record):
    try:
        key = VerifyKey(read_identity(PUBLIC, record["signer"])[32:])
        key.verify(signed_bytes(record), decode(record.get("signature")))
        return True
    except (Refused, ValueError, nacl.exceptions.CryptoError):
        return False


def tips(handoff):
    named = {name for record in handoff["records"] for name in record["after"]}
    found = sorted({digest(record) for record in handoff["records"]} - named)
    return found or [digest(handoff["rotation"])]


def head(found):
    return found[0] if len(found) == 1 else digest_of_bytes("\n".join(found).encode())


def merge(handoffs):
    first = handoffs[0]
    if len({digest(handoff["rotation"]) for handoff in handoffs}) > 1:
        raise Refused("foreign")
    records = {digest(record): record for handoff in handoffs for record in handoff["records"]}
    boxes = {(box["to"], box["box"]): box for handoff in handoffs for box in handoff["sealed"]}
    droppers = [record for record in records.values() if record["event"] in ("verified", "finished")]
    dropped = any(record.get("detail", {}).get("dropped") is True for record in droppers)
    kept = {(box["to"], box["box"]): box for handoff in handoffs for box in handoff.get("kept", [])}
    if any(record["event"] == "finished" for record in records.values()):
        kept = {}
    boxes = {} if dropped else boxes
    return first | {"records": list(records.values()), "sealed": list(boxes.values()), "kept": list(kept.values())}


def ordered(handoff):
    placed, result = {digest(handoff["rotation"])}, []
    waiting = sorted((moment(record["at"]), digest(record), record) for record in handoff["records"])
    while waiting:
        next_one = next((entry for entry in waiting if placed.issuperset(entry[2]["after"])), None)
        if next_one is None:
            raise Refused("chain")
        waiting.remove(next_one)
        placed.add(next_one[1])
        result.append(next_one[2])
    return result


# §7, §8


def check_detail(record, state, trust):
    event, detail = record["event"], record.get("detail", {})
    detail = detail if isinstance(detail, dict) else {}
    if event == "intended":
        need(isinstance(detail.get("name"), str), "intended")
    if event in ("minted", "created"):
        need(is_hash(detail.get("hash")) and is_digest(detail.get("digest")), event)
        need(isinstance(detail.get("name"), str), event)
        moment(detail.get("created_at")), moment(detail.get("publish_by"))
    if event == "stray":
        need(is_hash(detail.get("hash")), event)
        state["strays"].add(detail["hash"])
        if state["created"] and state["created"]["hash"] == detail["hash"]:
            state["created"] = None
    if event == "created" and detail["hash"] not in state["strays"]:
        if state["created"] and state["created"]["hash"] != detail["hash"]:
            raise Refused("contradiction", "two successors")
        state["created"] = detail
    if event in ("committed", "unchanged", "rejected", "unknown"):
        need("target" in record, event)
    if event in ("committed", "unchanged") and state["created"] and detail.get("digest") == state["created"]["digest"]:
        state["abandoned"].discard(record["target"])
    if event == "observed" and record["step"] != "verify":
        moment(detail.get("at"))
        need(isinstance(detail.get("keys"), dict), event)
        for key, meter in detail["keys"].items():
            need(is_hash(key) and isinstance(meter, dict) and isinstance(meter.get("cost"), str), event)
    if event == "verified":
        need(state["created"] and detail.get("digest") == state["created"]["digest"], event)
        writes = detail.get("writes")
        need(isinstance(writes, dict) and all(map(is_name, writes)) and all(map(is_digest, writes.values())), event)
    if event == "approved":
        need(is_digest(detail.get("binds")), event)
    if event == "accepted" and "target" in detail and "target" in record:
        if trust is not None and record["signer"] not in trust.get("create", []):
            raise Refused("untrusted", "a target")
        known = state["targets"].setdefault(record["target"], detail["target"])
        if known != detail["target"]:
            raise Refused("contradiction", "two places")
    elif event == "accepted" and record["step"] == "retire" and "target" in record and detail.get("abandoned") is True:
        state["abandoned"].add(record["target"])
    if event == "accepted" and record["step"] == "create" and "amends" in detail:
        for name, change in detail["amends"].items():
            known = state["targets"].get(name)
            if known == change["now"]:
                continue
            if (known and digest(known)) != change["was"]:
                raise Refused("contradiction", "two amendments")
            state["targets"].pop(name, None)
            if change["now"] is not None:
                state["targets"][name] = change["now"]
    if event == "disabled":
        need(is_hash(detail.get("hash")), event)
    if event == "rolled_back":
        need("target" in record and is_digest(detail.get("digest")) and is_digest(detail.get("place")), event)


def signers(trust, step):
    return trust.get(step, trust.get("retire", []) if step == "rollback" else [])


def accept(handoff, trust=None):
    for record in handoff["records"]:
        if not is_signed(record):
            raise Refused("signature")
        if record["event"] not in WRITERS[record["step"]]:
            raise Refused("untrusted", "writer")
        if trust is not None and record["signer"] not in signers(trust, record["step"]):
            raise Refused("untrusted", "signer")
    root = digest(handoff["rotation"])
    first = [record for record in handoff["records"] if root in record["after"]]
    if not first or any(record["step"] != "create" for record in first):
        raise Refused("chain")
    targets = dict(handoff["rotation"]["plan"].get("targets", {}))
    state = {"created": None, "strays": set(), "targets": targets, "abandoned": set()}
    for record in ordered(handoff):
        check_detail(record, state, trust)
    return state


def binding(handoff, state):
    targets = {name: {"wave": 1, "with": {}} | target for name, target in state["targets"].items()}
    bound = {"rotation": digest(handoff["rotation"]), "successor": state["created"]["digest"], "targets": targets}
    abandoned = sorted(state["abandoned"] & set(targets))
    return digest(bound | ({"abandoned": abandoned} if abandoned else {}))


# §9


def open_box(box, identity, expected):
    if box["to"] != identity.public:
        return None
    try:
        plaintext = SealedBox(identity.box).decrypt(decode(box["box"]))
    except (ValueError, nacl.exceptions.CryptoError):
        return None
    return plaintext.decode() if digest_of_bytes(plaintext) == expected else None


# The vectors


def code_of(work):
    try:
        work()
    except Refused as refused:
        return refused.code
    return None


def check(folder, golden):
    vectors = {path.stem: json.loads(path.read_text()) for path in sorted(pathlib.Path(folder).glob("*.json"))}
    count = 0

    def same(found, expected, case):
        nonlocal count
        count += 1
        if found != expected:
            sys.exit(f"{json.dumps(case)[:400]}\nexpected {expected}\nfound    {found}")

    for case in vectors["canonical"]["accepted"]:
        value = parse(case["text"].encode())
        same([canonical_text(value), digest(value)], [case["canonical"], case["digest"]], case)
    for case in vectors["canonical"]["refused"]:
        same(code_of(lambda: parse(bytes.fromhex(case["hex"]))), "malformed", case)
    for case in vectors["identities"]["accepted"]:
        identity = Identity(case["private"])
        seed = read_identity(PRIVATE, case["private"])
        found = [seed.hex(), subkey(seed, 1).hex(), subkey(seed, 2).hex(), identity.public]
        same(found, [case[name] for name in ("seed", "box_subkey", "signing_subkey", "public")], case)
    for case in vectors["identities"]["refused"]:
        prefix = PRIVATE if case["kind"] == "private" else PUBLIC
        same(code_of(lambda: read_identity(prefix, case["text"])), "malformed", case)
    for case in vectors["signatures"]["accepted"]:
        record = case["record"]
        signature = encode(Identity(case["private"]).signing.sign(signed_bytes(record)).signature)
        found = [signed_bytes(record).hex(), signature, digest(record | {"signature": signature})]
        same(found, [case["signed_bytes"], case["signature"], case["digest"]], case)
    for case in vectors["boxes"]["cases"]:
        box = {"to": case["to"], "of": "successor", "box": case["box"]}
        same(open_box(box, Identity(case["private"]), case["digest"]), case["plaintext"], case)
    for case in vectors["handoffs"]["accepted"]:
        handoff = read(case["text"].encode())
        state = accept(handoff, case["trust"])
        order = [digest(record) for record in ordered(handoff)]
        found = [digest(handoff["rotation"]), tips(handoff), head(tips(handoff)), order]
        same(found, [case[name] for name in ("header_digest", "tips", "head", "order")], case)
        same(binding(handoff, state) if state["created"] else None, case["binding"], case)
    for case in vectors["handoffs"]["merged"]:
        for texts in (case["texts"], case["texts"][::-1]):
            merged = merge([read(text.encode()) for text in texts])
            boxes = len(merged["sealed"]), len(merged["kept"])
            found = [sorted(map(digest, merged["records"])), head(tips(merged)), *boxes]
            same(found, [case[name] for name in ("records", "head", "boxes", "kept")], case)
    for case in vectors["handoffs"]["refused"]:

        def work():
            accept(merge([read(text.encode()) for text in case["texts"]]), case["trust"])

        same(code_of(work), case["code"], case)
    handoff = read(pathlib.Path(golden).read_bytes())
    accept(handoff)
    print(count, head(tips(handoff)))


if __name__ == "__main__":
    check(*sys.argv[2:])
