"""Prints a file of a branch as an implementation of git that is not ours and not git's own reads it."""

import sys

from dulwich.object_store import tree_lookup_path
from dulwich.repo import Repo

folder, branch, path = sys.argv[1:]
repository = Repo(folder)
commit = repository[b"refs/heads/" + branch.encode()]
_, blob = tree_lookup_path(repository.__getitem__, commit.tree, path.encode())
sys.stdout.buffer.write(repository[blob].data)
