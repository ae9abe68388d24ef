#!/bin/sh
# One job of a pipeline: loads the handoffs, does a step if it is its turn, saves the handoff, says whose turn is next.
#
#   step.sh TURN [PROGRAM [OPTION…]]
#
# The turns, in order: create publish verify approve-publish publish-rest verify-rest approve-retire retire. With no
# program it only looks, as TURN "check". A job whose turn it is not does nothing and succeeds.
#
#   ORK_ROTATION      the rotation in ork.yaml
#   ORK_ROTATION_ID   which run of it, as an earlier job said: without it only check and create do anything, and an
#                     older one than the newest is refused
#   ORK_BEGIN         "false": continue a rotation that has begun, and begin none; "due": begin one when ork-due says
#                     that it is due
#   ORK_SUPERSEDE     "true": start a new rotation, with every key of the lineage as a predecessor; for a handoff that was lost
#   ORK_DUE_ACTION    in a fleet, what ork-due said: rotate, resume or supersede. It has seen no handoff, and this job may
#   ORK_DUE_KEY       have waited since: a rotation begins only while the key in use is still this one (its hash), and only
#                     a handoff that was looked for and is not there is superseded
#   ORK_SEEN          the newest rotation that check saw: a create that is run again begins no other one
#   ORK_EXPECT_HEAD   stop unless the handoff is still the one with this head
#
# Tells `turn` (also: "wait" after "not yet", "done" when the rotation is finished), `rotation`, `head`, `deploy` (see look
# in turn.sh) and, if it is check, `seen`: to GITHUB_OUTPUT, or as ORK_TURN, ORK_ROTATION_ID, ORK_HEAD, ORK_DEPLOY and
# ORK_SEEN to the file ORK_DOTENV. "Not yet" (75) is a success with a notice on GitHub; GitLab has allow_failure for it. On
# other systems see folder.sh.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=ci-templates/shell/turn.sh
. "$here/turn.sh"
# shellcheck source=ci-templates/shell/folder.sh
. "$here/folder.sh"

mine=$1
shift
: "${ORK_ROTATION:?is to name the rotation in ork.yaml; on GitHub set the variable ORK_ROTATION, or the input rotation}"
work=$(mktemp -d "${RUNNER_TEMP:-${TMPDIR:-/tmp}}/ork.XXXXXX")
# On GitHub a later step uploads the handoff from here; the runner clears RUNNER_TEMP.
[ -n "${GITHUB_ACTIONS:-}" ] || trap 'rm -rf "$work"' EXIT

# Where the step writes. GitLab takes it from ork-handoffs as an artifact, whatever becomes of the job.
mkdir "$work/loaded"
if [ -n "${GITHUB_ACTIONS:-}" ]; then
    handoff=$work/ork-handoff.json
elif [ -n "${GITLAB_CI:-}" ]; then
    mkdir -p ork-handoffs
    mv ork-handoffs/*.json "$work/loaded" 2>/dev/null || true
    handoff=ork-handoffs/$CI_JOB_ID.json
else
    take_from_folder
fi
# The handoffs of earlier jobs, beside those that the CI system has put here.
"$here/load.sh" "$ORK_ROTATION" "$work/loaded"

tell() {
    printf '%s=%s\n' "$1" "$3" >>"${GITHUB_OUTPUT:-/dev/null}"
    printf '%s=%s\n' "$2" "$3" >>"${ORK_DOTENV:-/dev/null}"
}

# What the steps take: the file to write, and those to merge into it.
loaded='' anew='' status=0
for file in "$work"/loaded/*.json; do
    [ ! -e "$file" ] || loaded="$loaded --handoff $file"
done
# Word splitting is wanted: a list of options with paths that are ours.
# shellcheck disable=SC2086
look $loaded
seen=${rotation:-none}
refuse_again
obey_fleet
decide

if [ "$mine" = "$turn" ]; then
    program=$1
    shift
    "$here/save.sh" "$ORK_ROTATION" "$handoff" "$mine"
    # shellcheck disable=SC2086
    "$program" --rotation "$ORK_ROTATION" --handoff "$handoff" $loaded \
        ${ORK_EXPECT_HEAD:+--expect-head "$ORK_EXPECT_HEAD"} $anew "$@" || status=$?
    "$here/save.sh" "$ORK_ROTATION" "$handoff" "$mine"
    [ ! -s "$handoff" ] || loaded="--handoff $handoff"
    # shellcheck disable=SC2086
    look $loaded
    [ "$status" = 0 ] || turn="wait" deploy=none
elif [ "$mine" != check ]; then
    echo "ork: nothing to do here: the rotation $ORK_ROTATION is at \"$turn\"" >&2
    # Jobs after this one that cannot ask GitLab (load.sh) find the handoffs where this one did.
    if [ -n "${GITLAB_CI:-}" ] && [ -z "${ORK_HANDOFF_TOKEN:-}" ] && [ -n "$loaded" ]; then
        cp "$work"/loaded/*.json ork-handoffs/
    fi
fi

[ -n "${GITHUB_ACTIONS:-}${GITLAB_CI:-}" ] || tidy_folder
tell turn ORK_TURN "$turn"
if [ -n "$loaded" ]; then
    tell rotation ORK_ROTATION_ID "$rotation"
    tell head ORK_HEAD "$head"
    tell deploy ORK_DEPLOY "$deploy"
fi
[ "$mine" != check ] || tell seen ORK_SEEN "$seen"

# The program has left a notice, or a warning if somebody has to look.
if [ "$status" = 75 ] && [ -n "${GITHUB_ACTIONS:-}" ]; then status=0; fi
exit "$status"
