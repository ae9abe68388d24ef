"""Holds the bodies of notifications to what the services' own clients send, and to published schemas.

Reads {"slack": [...], "teams": [...], "discord": [...]} on standard input, and prints what is wrong, one complaint a line.
"""

import http.server
import json
import sys
import threading

from adaptive_cards.card import AdaptiveCard
from adaptive_cards.client import TeamsClient
from adaptive_cards.validation import CardValidatorFactory
from discord_webhook import DiscordWebhook
from slack_sdk.models.blocks import Block
from slack_sdk.webhook import WebhookClient

got = []


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{server.server_port}/"


def sent(send):
    got.clear()
    send()
    return got[0]


def complain(service, text):
    print(f"{service}: {text}")


bodies = json.load(sys.stdin)
for body in bodies["slack"]:
    # The models refuse what is too long, of another type, or of a name that they do not know.
    blocks = [Block.parse(block) for block in body["blocks"]]
    for block in blocks:
        block.validate_json()
    client = WebhookClient(address)
    if sent(lambda: client.send(text=body["text"], blocks=blocks)) != body:
        complain("slack", "the SDK sends something else")
    for block in body["blocks"]:
        texts = [block.get("text")] + block.get("elements", [])
        for text in filter(None, texts):
            if text["type"] != "plain_text" and block["type"] != "context":
                complain("slack", "others' text stands where marks count")
for body in bodies["discord"]:
    hook = DiscordWebhook(address, content=body["content"], allowed_mentions=body["allowed_mentions"], flags=body["flags"])
    theirs = {key: value for key, value in sent(hook.execute).items() if key in body}
    if theirs != body:
        complain("discord", f"the client sends something else: {theirs} {body}")
    if body["allowed_mentions"] != {"parse": []} or len(body["content"]) > 2000:
        complain("discord", "somebody is mentioned, or it is too long")
    head, code, end = body["content"].split("```")
    if "@" in head + end or "`" in code:
        complain("discord", "others' text leaves its block")
for body in bodies["teams"]:
    card = body["attachments"][0]["content"]
    model = AdaptiveCard.model_validate(card)
    result = CardValidatorFactory.create_validator_microsoft_teams().validate(model)
    if not result.is_ok():
        complain("teams", f"{result}")
    theirs = sent(lambda: TeamsClient(address).send(model))
    if theirs["attachments"][0]["content"]["body"] != card["body"] or set(theirs) != set(body):
        complain("teams", f"the client sends something else: {theirs}")
    if {key: value for key, value in theirs["attachments"][0].items() if key != "content"} != {
        key: value for key, value in body["attachments"][0].items() if key != "content"
    }:
        complain("teams", "the attachment is another one")
    if any(element["type"] != "RichTextBlock" for element in card["body"]):
        complain("teams", "others' text stands where marks count")
