#!/bin/sh
# Says how a step's handoff is to be saved: under a name that no other job of a run has, and by which any later one finds
# it. A re-run of the job replaces what it saved before, which it has loaded.
#
#   save.sh ROTATION HANDOFF TURN
#
# Called before a step, so that a step that is cancelled is saved, too, and after it. GitHub: outputs artifact, path and
# days tell the next step of the action what to upload. A handoff that holds the sealed key is kept ORK_SEALED_DAYS
# (default 1, the least that GitHub has), any other ORK_DAYS (default 90): it is the record of the rotation.
# GitLab: artifacts:paths finds it where it is, named by the job's id, which a retried job has anew.
set -eu

rotation=$1 handoff=$2 turn=$3
[ -n "${GITHUB_ACTIONS:-}" ] || exit 0

days=${ORK_SEALED_DAYS:-1}
if [ -s "$handoff" ] && [ "$(jq '.sealed | length' "$handoff")" = 0 ]; then days=${ORK_DAYS:-90}; fi
name=ork-handoff.$(printf %s "$rotation" | tr / +).$turn
printf 'artifact=%s\npath=%s\ndays=%s\n' "$name" "$handoff" "$days" >>"$GITHUB_OUTPUT"
