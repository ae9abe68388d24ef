#!/bin/sh
# Measures how long one ork-publish takes for the secrets of many repositories, beside `gh secret set` for the same ones,
# against a GitHub that takes 50 ms for every answer. Not a test: it prints figures.
#
#   Tests/Benchmarks/repositories.sh [REPOSITORIES]     200 unless told
#
# Lists of words are split on purpose, and what sh -c runs has words of its own.
# shellcheck disable=SC2016,SC2046,SC2086
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
# shellcheck source=ci-templates/shell/packages.sh
. "$root/ci-templates/shell/packages.sh"
# shellcheck source=Tests/Benchmarks/build.sh
. "$root/Tests/Benchmarks/build.sh"
need_to_build
need jq python3-venv strace time

count=${1:-200}
need_from_tests gh
build_programs "$root" ork-sandbox ork-create ork-publish ork-publisher-github-secret

stage=$(mktemp -d)
cd "$stage"
sandbox=''
trap 'kill $sandbox 2>/dev/null || true; rm -rf "$stage"' EXIT
# Publishers are looked for beside the steps first, so these stand alone.
mkdir steps timed traced
cp "$built/ork-create" "$built/ork-publish" steps
publisher=$built/ork-publisher-github-secret
cat >timed/ork-publisher-github-secret <<WRAPPER
#!/bin/sh
exec /usr/bin/time -a -o $stage/memory -f %M "$publisher" "\$@"
WRAPPER
cat >traced/ork-publisher-github-secret <<WRAPPER
#!/bin/sh
exec strace -f -qq --seccomp-bpf -e trace=connect -A -o $stage/connects "$publisher" "\$@"
WRAPPER
chmod +x timed/* traced/*

repositories=$(seq -f 'acme/r%g' "$count")
"$built/ork-sandbox" --latency 50 $(printf -- '--github-repository %s ' $repositories) >greeting &
sandbox=$!
until [ -s greeting ]; do sleep 0.1; done
OPENROUTER_MANAGEMENT_KEY=$(said greeting .management_key) OPENROUTER_BASE_URL=$(said greeting .url)
GITHUB_TOKEN=$(said greeting .github.token) GITHUB_API_URL=$(said greeting .github.url)
XDG_STATE_HOME=$stage/state
export OPENROUTER_MANAGEMENT_KEY OPENROUTER_BASE_URL GITHUB_TOKEN GITHUB_API_URL XDG_STATE_HOME
unset CI GITHUB_ACTIONS

write_plan() {
    cat <<YAML
version: 1
rotations:
  fleet:
    predecessor: {name: checkout-prod}
    publish: {settle: 0s}
    targets:
      web:
        publisher: github-secret
        env: [GITHUB_TOKEN]
        with: {name: OPENROUTER_API_KEY$1}
        for_each: {repository: [$(printf '%s, ' $repositories | sed 's/, $//')]}
YAML
}

publish() {
    write_plan "$2" >ork.yaml
    steps/ork-create --handoff "$1.json" $3 2>>log
    : >memory
    start=$(now)
    ORK_PLUGIN_PATH=$stage/timed steps/ork-publish --handoff "$1.json" 2>>log
    printf 'ork-publish, %s: %s, publisher %s kB at its peak\n' "$1" "$(since "$start")" "$(sort -n memory | tail -1)"
}

publish created '' ''
publish updated '' --supersede
publish 'with companions' ', companion: OPENROUTER_API_KEY_OF' --supersede

write_plan '' >ork.yaml
steps/ork-create --handoff traced.json --supersede 2>>log
ORK_PLUGIN_PATH=$stage/traced steps/ork-publish --handoff traced.json 2>>log
printf 'connections of the publisher: %s\n' "$(grep -c 'sin_port' connects)"

printf 'sk-or-v1-%064d' 0 >key
HTTP_PROXY=${GITHUB_API_URL%/github} GH_HOST=github.localhost GH_TOKEN=$GITHUB_TOKEN GH_CONFIG_DIR=$stage/gh
export HTTP_PROXY GH_HOST GH_TOKEN GH_CONFIG_DIR
start=$(now)
for repository in $repositories; do
    "$venv/bin/gh" secret set OPENROUTER_API_KEY -R "$repository" <key >/dev/null
done
printf 'gh secret set, one after the other: %s\n' "$(since "$start")"
start=$(now)
printf '%s\n' $repositories | xargs -P 8 -I{} sh -c '"$1" secret set OPENROUTER_API_KEY -R "$2" <key >/dev/null' \
    sh "$venv/bin/gh" {}
printf 'gh secret set, eight at once: %s\n' "$(since "$start")"
rm -f connects
for repository in $repositories; do
    strace -f -qq --seccomp-bpf -e trace=connect -A -o "$stage/connects" \
        "$venv/bin/gh" secret set OPENROUTER_API_KEY -R "$repository" <key >/dev/null
done
printf 'connections of gh: %s\n' "$(grep -c 'sin_port' connects)"
