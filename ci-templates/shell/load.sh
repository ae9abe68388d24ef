#!/bin/sh
# Puts the newest handoffs of one rotation beside each other, from earlier runs and jobs; the steps merge them.
#
#   load.sh ROTATION FOLDER     into FOLDER; what lies there already, such as artifacts of jobs before, is taken, too
#
#   ORK_ROTATION_ID   only this rotation, as an earlier job of this run named it, and only while it is the newest
#
# What is left in FOLDER is of one rotation that is not finished; nothing, if the next one may begin.
set -eu

rotation=$1 folder=$2
# So many jobs with handoffs are enough: each saved all that it had loaded.
enough=4
mkdir -p "$folder"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Tokens go to curl through a pipe: everybody on the machine can read a program's arguments.
fetch() {
    printf 'header = "%s"\n' "$header" |
        curl --config - --fail --silent --show-error --location --retry 3 --max-time 60 "$@"
}

# Writes what is at an address to a file, and says the status. Anything but an answer or 404 ends this script.
fetch_or_miss() {
    code=$(printf 'header = "%s"\n' "$header" |
        curl --config - --silent --show-error --location --retry 3 --max-time 60 \
            --output "$2" --write-out '%{http_code}' "$1")
    case $code in
    200 | 404) echo "$code" ;;
    *)
        echo "ork: error: an earlier handoff cannot be loaded: status $code" >&2
        echo 'ork: hint: look at the role and the scope of ORK_HANDOFF_TOKEN' >&2
        exit 69
        ;;
    esac
}

# GitHub: the artifacts of this repository's runs, asked for by name (save.sh): a fleet's run has thousands of them, and a
# rotation that soaks saves none for days. Those of forks and of other branches are not ours. Needs a token with actions: read.
load_from_github() {
    header="Authorization: Bearer $ORK_HANDOFF_TOKEN"
    api=$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/actions/artifacts
    : >"$work/all"
    for turn in create publish verify approve-publish publish-rest verify-rest approve-retire retire; do
        name=ork-handoff.$(printf %s "$rotation" | tr / +).$turn
        fetch --get --data per_page=100 --data-urlencode "name=$name" --output "$work/answer" "$api"
        jq -r '.artifacts[] | select(.expired | not)
            | select(.workflow_run.head_repository_id == .workflow_run.repository_id)
            | select(.workflow_run.head_branch == env.GITHUB_REF_NAME) | .id' "$work/answer" >>"$work/all"
    done
    sort -rnu "$work/all" | head -n "$enough" >"$work/ids"
    while read -r id; do
        fetch --output "$work/zip" "$api/$id/zip"
        unzip -p "$work/zip" '*.json' >"$folder/$id.json"
    done <"$work/ids"
}

# GitLab: the artifacts of this project's jobs, whatever became of the jobs. CI_JOB_TOKEN may not list jobs
# (docs.gitlab.com/ci/jobs/ci_job_token), so this needs ORK_HANDOFF_TOKEN, a project access token with read_api.
load_from_gitlab() {
    # GitLab takes it in this field as well, which curl does not send to another host that an answer may lead to.
    header="Authorization: Bearer $ORK_HANDOFF_TOKEN"
    api=$CI_API_V4_URL/projects/$CI_PROJECT_ID/jobs
    page=1
    : >"$work/all"
    # Newest first. The project's other jobs are in this list, too: so many of them are looked through.
    while [ "$page" -le 50 ] && [ "$(wc -l <"$work/all")" -lt "$enough" ]; do
        fetch --globoff --output "$work/answer" \
            "$api?scope[]=success&scope[]=failed&scope[]=canceled&per_page=100&page=$page"
        [ "$(jq length "$work/answer")" != 0 ] || break
        jq -r --arg prefix "$rotation:" \
            '.[] | select(.artifacts_file != null) | select(.name | startswith($prefix))
                | select(.ref == env.CI_COMMIT_REF_NAME) | .id' "$work/answer" >>"$work/all"
        page=$((page + 1))
    done
    sort -rnu "$work/all" | head -n "$enough" >"$work/ids"
    while read -r id; do
        code=$(fetch_or_miss "$api/$id/artifacts/ork-handoffs/$id.json" "$folder/$id.json")
        # What the job saved has expired.
        [ "$code" != 404 ] || rm -f "$folder/$id.json"
    done <"$work/ids"
}

if [ -n "${GITHUB_ACTIONS:-}" ]; then
    load_from_github
elif [ -n "${ORK_HANDOFF_TOKEN:-}" ]; then
    load_from_gitlab
elif [ -n "${GITLAB_CI:-}" ]; then
    echo 'ork: without ORK_HANDOFF_TOKEN only the handoffs of this pipeline are seen' >&2
fi

# Of all that is there the newest rotation counts: an id begins with the time at which the rotation began. Nobody has
# signed what stands here, so it may be anything: what is no id is none.
id_of() {
    jq -r --arg name "$rotation" '.rotation | select(.name == $name) | .id | strings
        | select(test("\\A[0-9A-HJKMNP-TV-Z]{26}\\z"))' "$1" 2>/dev/null | head -n 1
}

for file in "$folder"/*.json; do
    if [ -e "$file" ]; then id_of "$file"; fi
done >"$work/found"
newest=$(sort "$work/found" | tail -n 1)
if [ -n "${ORK_ROTATION_ID:-}" ] && [ -n "$newest" ] && [ "$newest" != "$ORK_ROTATION_ID" ]; then
    newer=$(printf '%s\n' "$newest" "$ORK_ROTATION_ID" | LC_ALL=C sort | tail -n 1)
    since="and $newer has begun since"
    [ "$newer" = "$newest" ] || since='whose handoff is not here any more'
    echo "ork: error: this job is of the rotation $ORK_ROTATION_ID, $since" >&2
    echo 'ork: hint: nothing was changed; start a new run of the pipeline instead of this one' >&2
    exit 65
fi
for file in "$folder"/*.json; do
    # What is no handoff of this rotation goes, whether there is one or not.
    id=$(id_of "$file")
    if [ -z "$id" ] || [ "$id" != "$newest" ]; then rm -f "$file"; fi
done
