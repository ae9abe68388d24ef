"""Reads a page with html5lib, which refuses what the standard calls an error, and prints what it holds as JSON."""
import base64
import hashlib
import json
import re
import sys

import html5lib

source = sys.stdin.read()
document = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(source)


def name(element):
    return element.tag.split("}")[-1] if isinstance(element.tag, str) else "comment"


def text(element):
    return "".join(element.itertext())


elements = [element for element in document.iter() if isinstance(element.tag, str)]
problems = []
ids = [element.get("id") for element in elements if element.get("id")]
if len(ids) != len(set(ids)):
    problems.append("an id stands twice")
allowed = set("html head meta title style body header main nav section footer h1 h2 h3 p ul li a strong span code time dl dt dd "
              "div table caption thead tbody tr th td svg rect circle line".split())
level = 0
for element in elements:
    if name(element) not in allowed:
        problems.append(f"there is a {name(element)}")
    for attribute in element.keys():
        if attribute.startswith("on") or attribute in ("style", "src"):
            problems.append(f"{name(element)} has {attribute}")
    if name(element) == "a" and element.get("href", "")[1:] not in ids:
        problems.append("a link leads out of the page")
    if name(element) == "th" and element.get("scope") not in ("col", "row"):
        problems.append("a head of a table has no scope")
    if name(element) == "svg" and element.get("aria-hidden") != "true":
        problems.append("a drawing is read out")
    if re.fullmatch("h[1-6]", name(element)):
        if int(name(element)[1]) > level + 1:
            problems.append(f"{name(element)} skips a level")
        level = int(name(element)[1])
for table in (element for element in elements if name(element) == "table"):
    rows = [[cell for cell in row if name(cell) in ("th", "td")] for row in table.iter("tr")]
    if len({len(row) for row in rows}) != 1:
        problems.append("a table's rows differ in length")
    if table.find("caption") is None:
        problems.append("a table has no caption")
(style,) = (element for element in elements if name(element) == "style")
digest = base64.b64encode(hashlib.sha256(text(style).encode()).digest()).decode()
(policy,) = (element.get("content") for element in elements if element.get("http-equiv") == "Content-Security-Policy")
if policy != f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'":
    problems.append("the policy is another one")

json.dump({
    "problems": problems,
    "headings": [text(element) for element in elements if re.fullmatch("h[1-6]", name(element))],
    "cells": [text(element) for element in elements if name(element) in ("th", "td", "dd", "p", "h1", "h2")],
    "bars": sum(name(element) == "rect" for element in elements),
    "sections": sum(name(element) == "section" for element in elements),
}, sys.stdout)
