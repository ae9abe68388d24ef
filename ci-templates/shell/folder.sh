# shellcheck shell=sh disable=SC2034,SC2154
# Handoffs on systems other than GitHub and GitLab. To be sourced by step.sh, whose variables these functions read and set.
#
# The pipeline restores the folder ork-handoffs and the file ORK_DOTENV before each job, and saves both after it, also when
# it failed. They take the place of what GitHub and GitLab pass on: ORK_ROTATION_ID is what the job before told, and so are
# ORK_SEEN of create and ORK_EXPECT_HEAD of a job that approves.

# Takes what is there, and names the file that this job writes: as no other job does, nor this one when it is run again.
take_from_folder() {
    mkdir -p ork-handoffs
    for file in ork-handoffs/*.json; do
        [ ! -e "$file" ] || cp "$file" "$work/loaded"
    done
    handoff=ork-handoffs/$(date -u +%Y%m%dT%H%M%SZ).$mine.$(od -An -N4 -tx1 /dev/urandom | tr -d ' \n').json
    [ "$mine" != check ] || return 0
    export ORK_ROTATION_ID="${ORK_ROTATION_ID:-$(told ORK_ROTATION_ID)}"
    case $mine in
    create) ORK_SEEN=${ORK_SEEN:-$(told ORK_SEEN)} ;;
    approve-*) ORK_EXPECT_HEAD=${ORK_EXPECT_HEAD:-$(told ORK_HEAD)} ;;
    esac
}

told() { sed -n "s/^$1=//p" "${ORK_DOTENV:-/dev/null}" 2>/dev/null || true; }

# Of what is kept goes what another handoff holds, too, and a sealed key that a newer rotation has left behind; and what
# the job before told.
tidy_folder() {
    jq -rn --arg name "$ORK_ROTATION" '
        [inputs | select(.rotation.name == $name)
            | {file: input_filename, id: .rotation.id, sealed: (.sealed != []), records: [.records[].signature]}] as $all
        | ($all | map(.id) | max) as $newest
        | $all[] as {$file, $id, $sealed, $records}
        | select($sealed and $id < $newest or any($all[];
            .file != $file and $records - .records == [] and (.records != $records or .file > $file)))
        | $file' ork-handoffs/*.json >"$work/covered" 2>/dev/null || true
    while read -r file; do rm -f "$file"; done <"$work/covered"
    rm -f "ork-handoffs/.${handoff##*/}.lock"
    [ -z "${ORK_DOTENV:-}" ] || : >"$ORK_DOTENV"
}
