"""A careful rotation by hand, with OpenRouter's own client: what ork is measured beside. Its argument is the key's name; the
target is NAME.env, which is replaced at once."""

import os
import re
import sys

from openrouter import OpenRouter

name = sys.argv[1]
path = f"{name}.env"
url = os.environ["OPENROUTER_BASE_URL"]
manager = OpenRouter(api_key=os.environ["OPENROUTER_MANAGEMENT_KEY"], server_url=url)


def probe(key):
    OpenRouter(api_key=key, server_url=url).api_keys.get_current_key_metadata()


old = next(key for key in manager.api_keys.list().data if key.name == name and not key.disabled)
made = manager.api_keys.create(name=name)
probe(made.key)
with open(path) as file:
    text = re.sub(r"(?m)^OPENROUTER_API_KEY=.*$", f"OPENROUTER_API_KEY={made.key}", file.read())
with open(os.open(f"{path}.new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
    file.write(text)
    file.flush()
    os.fsync(file.fileno())
os.replace(f"{path}.new", path)
with open(path) as file:
    held = re.search(r"(?m)^OPENROUTER_API_KEY=(.*)$", file.read())[1]
assert held == made.key
probe(held)
assert not manager.api_keys.get(hash=made.data.hash).data.disabled
manager.api_keys.update(hash=old.hash, disabled=True)
assert not manager.api_keys.get(hash=made.data.hash).data.disabled
manager.api_keys.delete(hash=old.hash)
