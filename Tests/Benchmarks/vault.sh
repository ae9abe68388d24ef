#!/bin/sh
# Measures how long one ork-publish takes for the secrets of many applications in one Vault, and how many connections its
# publisher makes, beside `bao kv patch` for the same ones: a real OpenBao with TLS on this machine. Not a test: it
# prints figures.
#
#   Tests/Benchmarks/vault.sh [SECRETS]     100 unless told
#
# Lists of words are split on purpose, and what sh -c runs has words of its own.
# shellcheck disable=SC2016,SC2086
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
# shellcheck source=ci-templates/shell/packages.sh
. "$root/ci-templates/shell/packages.sh"
# shellcheck source=Tests/Benchmarks/build.sh
. "$root/Tests/Benchmarks/build.sh"
need_to_build
need jq python3-venv strace

count=${1:-100}
need_from_tests bao
build_programs "$root" ork-sandbox ork-create ork-publish ork-publisher-vault-kv

stage=$(mktemp -d)
cd "$stage"
sandbox='' vault=''
trap 'kill $sandbox $vault 2>/dev/null || true; rm -rf "$stage"' EXIT
# Publishers are looked for beside the steps first, so these stand alone.
mkdir steps plain traced
cp "$built/ork-create" "$built/ork-publish" steps
ln -s "$built/ork-publisher-vault-kv" plain/ork-publisher-vault-kv
cat >traced/ork-publisher-vault-kv <<WRAPPER
#!/bin/sh
exec strace -f -qq --seccomp-bpf -e trace=connect -A -o $stage/connects "$built/ork-publisher-vault-kv" "\$@"
WRAPPER
chmod +x traced/*

"$built/ork-sandbox" >greeting &
sandbox=$!
# It ends with its input.
mkfifo held
"$venv/bin/python" -B "$root/Tests/TestSupport/Python/openbao.py" --tls IP:127.0.0.1 <held >vault &
vault=$!
exec 9>held
until [ -s greeting ] && [ -s vault ]; do sleep 0.1; done
OPENROUTER_MANAGEMENT_KEY=$(said greeting .management_key) OPENROUTER_BASE_URL=$(said greeting .url)
VAULT_ADDR=https://127.0.0.1:$(said vault .port) VAULT_CACERT=$(said vault .authority)
VAULT_ROLE_ID=$(said vault '.roles[""].ork.role_id') VAULT_SECRET_ID=$(said vault '.roles[""].ork.secret_id')
XDG_STATE_HOME=$stage/state
export OPENROUTER_MANAGEMENT_KEY OPENROUTER_BASE_URL VAULT_ADDR VAULT_CACERT VAULT_ROLE_ID VAULT_SECRET_ID XDG_STATE_HOME
unset CI GITHUB_ACTIONS

paths=$(seq -f 'apps/a%g' "$count")
cat >ork.yaml <<YAML
version: 1
rotations:
  fleet:
    predecessor: {name: checkout-prod}
    publish: {settle: 0s}
    targets:
      app:
        publisher: vault-kv
        env: [VAULT_ROLE_ID, VAULT_SECRET_ID]
        with: {auth: approle, field: OPENROUTER_API_KEY}
        for_each: {path: [$(printf '%s, ' $paths | sed 's/, $//')]}
YAML

publish() {
    steps/ork-create --handoff "$1.json" $3 2>>log
    start=$(now)
    ORK_PLUGIN_PATH=$stage/$2 steps/ork-publish --handoff "$1.json" 2>>log
    printf "ork-publish, %s secrets %s: %s\n" "$count" "$1" "$(since "$start")"
}

publish created plain ''
publish updated plain --supersede
publish traced traced --supersede
printf 'connections of the publisher: %s\n' "$(grep -c 'sin_port' connects)"

printf 'sk-or-v1-%064d' 0 >key
BAO_ADDR=$VAULT_ADDR BAO_CACERT=$VAULT_CACERT BAO_TOKEN=$(said vault .tokens.full)
export BAO_ADDR BAO_CACERT BAO_TOKEN
start=$(now)
for path in $paths; do
    "$venv/bin/bao" kv patch -mount=secret "$path" OPENROUTER_API_KEY=@key >/dev/null
done
printf 'bao kv patch, one after the other: %s\n' "$(since "$start")"
start=$(now)
printf '%s\n' $paths | xargs -P 8 -I{} sh -c '"$1" kv patch -mount=secret "$2" OPENROUTER_API_KEY=@key >/dev/null' \
    sh "$venv/bin/bao" {}
printf 'bao kv patch, eight at once: %s\n' "$(since "$start")"
