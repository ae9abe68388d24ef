"""Runs one pipeline of a recipe as its system would, as far as a job can tell: jobs in order, each in a fresh folder with
the repository and what the recipe saves and restores, and with no secret but those that the recipe gives to that job.

run.py SYSTEM, with one JSON object on standard input: recipe, repository, store (what the system keeps between jobs and
runs), begin, approve (whether the gate is opened), variables, secrets (by the name under which the system keeps them),
fail (a job that fails after its work, and is run again where a job can be), kill (a job whose machine is lost before
anything of it is saved). Prints a list of {job, status, code, secrets, log}.
"""

import importlib
import json
import sys

from job import Order

order = Order(json.load(sys.stdin))
importlib.import_module(sys.argv[1]).run(order)
print(json.dumps(order.results))
