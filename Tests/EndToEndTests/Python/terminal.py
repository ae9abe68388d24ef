"""Runs a program on a terminal of its own, as a terminal emulator that is not ours shows it.

terminal.py COLUMNS ACT COMMAND...

Acts when a sign that something is waited for has moved: `stop` presses Ctrl-C, any other word is a file that is made. Without a
sign, it acts two seconds after the program has said that it leaves the key alone, or was started to say nothing. Prints one JSON object: the rows of the
screen at the end, each picture of the sign that was seen, how many rows had one at a time, whether there was any control
sequence, and the exit status.
"""

import fcntl
import json
import os
import pty
import re
import select
import struct
import sys
import termios
import time

import pyte

columns, act, command = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
rows = 60
sign = re.compile(r"ork-[a-z]+: ([-\\|/]) (\d+[smh][^,]*), waiting for (.*)")

child, terminal = pty.fork()
if child == 0:
    os.execvp(command[0], command)
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

screen = pyte.Screen(columns, rows)
stream = pyte.ByteStream(screen)
raw, pictures, texts, most, acted = b"", [], set(), 0, False
alone = time.monotonic() if "--quiet" in command else None


def perform():
    global acted
    acted = True
    if act == "stop":
        os.write(terminal, b"\x03")
    else:
        open(act, "w").close()


while True:
    ready, _, _ = select.select([terminal], [], [], 0.1)
    if ready:
        try:
            data = os.read(terminal, 65536)
        except OSError:
            break
        if not data:
            break
        raw += data
        stream.feed(data)
        found = [match for match in map(sign.match, screen.display) if match]
        most = max(most, len(found))
        for match in found:
            texts.add(match[3].rstrip())
            if pictures[-1:] != [match[1]]:
                pictures.append(match[1])
    if b"leaving the new key alone" in raw and alone is None:
        alone = time.monotonic()
    quiet = alone is not None and not pictures and time.monotonic() - alone > 2
    if not acted and (len(pictures) >= 3 or quiet):
        perform()

_, status = os.waitpid(child, 0)
json.dump(
    {
        "rows": [row for row in screen.display if row.strip()],
        "pictures": pictures,
        "texts": sorted(texts),
        "most": most,
        "controls": bool(re.search(rb"\x1b|\r(?!\n)|\x08", raw)),
        "status": os.waitstatus_to_exitcode(status),
    },
    sys.stdout,
)
