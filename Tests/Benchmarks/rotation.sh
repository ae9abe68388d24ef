#!/bin/sh
# Measures one whole rotation with one `file` target: all four steps, beside two scripts that do the same by hand (bash,
# curl and jq; the official Python client), and beside an earlier version, in one run of hyperfine. Prints a table of ratios.
#
#   Tests/Benchmarks/rotation.sh [REF]     REF: the version before, as git names it
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
# shellcheck source=ci-templates/shell/packages.sh
. "$root/ci-templates/shell/packages.sh"
# shellcheck source=Tests/Benchmarks/build.sh
. "$root/Tests/Benchmarks/build.sh"
need_to_build
need curl hyperfine jq
need_from_tests python
programs='ork-sandbox ork-keygen ork-create ork-publish ork-verify ork-retire ork-publisher-file'
stage=$(mktemp -d)
sandbox=''
trap 'kill $sandbox 2>/dev/null || true; rm -rf "$stage"; git -C "$root" worktree prune' EXIT
# shellcheck disable=SC2086
build_programs "$root" $programs
now=$built
before=''
if [ $# -gt 0 ]; then
    git -C "$root" worktree add --quiet --detach "$stage/before" "$1"
    # shellcheck disable=SC2086
    build_programs "$stage/before" $programs
    before=$built
fi
cd "$stage"
unset CI GITHUB_ACTIONS GITLAB_CI ORK_DISABLED

cat >steps <<'STEPS'
#!/bin/sh
# steps FOLDER NAME: a rotation by the programs of a folder.
set -eu
PATH=$1:$PATH
for step in create publish verify retire; do
    ork-$step --config "$2.yaml" --handoff "$2.json" 2>>"$2.log" || { tail -3 "$2.log" >&2; exit 1; }
done
STEPS
chmod +x steps

measure() {
    "$now/ork-sandbox" --latency "$1" >greeting &
    sandbox=$!
    until [ -s greeting ]; do sleep 0.1; done
    OPENROUTER_MANAGEMENT_KEY=$(jq -r .management_key greeting) OPENROUTER_BASE_URL=$(jq -r .url greeting)
    XDG_STATE_HOME=$stage/state
    export OPENROUTER_MANAGEMENT_KEY OPENROUTER_BASE_URL XDG_STATE_HOME
    printf 'header = "authorization: Bearer %s"\n' "$OPENROUTER_MANAGEMENT_KEY" >curl.conf
    for name in now before curl sdk; do
        jq -n --arg name "$name" '{name: $name}' |
            curl -sSf --config curl.conf --json @- "$OPENROUTER_BASE_URL/keys" | jq -r '"OPENROUTER_API_KEY=" + .key' >$name.env
        cat >$name.yaml <<YAML
version: 1
rotations:
  $name:
    predecessor: {name: $name}
    publish: {settle: 0s}
    retire: {overlap: 0s, quiet_for: 0s, soak: 0s, accept_idle: true}
    targets: {app: {publisher: file, with: {path: $name.env, name: OPENROUTER_API_KEY}}}
YAML
    done
    # The first one makes the identity.
    ./steps "$now" now
    rm now.json
    set -- --command-name now "./steps $now now" \
        --command-name curl "bash $root/Tests/Benchmarks/rotation-curl.sh curl" \
        --command-name sdk "$venv/bin/python $root/Tests/Benchmarks/rotation-sdk.py sdk"
    [ -z "$before" ] || set -- "$@" --command-name before "./steps $before before"
    hyperfine --shell none --warmup 2 --runs 15 --prepare 'rm -f now.json before.json' --export-json "$stage/times.json" \
        "$@" >hyperfine.log
    kill $sandbox
    wait $sandbox 2>/dev/null || true
    rm -r greeting state
}

ratio() { jq -r --arg of "$1" --arg to "$2" "$3"' | if . == null then "–" else (. * 100 | round / 100 | tostring) + "×" end' times.json; }
# shellcheck disable=SC2016
wall='def one($n): [.results[] | select(.command == $n)][0]; if one($to) then one($of).median / one($to).median else null end'
# shellcheck disable=SC2016
cpu='def one($n): [.results[] | select(.command == $n)][0]; if one($to) then (one($of).user + one($of).system) / (one($to).user + one($to).system) else null end'

echo '| one rotation, answers after | measure | bash, curl and jq | Python client | version before |'
echo '|---|---|---|---|---|'
for latency in 0 50; do
    measure $latency
    for what in time CPU; do
        [ $what = time ] && how=$wall || how=$cpu
        printf '| %s ms | %s | %s | %s | %s |\n' "$latency" "$what" "$(ratio now curl "$how")" "$(ratio now sdk "$how")" \
            "$(ratio now before "$how")"
    done
done
