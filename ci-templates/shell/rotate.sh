#!/bin/sh
# Rotates one OpenRouter key through all four steps. Copy it, put an ork.yaml beside it, and run it by hand or from cron.
# Run it again after any failure: every step continues where it stopped.
#
#   rotate.sh                rotates the key
#   rotate.sh --rollback     takes the rotation back, until its predecessor is deleted
#   rotate.sh --compromised  replaces a key that has leaked: all waves at once, and the old key is disabled and deleted as soon
#                            as the new one is verified; applications that have not taken it up by then fail
#
# Exit status: that of the step that did not finish; 75 means "not yet", so run it again later. From cron, with
# due: {every: 90d} in ork.yaml:
#
#   17 */6 * * *  cd /srv/rotations && ORK_ROTATION=checkout ORK_BEGIN=due ./rotate.sh
#
#   ORK_ROTATION  the rotation in ork.yaml, where there are several
#   ORK_HANDOFF   the handoff file (default: ork-handoff.json, with ORK_ROTATION ork-handoff.ROTATION.json)
#   ORK_BEGIN     "due": begin a rotation when ork-due says that it is due, and else only continue one
#   ORK_WAIT      how long each step may wait here for what is not yet so (default: 10m)
#   ORK_GATES     "ask": ask before later waves are published, before the predecessor is retired, and before going back
#   ORK_SINCE     with --compromised: since when it is asked who used the key, such as 2026-11-23T03:00:00Z
set -eu

handoff=${ORK_HANDOFF:-ork-handoff${ORK_ROTATION:+.$(printf %s "$ORK_ROTATION" | tr / +)}.json}
wait=${ORK_WAIT:-10m}

case ${1:-} in
'' | --rollback) leaked= ;;
--compromised) leaked=yes ;;
-h | --help)
    sed -n '2,/^set /s/^# \{0,1\}//p' "$0"
    exit
    ;;
*)
    echo 'rotate.sh: error: the options are --compromised, --rollback and --help' >&2
    exit 64
    ;;
esac

case ${ORK_GATES:-}/${ORK_BEGIN:-} in
/ | ask/ | /due | ask/due) ;;
*)
    echo 'rotate.sh: error: ORK_GATES is "ask" or empty, and ORK_BEGIN "due" or empty' >&2
    exit 64
    ;;
esac

field() {
    ork-status --json --handoff "$handoff" | sed "s/.*\"$1\":\"\([a-z_-]*\)\".*/\1/"
}

step() {
    printf '\n== %s\n' "$1" >&2
    "$@" --handoff "$handoff" ${ORK_ROTATION:+--rotation "$ORK_ROTATION"}
}

gate() {
    [ "${ORK_GATES:-}" = ask ] || return 0
    ork-status --handoff "$handoff" >&2
    printf '\n%s [y/N] ' "$1" >&2
    read -r answer || answer=
    case $answer in y | yes) return 0 ;; esac
    echo 'rotate.sh: not approved; run it again to be asked again' >&2
    exit 75
}

# What somebody has begun to take back goes on that way.
if [ "${1-}" = --rollback ] || { [ -z "$leaked" ] && [ -e "$handoff" ] && [ "$(field state)" = rolling_back ]; }; then
    step ork-rollback --dry-run
    gate 'Take the rotation back?'
    step ork-rollback --wait "$wait"
    exit
fi

# A finished handoff is kept beside the new one: it is the record of that rotation. What was taken back begins again by hand.
is_over() { case $(field state) in finished | rolled_back) ;; *) return 1 ;; esac; }
taken_back=
if [ -e "$handoff" ] && [ "${ORK_BEGIN:-}" = due ] && [ "$(field state)" = rolled_back ]; then
    taken_back=yes
elif [ -e "$handoff" ] && is_over; then
    mv "$handoff" "${handoff%.json}.$(date -u +%Y%m%dT%H%M%SZ).json"
fi

if [ "${ORK_BEGIN:-}" = due ] && { [ "$taken_back" ] || [ ! -e "$handoff" ]; }; then
    due=$(ork-due --json ${ORK_ROTATION:+--rotation "$ORK_ROTATION"} ${taken_back:+--handoff "$handoff"})
    case $taken_back$due in
    yes*'"due":[]'*'"problems":[]'* | '{'*'"due":[]'*)
        echo 'rotate.sh: nothing is due' >&2
        exit 0
        ;;
    yes*)
        echo 'rotate.sh: the last rotation was taken back: start another by hand, without ORK_BEGIN, once the cause is fixed' >&2
        exit 75
        ;;
    esac
fi

# A key that has leaked: no overlap, no quiet, no soak.
replace_leaked() {
    began=$(date +%s)
    settle=
    if [ ! -e "$handoff" ]; then
        step ork-create --dry-run
        settle=$(ork-create --dry-run --json ${ORK_ROTATION:+--rotation "$ORK_ROTATION"} 2>/dev/null |
            sed -n 's/.*"settle":"\([0-9dhms]*\)".*/\1/p')
    fi
    cat >&2 <<PLAN

rotate.sh: the plan for a key that has leaked:
  1. mint its successor                                   a second
  2. leave that alone until it is known everywhere        ${settle:-the rest of its 30s}
  3. publish it to every target, all waves at once        as long as the slowest target takes
  4. look at the targets, ask the application's probes    as long as they take
  5. disable the old key, tell who used it, delete it     two seconds
Applications that have not taken up the new key by step 5 fail.
PLAN
    gate 'Go on?'
    step ork-create --wait "$wait"
    step ork-publish --all --wait "$wait"
    status=0
    step ork-verify --wait "$wait" || status=$?
    if [ "$status" != 0 ]; then
        # Somebody may know better; a machine does not risk the service.
        [ "${ORK_GATES:-}" = ask ] || exit "$status"
        gate 'The successor is not verified. Disable the leaked key all the same?'
    fi
    step ork-retire --compromised ${ORK_SINCE:+--since "$ORK_SINCE"} --wait "$wait"
    echo "rotate.sh: the leaked key is gone, $(($(date +%s) - began)) s after the beginning" >&2
}

# Would publishing work? Better known before anything is minted.
step ork-publish --check

if [ "$leaked" ]; then
    replace_leaked
    exit
fi

step ork-create --wait "$wait"

while :; do
    case $(field state) in created | publishing | published) ;; *) break ;; esac
    [ "$(field state)" = created ] || gate 'Publish the next wave?'
    step ork-publish --wait "$wait"
    step ork-verify --wait "$wait"
done

# A verification that has grown too old to retire by is taken again.
[ "$(field next)" != ork-verify ] || step ork-verify --wait "$wait"

gate 'Retire the predecessor?'
step ork-retire --wait "$wait"
