#!/bin/sh
# Measures a fleet: ork-due finds rotations, and xargs takes each through all four steps, against an OpenRouter that takes
# its time, is killed and started again in between, and, through nginx, turns away what comes too fast. Not a test: it
# prints figures, and fails if a rotation was lost or doubled.
#
#   Tests/Benchmarks/fleet.sh [ROTATIONS [AT-ONCE [REQUESTS-A-SECOND [RESTARTS]]]]     300, 8, 100 and 3 unless told
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
# shellcheck source=ci-templates/shell/packages.sh
. "$root/ci-templates/shell/packages.sh"
# shellcheck source=Tests/Benchmarks/build.sh
. "$root/Tests/Benchmarks/build.sh"
need_to_build
need curl jq nginx-light time

count=${1:-300}
at_once=${2:-8}
rate=${3:-100}
restarts=${4:-3}
build_programs "$root" ork-sandbox ork-keygen ork-due ork-create ork-publish ork-verify ork-retire ork-publisher-file
PATH=$built:$PATH

stage=$(mktemp -d)
cd "$stage"
killer=''
trap 'kill $killer "$(cat sandbox.pid)" 2>/dev/null || true; [ ! -e nginx.pid ] || kill "$(cat nginx.pid)"; rm -rf "$stage"' EXIT

# On the port of the one before, and with its keys.
serve() {
    "$built/ork-sandbox" --latency 20 --state state.jsonl --port "$1" >greeting.new &
    echo $! >sandbox.pid
    until [ -s greeting.new ]; do sleep 0.1; done
    mv greeting.new greeting
}
serve 0
upstream=$(said greeting .url)
upstream=${upstream#http://}
upstream=${upstream%%/*}
port=$((20000 + $$ % 20000))
cat >nginx.conf <<NGINX
pid $stage/nginx.pid;
error_log $stage/nginx.err;
events {}
http {
    access_log $stage/access;
    client_body_temp_path $stage/body;
    proxy_temp_path $stage/proxy;
    fastcgi_temp_path $stage/fastcgi;
    limit_req_zone \$binary_remote_addr zone=all:1m rate=${rate}r/s;
    limit_req_status 429;
    server {
        listen 127.0.0.1:$port;
        limit_req zone=all burst=20 nodelay;
        add_header Retry-After 1 always;
        location / { proxy_pass http://$upstream; }
    }
}
NGINX
nginx -c "$stage/nginx.conf"

OPENROUTER_MANAGEMENT_KEY=$(said greeting .management_key) OPENROUTER_BASE_URL=http://127.0.0.1:$port/api/v1
XDG_STATE_HOME=$stage/state
export OPENROUTER_MANAGEMENT_KEY OPENROUTER_BASE_URL XDG_STATE_HOME PATH
unset CI GITHUB_ACTIONS GITLAB_CI ORK_DISABLED
# One identity for all, made before they run side by side.
ork-keygen --output identity 2>/dev/null
ORK_IDENTITY_FILE=$stage/identity
export ORK_IDENTITY_FILE

{
    echo 'version: 1'
    echo 'defaults:'
    echo '  due: {every: 1s}'
    echo '  publish: {settle: 0s}'
    echo '  retire: {overlap: 0s, quiet_for: 0s, soak: 0s, accept_idle: true}'
    echo 'rotations:'
} >ork.yaml
echo "header = \"authorization: Bearer $OPENROUTER_MANAGEMENT_KEY\"" >curl.conf
chmod 600 curl.conf
mkdir env handoff log memory
for number in $(seq "$count"); do
    name=app-$number
    cat >>ork.yaml <<YAML
  $name:
    predecessor: {name: $name-key}
    targets: {app: {publisher: file, with: {path: env/$name.env, name: OPENROUTER_API_KEY}}}
YAML
    printf '{"name": "%s-key"}' "$name" |
        curl -sSf --config curl.conf --json @- "http://$upstream/api/v1/keys" |
        jq -r '"OPENROUTER_API_KEY=" + .key' >"env/$name.env"
done
sleep 1

# As a pipeline does it: each step again for as long as it says that the time will come.
cat >rotate <<'ROTATE'
#!/bin/sh
rotation=$1
step() {
    tries=0
    until /usr/bin/time -q -a -o "memory/$1" -f %M "$@" --handoff "handoff/$rotation.json" 2>>"log/$rotation"; do
        status=$?
        tries=$((tries + 1))
        echo "$1 $status" >>again
        if [ "$status" != 69 ] && [ "$status" != 75 ] || [ "$tries" = 30 ]; then
            echo "$rotation: $1 ends with $status" >>failed
            exit 0
        fi
        sleep 1
    done
}
step ork-create --rotation "$rotation"
step ork-publish
step ork-verify
step ork-retire --wait 1m
echo "$rotation" >>finished
ROTATE
chmod +x rotate
: >again
: >failed
: >finished

peak() { sort -n "memory/$1" | tail -1; }
# Of the first runs and of the last ones.
peaks() {
    some=$(($(wc -l <"memory/$1") / 10 + 1))
    printf '%s kB, then %s kB' "$(head -n "$some" "memory/$1" | sort -n | tail -1)" \
        "$(tail -n "$some" "memory/$1" | sort -n | tail -1)"
}

start=$(now)
/usr/bin/time -o memory/ork-due -f %M ork-due --json >due.json 2>due.log
printf 'ork-due: %s of %s rotations in %s, %s kB at its peak\n' "$(jq '.due | length' due.json)" "$count" \
    "$(since "$start")" "$(peak ork-due)"

# Each time when a further part of the rotations is finished.
kill_sometimes() {
    for number in $(seq "$restarts"); do
        until [ "$(wc -l <finished)" -ge $((count * number / (restarts + 1))) ]; do sleep 0.1; done
        kill -9 "$(cat sandbox.pid)"
        sleep 0.5
        serve "${upstream##*:}"
        echo "$number" >>restarted
    done
}
: >restarted
kill_sometimes &
killer=$!

start=$(now)
jq -r '.due[].rotation' due.json | xargs -P "$at_once" -n 1 ./rotate
printf '%s rotations, %s at once: %s\n' "$count" "$at_once" "$(since "$start")"
for program in ork-create ork-publish ork-verify ork-retire; do
    printf '  %s: %s runs, at its peak %s\n' "$program" "$(wc -l <"memory/$program")" "$(peaks "$program")"
done
printf 'restarts of OpenRouter: %s of %s\n' "$(wc -l <restarted)" "$restarts"
printf 'requests: %s, of which turned away (429): %s; steps run again: %s\n' "$(wc -l <access)" \
    "$(grep -c '" 429 ' access || true)" "$(wc -l <again)"

# Every rotation has one live key, which is the one in its file; nothing else is left of it.
curl -sSf "http://$upstream/sandbox/keys" >keys.json
live=$(jq '[.[] | select(.deleted_at == null and (.management | not))] | length' keys.json)
wrong=0
for number in $(seq "$count"); do
    name=app-$number
    digest=$(sed 's/^OPENROUTER_API_KEY=//' "env/$name.env" | tr -d '\n' | sha256sum | cut -d ' ' -f 1)
    jq -e --arg base "$name-key" --arg hash "$digest" '
        [.[] | select(.deleted_at == null and (.name | split(" ")[0]) == $base)]
        | length == 1 and .[0].hash == $hash and (.[0].disabled | not) and (.[0].name | test(" ork:[0-9A-Z]{26}$"))
    ' keys.json >/dev/null || {
        wrong=$((wrong + 1))
        echo "$name: is not as it should be" >>failed
    }
done
printf 'live keys: %s (one a rotation, and one that is in none); keys ever minted: %s; finished: %s, twice: %s; wrong: %s\n' \
    "$live" "$(jq '[.[] | select(.name | test(" ork:"))] | length' keys.json)" "$(sort -u finished | wc -l)" \
    "$(sort finished | uniq -d | wc -l)" "$wrong"
head -20 failed
[ ! -s failed ] && [ "$live" = $((count + 1)) ] && [ "$(wc -l <restarted)" = "$restarts" ]
