#!/bin/sh
# Rotates one OpenRouter key through all four steps. Copy it, put an ork.yaml beside it, and run it from cron or by
# hand. Run it again after any failure: every step goes on where it stopped.
#
# Exit status: that of the step that did not finish; 75 means "not yet", so run it again later.
#
#   ORK_HANDOFF  the handoff file (default: ork-handoff.json)
#   ORK_WAIT     how long each step may wait here for what is not yet so (default: 10m)
#   ORK_GATES    "ask": ask before later waves are published and before the predecessor is retired
set -eu

handoff=${ORK_HANDOFF:-ork-handoff.json}
wait=${ORK_WAIT:-10m}

state() {
    ork-status --json --handoff "$handoff" | sed 's/.*"state":"\([a-z]*\)".*/\1/'
}

next() {
    ork-status --json --handoff "$handoff" | sed 's/.*"next":"\([a-z-]*\)".*/\1/'
}

step() {
    printf '\n== %s\n' "$1" >&2
    "$@" --handoff "$handoff" --wait "$wait"
}

gate() {
    [ "${ORK_GATES:-}" = ask ] || return 0
    ork-status --handoff "$handoff" >&2
    printf '\n%s [y/N] ' "$1" >&2
    read -r answer
    [ "$answer" = y ] || exit 75
}

# A finished handoff is kept beside the new one: it is the record of that rotation.
if [ -e "$handoff" ] && [ "$(state)" = finished ]; then
    mv "$handoff" "${handoff%.json}.$(date -u +%Y%m%dT%H%M%SZ).json"
fi

# Would publishing work? Better known before anything is minted.
printf '\n== ork-publish --check\n' >&2
ork-publish --check --handoff "$handoff"

step ork-create

while :; do
    case $(state) in created | publishing | published) ;; *) break ;; esac
    [ "$(state)" = created ] || gate 'Publish the next wave?'
    step ork-publish
    step ork-verify
done

# A verification that has grown too old to retire by is taken again.
[ "$(next)" != ork-verify ] || step ork-verify

gate 'Retire the predecessor?'
step ork-retire
