"""Reads documents before and after a replacement with readers that are not ours.

Each line on standard input is {"format", "path", "before", "after", "value"}; each line on standard output is "" if the
document after it holds the value at the path and everything else as before, or says what is wrong."""
import base64, configparser, io, json, sys

import dotenv
import yaml
from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor


def ini(text):
    reader = configparser.ConfigParser(inline_comment_prefixes=("#", ";"), default_section="\1")
    reader.optionxform = str
    reader.read_string("[\2]\n" + text)
    return {("" if s == "\2" else s): {k: strip(v) for k, v in reader.items(s)} for s in reader.sections()}


def strip(text):
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text


def foreign(loader, suffix, node):
    return ["tag", suffix]


yaml.SafeLoader.add_multi_constructor("!", foreign)
SafeConstructor.add_multi_constructor("!", foreign)


def yaml12(text):
    return YAML(typ="safe", pure=True).load(text)


READERS = {
    "dotenv": [lambda t: dict(dotenv.dotenv_values(stream=io.StringIO(t, newline="")))],
    "json": [json.loads],
    "yaml": [yaml.safe_load, yaml12],
    "ini": [ini],
    "raw": [lambda t: {"": t.rstrip("\r\n")}],
}


def put(tree, path, value):
    if not path:
        return value
    if isinstance(tree, list):
        return [put(x, path[1:], value) if i == int(path[0]) else x for i, x in enumerate(tree)]
    tree = dict(tree or {})
    tree[path[0]] = put(tree.get(path[0]), path[1:], value)
    return tree


def compare(case):
    before, after = (base64.b64decode(case[x]).decode("utf-8-sig") for x in ("before", "after"))
    for read in READERS[case["format"]]:
        empty = case["format"] == "json" and not before.strip()
        wanted = put({} if empty else read(before), case["path"], case["value"])
        found = read(after)
        if found != wanted:
            return f"found {found!r}, wanted {wanted!r}"
    return ""


for line in sys.stdin:
    try:
        answer = compare(json.loads(line))
    except Exception as error:
        answer = f"{type(error).__name__}: {error}"
    print(json.dumps(answer))
