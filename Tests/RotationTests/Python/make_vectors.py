"""Makes the test vectors of Sources/Rotation/FORMAT.md: `make_vectors.py FOLDER`. All identities and keys are made up."""

import copy
import json
import pathlib
import sys

from handoff_format import (
    PRIVATE, PUBLIC, Identity, accept, binding, canonical_text, digest, digest_of_bytes, encode, head, merge,
    ordered, parse, read, read_identity, signed_bytes, subkey, tips, write_identity
)
from nacl.public import PublicKey, SealedBox

KEY = "sk-or-v1-" + "5" * 64
SEEDS = {name: bytes((start + i) % 256 for i in range(32)) for name, start in (("all", 0), ("create", 7), ("other", 99))}
PRIVATES = {name: write_identity(PRIVATE, seed) for name, seed in SEEDS.items()}
PUBLICS = {name: Identity(text).public for name, text in PRIVATES.items()}

CANONICAL = [
    "null", "true", " false\n", "0", "-1", "9007199254740992", "-9007199254740992", "[]", "{}", '""',
    '[1, [2, {"a": null}]]', '{"b": 1, "a": 2}', '{"a": 1, "A": 2, "": 3, "aa": 4}',
    # In UTF-16, U+1F600 begins with D83D and so stands before U+FB33.
    '{"\ufb33": 1, "\U0001f600": 2, "\u20ac": 3, "\u00e9": 4, "e\u0301": 5}',
    r'"\u0000\u001f\u0008\t\n\f\r\"\\\/\u007f\u2028\ud83d\ude00\u00C9"', '"\u007f\u2028 \U0001f600 \u00e9 e\u0301"',
    "[" * 63 + "1" + "]" * 63, "[" * 64 + "]" * 64,
]
NOT_JSON = {
    "a key twice": b'{"a":1,"a":1}', "a key twice, once escaped": rb'{"a":1,"\u0061":1}', "a fraction": b"1.0",
    "an exponent": b"1e3", "minus zero": b"-0", "above 2^53": b"9007199254740993",
    "below -2^53": b"-9007199254740993", "a leading zero": b"01", "half a surrogate pair": rb'"\ud83d"',
    "the other half": rb'"\ude00"', "two first halves": rb'"\ud83d\ud83d"', "a byte order mark": b"\xef\xbb\xbf1",
    "not UTF-8": b'"\xff"', "an overlong form": b'"\xc0\xaf"', "a surrogate in UTF-8": b'"\xed\xa0\xbd"',
    "a control character": b'"\n"', "something behind": b"{}{}", "nothing": b"", "NaN": b"NaN", "a comment": b"1//",
    "a comma too many": b"[1,]", "too deep": b"[" * 64 + b"1" + b"]" * 64, "single quotes": b"'a'",
    "a zero byte behind": b"1\0", "white space that JSON does not have": b"\x0b1",
}


class Writer:
    """Writes the records of a made-up rotation, one second apart."""

    def __init__(self, targets=("web",), **more):
        places = {name: {"publisher": "file", "wave": 1, "with": {"path": name + ".env"}} for name in targets}
        self.handoff = {
            "schema": "ork-handoff/1",
            "summary": {},
            "rotation": {
                "id": "01JDB5T8WV0123456789ABCDEF", "name": "checkout", "base": "checkout-prod",
                "plan": {"predecessor": {"name": "checkout-prod"}, "targets": places},
                "predecessors": [{"hash": "a" * 64, "name": "checkout-prod"}], **more,
            },
            "records": [],
            "sealed": [],
        }
        self.seconds = 0

    def add(self, step, event, detail=None, target=None, signer="all", **more):
        self.seconds += 1
        record = {"step": step, "event": event, "at": f"2026-11-23T03:04:{self.seconds:02}Z"}
        record |= {"target": target} if target else {}
        record |= {"message": event} | ({"detail": detail} if detail else {})
        record |= {"after": tips(self.handoff), "signer": PUBLICS[signer]} | more
        record["signature"] = encode(Identity(PRIVATES[signer]).signing.sign(signed_bytes(record)).signature)
        self.handoff["records"].append(record)
        return digest(record)

    def begin(self, signer="all", hash="b" * 64):
        self.add("create", "intended", {"name": "checkout-prod minting"}, signer=signer)
        detail = {
            "hash": hash, "digest": digest_of_bytes(KEY.encode()), "name": "checkout-prod 2026-11-23",
            "created_at": "2026-11-23T03:04:00Z", "publish_by": "2026-12-23T03:04:00Z",
        }
        self.add("create", "minted", detail, signer=signer)
        self.add("create", "created", detail, signer=signer)
        return self

    def commit(self, target):
        return self.add("publish", "committed", {"digest": digest_of_bytes(KEY.encode())}, target)

    def verify(self, writes, **more):
        return self.add("verify", "verified", {"digest": digest_of_bytes(KEY.encode()), "writes": writes} | more)

    def seal(self, name="all"):
        self.handoff["sealed"].append({"to": PUBLICS[name], "of": "successor", "box": box(name)})
        return self

    def keep(self, name="all"):
        self.handoff.setdefault("kept", []).append({"to": PUBLICS[name], "of": "predecessor", "box": box(name)})
        return self

    def put_back(self, target, **more):
        place = {"publisher": "file", "with": {"path": target + ".env"}}
        return self.add("rollback", "rolled_back", {"digest": "sha256:" + "a" * 64, "place": digest(place)}, target, **more)

    def copy(self):
        return copy.deepcopy(self)

    def text(self, change=None):
        handoff = copy.deepcopy(self.handoff)
        if change:
            change(handoff)
        return json.dumps(handoff, ensure_ascii=False)


def box(name):
    return encode(SealedBox(PublicKey(read_identity(PUBLIC, PUBLICS[name])[:32])).encrypt(KEY.encode()))


def identities():
    accepted = []
    for text in PRIVATES.values():
        seed = read_identity(PRIVATE, text)
        accepted.append(
            {"seed": seed.hex(), "private": text, "box_subkey": subkey(seed, 1).hex(),
             "signing_subkey": subkey(seed, 2).hex(), "public": Identity(text).public}
        )
    private, public = PRIVATES["all"], PUBLICS["all"]
    refused = [
        ("private", private[:-1]), ("private", private[:-1] + ("A" if private[-1] != "A" else "B")),
        ("private", private + "="), ("private", private.replace("identity-1", "identity-2")), ("private", public),
        ("private", write_identity(PRIVATE, bytes(31))), ("public", private), ("public", public[:-4]),
        ("public", public.replace("ork-public-1:X", "ork-public-1:Y")), ("public", write_identity(PUBLIC, bytes(63))),
        ("public", write_identity(PUBLIC, bytes(65))), ("public", ""), ("public", public + " "),
    ]
    return {"accepted": accepted, "refused": [{"kind": kind, "text": text} for kind, text in refused]}


def signatures():
    writer = Writer(from_2031=["ünd ⌘ 😀 \" \\ \u2028"]).begin("create")
    writer.add("verify", "checked", {"check": "later", "outcome": "passed", "n": 2**53}, from_2031={"b": [], "a": None})
    cases = []
    for record in writer.handoff["records"]:
        unsigned = {key: value for key, value in record.items() if key != "signature"}
        private = PRIVATES["create" if record["signer"] == PUBLICS["create"] else "all"]
        cases.append(
            {"private": private, "record": unsigned, "signed_bytes": signed_bytes(record).hex(),
             "signature": record["signature"], "digest": digest(record)}
        )
    return {"accepted": cases}


def boxes():
    good, key = box("all"), digest_of_bytes(KEY.encode())
    altered = good[:-2] + ("AA" if good[-2:] != "AA" else "BA")
    rows = [
        ("all", "all", good, key, KEY), ("other", "all", good, key, None), ("all", "all", altered, key, None),
        ("all", "all", good[:40], key, None), ("all", "all", good, digest_of_bytes(b"another"), None),
        ("other", "other", box("other"), key, KEY),
    ]
    names = ("private", "to", "box", "digest", "plaintext")
    cases = [dict(zip(names, (PRIVATES[row[0]], PUBLICS[row[1]], *row[2:]))) for row in rows]
    return {"cases": cases}


def accepted_case(text, trust=None):
    handoff = read(text.encode())
    state = accept(handoff, trust)
    return {
        "text": text, "trust": trust, "header_digest": digest(handoff["rotation"]), "tips": tips(handoff),
        "head": head(tips(handoff)), "order": [digest(record) for record in ordered(handoff)],
        "binding": binding(handoff, state) if state["created"] else None,
    }


def parallel():
    base = Writer(["api", "web"]).begin().seal()
    api, web = base.copy(), base.copy()
    api.commit("api"), web.commit("web")
    return base, api, web


def handoffs():
    separate = Writer().begin("create")
    trust = {"create": [PUBLICS["create"]], "publish": [PUBLICS["all"]]}
    separate.commit("web")
    base, api, web = parallel()
    both = web.copy()
    both.handoff = merge([web.handoff, api.handoff])
    after = both.copy()
    written = {r["target"]: digest(r) for r in both.handoff["records"] if "target" in r}
    after.verify(written, dropped=True)
    finished = both.copy()
    finished.add("retire", "finished", {"dropped": True})
    kept = both.copy().keep().keep("other")
    undone = kept.copy()
    undone.add("rollback", "rolling_back", signer="other")
    undone.add("rollback", "restored", {"hash": "a" * 64}, signer="other")
    undone.add("rollback", "unknown", {"code": "unavailable"}, "api", signer="other")
    for target in ("web", "api"):
        undone.put_back(target, signer="other")
    undone.add("rollback", "disabled", {"hash": "b" * 64}, signer="other")
    undone.add("rollback", "deleted", {"hash": "b" * 64}, signer="other")
    undone.add("rollback", "finished", {"dropped": True}, signer="other")
    everybody = {step: [PUBLICS["all"]] for step in ("create", "publish")} | {"retire": [PUBLICS["other"]]}
    shuffled = after.text(lambda handoff: handoff["records"].reverse())
    added = base.copy()
    place = {"publisher": "file", "wave": 2, "with": {"path": "more.env"}}
    added.add("publish", "accepted", {"target": place}, "more")
    without = both.copy()
    without.add("retire", "accepted", {"abandoned": True}, "web")
    without.add("retire", "accepted", {"abandoned": True}, "api")
    back = without.copy()
    back.commit("api")
    stray = Writer().begin()
    stray.add("create", "stray", {"hash": "b" * 64})
    stray.begin(hash="c" * 64)
    later = Writer(from_2031={"kept": [1, None]}).begin()
    later.add("publish", "rejected", {"code": "denied", "from_2031": 1}, "web", from_2031=True)
    accepted = [
        accepted_case(separate.text(), trust), accepted_case(base.text()), accepted_case(both.text()),
        accepted_case(shuffled), accepted_case(added.text()), accepted_case(stray.text()), accepted_case(later.text()),
        accepted_case(without.text()), accepted_case(back.text()), accepted_case(kept.text()),
        accepted_case(undone.text(), everybody),
    ]
    merged = []
    for texts in (
        [api.text(), web.text()], [base.text(), after.text()], [both.text(), both.text()],
        [base.text(), finished.text()], [base.text(), kept.text()], [kept.text(), after.text()],
        [kept.text(), finished.text()], [kept.text(), undone.text()],
    ):
        result = merge([read(text.encode()) for text in texts])
        merged.append(
            {"texts": texts, "records": sorted(map(digest, result["records"])), "head": head(tips(result)),
             "boxes": len(result["sealed"]), "kept": len(result["kept"])}
        )
    return {"accepted": accepted, "merged": merged, "refused": refused()}


def refused():
    good = Writer().begin()
    committed = good.copy()
    committed.commit("web")
    cases = []

    def add(why, code, *texts, trust=None):
        cases.append({"why": why, "code": code, "trust": trust, "texts": list(texts)})

    def change(why, code, work):
        add(why, code, good.text(work))

    def write(why, code, *words, **more):
        writer = good.copy()
        writer.add(*words, **more)
        add(why, code, writer.text())

    def record(name, value):
        return lambda handoff: handoff["records"][0].update({name: value})

    def header(name, value):
        return lambda handoff: handoff["rotation"].update({name: value})

    change("another schema", "schema", lambda handoff: handoff.update(schema="ork-handoff/2"))
    change("no schema", "malformed", lambda handoff: handoff.pop("schema"))
    for name in ("rotation", "records", "sealed"):
        change(f"no {name}", "malformed", lambda handoff, name=name: handoff.pop(name))
    for name, value in (("id", "01jdb5t8wv0123456789abcdef"), ("name", "/x"), ("base", 1), ("predecessors", [{}])):
        change(f"rotation: {name}", "malformed", header(name, value))
    change("rotation: requires no list", "malformed", header("requires", "approve"))
    change("a gate that nobody knows", "schema", header("requires", ["approve", "two"]))
    for name, value in (
        ("step", "deploy"), ("event", "done"), ("at", "yesterday"), ("target", "a b"), ("after", []),
        ("after", ["sha256:12"]), ("signer", "ork-public-1:abc"),
    ):
        change(f"a record: {name} {value}", "malformed", record(name, value))
    add("a fraction", "malformed", good.text().replace('"sealed": []', '"sealed": [], "x": 0.5'))
    add("a key twice", "malformed", good.text().replace('"sealed": []', '"sealed": [], "sealed": []'))
    wrong_box = {"to": PUBLICS["all"], "of": "predecessor", "box": box("all")}
    change("a box of something else", "malformed", lambda handoff: handoff["sealed"].append(wrong_box))
    change("a kept box of something else", "malformed", lambda handoff: handoff.update(kept=[wrong_box | {"of": "successor"}]))
    change("kept that is no list", "malformed", lambda handoff: handoff.update(kept={}))
    change("an altered message", "signature", record("message", "other"))
    change("another signer", "signature", record("signer", PUBLICS["other"]))
    change("no signature", "signature", lambda handoff: handoff["records"][0].pop("signature"))
    change("an added member", "signature", record("more", 1))
    write("a step that may not write it", "untrusted", "publish", "verified", {"x": 1})
    add("a signer that is not trusted", "untrusted", good.text(), trust={"create": [PUBLICS["other"]]})
    add("a step that nobody is trusted for", "untrusted", committed.text(), trust={"create": [PUBLICS["all"]]})
    adds = good.copy()
    adds.add("publish", "accepted", {"target": {"publisher": "file", "wave": 1, "with": {"path": "x"}}}, "x", "other")
    add("a target that is added by whoever only publishes", "untrusted", adds.text(),
        trust={"create": [PUBLICS["all"]], "publish": [PUBLICS["other"]]})
    change("no records", "chain", lambda handoff: handoff["records"].clear())
    change("a record taken out of the middle", "chain", lambda handoff: handoff["records"].pop(1))
    change("an altered header", "chain", header("base", "billing"))
    change("the first record taken out", "chain", lambda handoff: handoff["records"].pop(0))
    first = Writer()
    first.add("publish", "accepted", {"rules": {}})
    add("a header that publish vouches for", "chain", first.text())
    add("two rotations", "foreign", good.text(), Writer(["other"]).begin().text())
    write("intended without a name", "malformed", "create", "intended", {"x": 1})
    write("created without a digest", "malformed", "create", "created", {"hash": "c"})
    write("an outcome without a target", "malformed", "publish", "committed", {"x": 1})
    write("observed without meters", "malformed", "retire", "observed", {"at": "2026-11-23T03:04:00Z"})
    write("verified of another key", "malformed", "verify", "verified", {"digest": "sha256:" + "0" * 64, "writes": {}})
    write("approved without what", "malformed", "approve", "approved", {"for": ["retire"]})
    write("disabled without a key", "malformed", "retire", "disabled", {"at": "2026-11-23T03:04:00Z"})
    write("rolled back without a place", "malformed", "rollback", "rolled_back", {"digest": "sha256:" + "a" * 64}, "web")
    write("rolled back by who retires", "untrusted", "retire", "rolled_back", {"x": 1}, "web")
    write("written by who rolls back", "untrusted", "rollback", "committed", {"x": 1}, "web")
    keeper = good.copy()
    keeper.put_back("web", signer="other")
    add("rolled back by who retires, where another one is named for it", "untrusted", keeper.text(),
        trust={"create": [PUBLICS["all"]], "retire": [PUBLICS["other"]], "rollback": [PUBLICS["all"]]})
    place = {"publisher": "file", "wave": 1, "with": {"path": "elsewhere.env"}}
    write("two places of one name", "contradiction", "publish", "accepted", {"target": place}, "web")
    two = good.copy().begin(hash="c" * 64)
    add("two successors", "contradiction", two.text())
    return cases


def main(folder):
    accepted = [
        {"text": text, "canonical": canonical_text(value), "digest": digest(value)}
        for text in CANONICAL for value in [parse(text.encode())]
    ]
    refused_json = [{"why": why, "hex": data.hex()} for why, data in NOT_JSON.items()]
    files = {
        "canonical": ("§2: texts with their canonical form and its digest; bytes that are refused",
                      {"accepted": accepted, "refused": refused_json}),
        "identities": ("§3: seeds, subkeys and public identities; texts that are no identity of that kind",
                       identities()),
        "signatures": ("§5: a record without its signature, the bytes that are signed, the signature, and the digest "
                       "of the whole record", signatures()),
        "boxes": ("§9: what the owner of an identity gets out of a box that is said to be for 'to' and to hold a key "
                  "of this digest; null for nothing", boxes()),
        "handoffs": ("§4 to §8, §10: handoffs that are acceptable to who trusts so (null: the signers are not looked at), "
                     "unions, and handoffs that are refused, after they were merged where there are several",
                     handoffs()),
    }
    for name, (what, content) in files.items():
        text = json.dumps({"format": "ork-handoff/1", "what": what} | content, indent=1, ensure_ascii=True)
        (pathlib.Path(folder) / f"{name}.json").write_text(text + "\n")


main(sys.argv[1])
