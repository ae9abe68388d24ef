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
#   ORK_BEGIN         "false": go on with a rotation that has begun, and begin none; "due": begin one when ork-due says
#                     that it is due
#   ORK_SUPERSEDE     "true": begin anew, with every key of the lineage as a predecessor; for a handoff that was lost
#   ORK_EXPECT_HEAD   stop unless the handoff is still the one with this head
#
# Tells `turn` (also: "wait" after "not yet", "done" when the rotation is finished), `rotation` and `head`, to
# GITHUB_OUTPUT or as ORK_TURN, ORK_ROTATION_ID and ORK_HEAD to the file ORK_DOTENV. "Not yet" (75) is a success with
# a notice on GitHub; GitLab has allow_failure for it.
#
# Elsewhere the pipeline restores the folder ork-handoffs and the file ORK_DOTENV before each job, and saves both after
# it, also when it failed. They take the place of what GitHub and GitLab pass on: ORK_ROTATION_ID is what the job before
# told, and so is ORK_EXPECT_HEAD of a job that approves.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
mine=$1
shift
work=$(mktemp -d "${RUNNER_TEMP:-${TMPDIR:-/tmp}}/ork.XXXXXX")
# On GitHub a later step uploads the handoff from here; the runner clears RUNNER_TEMP.
[ -n "${GITHUB_ACTIONS:-}" ] || trap 'rm -rf "$work"' EXIT

# Where the step writes. GitLab and others take it from ork-handoffs, whatever becomes of the job: under a name that no
# other job has, nor this one when it is run again.
mkdir "$work/loaded"
if [ -n "${GITHUB_ACTIONS:-}" ]; then
    handoff=$work/ork-handoff.json
elif [ -n "${GITLAB_CI:-}" ]; then
    mkdir -p ork-handoffs
    mv ork-handoffs/*.json "$work/loaded" 2>/dev/null || true
    handoff=ork-handoffs/$CI_JOB_ID.json
else
    mkdir -p ork-handoffs
    for file in ork-handoffs/*.json; do
        [ ! -e "$file" ] || cp "$file" "$work/loaded"
    done
    handoff=ork-handoffs/$(date -u +%Y%m%dT%H%M%SZ).$mine.$(od -An -N4 -tx1 /dev/urandom | tr -d ' \n').json
    told() { sed -n "s/^$1=//p" "${ORK_DOTENV:-/dev/null}" 2>/dev/null; }
    if [ "$mine" != check ]; then
        export ORK_ROTATION_ID="${ORK_ROTATION_ID:-$(told ORK_ROTATION_ID)}"
        case $mine in approve-*) ORK_EXPECT_HEAD=${ORK_EXPECT_HEAD:-$(told ORK_HEAD)} ;; esac
    fi
    elsewhere=true
fi
# The handoffs of earlier jobs, beside those that the CI system has put here.
"$here/load.sh" "$ORK_ROTATION" "$work/loaded"

# What the records in these handoffs (options) say: whose turn it is, of which rotation, and their head.
look() {
    turn=create rotation='' head=''
    [ "$#" != 0 ] || return 0
    picture=$(ork-status --json "$@")
    said=$(printf '%s' "$picture" | jq -r '
        (if .past_first_wave then "-rest" else "" end) as $rest
        | def gate($step; $turn): if .approved | index($step) then $turn else "approve-" + $step end;
        [
            if .next == null then "done"
            elif .next == "ork-create" then "create"
            elif .next == "ork-retire" then gate("retire"; "retire")
            elif .next == "ork-publish" and .past_first_wave then gate("publish"; "publish-rest")
            else .next[4:] + $rest end, .rotation, .head
        ] | join(" ")')
    read -r turn rotation head <<SAID
$said
SAID
}

tell() {
    printf '%s=%s\n' "$1" "$3" >>"${GITHUB_OUTPUT:-/dev/null}"
    printf '%s=%s\n' "$2" "$3" >>"${ORK_DOTENV:-/dev/null}"
}

# What the steps take: the file to write, and those to merge into it.
loaded=''
for file in "$work"/loaded/*.json; do
    [ ! -e "$file" ] || loaded="$loaded --handoff $file"
done
# Word splitting is wanted: a list of options with paths that are ours.
# shellcheck disable=SC2086
look $loaded
if [ "${ORK_SUPERSEDE:-}" = true ] && { [ "$mine" = check ] || [ "$mine" = create ]; }; then
    loaded='' turn=create
    [ "$mine" = check ] || set -- "$@" --supersede
elif [ -z "${ORK_ROTATION_ID:-}" ]; then
    # The finished rotation stays where it is saved; the next one begins with nothing.
    if [ "$turn" = "done" ]; then loaded='' turn=create; fi
    if [ -z "$loaded" ]; then
        case ${ORK_BEGIN:-true}/$mine in
            false/*) turn="done" ;;
            # The management key that ork-due needs is not for the job that checks.
            due/create)
                due=$(ork-due --json)
                printf '%s' "$due" | jq -e --arg name "$ORK_ROTATION" 'any(.due[]; .rotation == $name)' >/dev/null ||
                    turn="done"
                ;;
        esac
    fi
    # A job of an old pipeline must not take up, or approve, a rotation that it has never heard of.
    case $mine in check | create) ;; *) loaded='' turn=none ;; esac
fi

status=0
if [ "$mine" = "$turn" ]; then
    program=$1
    shift
    "$here/save.sh" "$ORK_ROTATION" "$handoff" "$mine"
    # shellcheck disable=SC2086
    "$program" --rotation "$ORK_ROTATION" --handoff "$handoff" $loaded \
        ${ORK_EXPECT_HEAD:+--expect-head "$ORK_EXPECT_HEAD"} "$@" || status=$?
    "$here/save.sh" "$ORK_ROTATION" "$handoff" "$mine"
    [ ! -s "$handoff" ] || loaded="--handoff $handoff"
    # shellcheck disable=SC2086
    look $loaded
    [ "$status" = 0 ] || turn="wait"
elif [ "$mine" != check ]; then
    echo "ork: nothing to do here: the rotation $ORK_ROTATION is at \"$turn\"" >&2
    # Jobs after this one that cannot ask GitLab (load.sh) find the handoffs where this one did.
    if [ -n "${GITLAB_CI:-}" ] && [ -z "${ORK_HANDOFF_TOKEN:-}" ] && [ -n "$loaded" ]; then
        cp "$work"/loaded/*.json ork-handoffs/
    fi
fi

# Of what is kept goes what another handoff holds, too, and a sealed key that a newer rotation has left behind.
if [ -n "${elsewhere:-}" ]; then
    set -- ork-handoffs/*.json
    [ "$#" = 1 ] || jq -rn --arg name "$ORK_ROTATION" '
        [inputs | select(.rotation.name == $name)
            | {file: input_filename, id: .rotation.id, sealed: (.sealed != []), records: [.records[].signature]}] as $all
        | ($all | map(.id) | max) as $newest
        | $all[] as {$file, $id, $sealed, $records}
        | select($sealed and $id < $newest or any($all[];
            .file != $file and $records - .records == [] and (.records != $records or .file > $file)))
        | $file' "$@" 2>/dev/null | while read -r file; do rm -f "$file"; done
    rm -f "ork-handoffs/.${handoff##*/}.lock"
fi

# The file still holds what the job before told.
[ -z "${elsewhere:-}" ] || [ -z "${ORK_DOTENV:-}" ] || : >"$ORK_DOTENV"
tell turn ORK_TURN "$turn"
if [ -n "$loaded" ]; then
    tell rotation ORK_ROTATION_ID "$rotation"
    tell head ORK_HEAD "$head"
fi

if [ "$status" = 75 ] && [ -n "${GITHUB_ACTIONS:-}" ]; then
    if [ "$mine" = create ]; then
        # Another run may be at it, or its handoff is lost: the message tells, and somebody may have to look.
        echo "::warning title=ork: nothing has begun::create of $ORK_ROTATION did not go through; its summary says why"
    else
        echo "::notice title=ork: not yet::$mine of $ORK_ROTATION goes on with a later run; its summary says when"
    fi
    status=0
fi
exit "$status"
