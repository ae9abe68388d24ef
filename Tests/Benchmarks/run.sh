#!/bin/sh
# Runs every benchmark and prints what they measured as one page of Markdown.
#
#   Tests/Benchmarks/run.sh [REF]     REF: the version before, as git names it
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
status=0
table() {
    printf '\n## %s\n\n' "$1"
    shift
    "$@" || status=1
}
figures() {
    printf '\n## %s\n\n```\n' "$1"
    shift
    "$@" || status=1
    echo '```'
}

printf '# Benchmarks of %s\n' "$(git -C "$here" describe --always --dirty)"
table 'A rotation' "$here/rotation.sh" "$@"
table 'A change in a git repository' "$here/git.sh"
figures 'Many repositories on GitHub' "$here/repositories.sh"
figures 'Many secrets in a Vault' "$here/vault.sh"
figures 'A fleet' "$here/fleet.sh"
exit $status
