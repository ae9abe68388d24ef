# What goes wrong in a rotation, and how it is put right: each time by the command that ork prints. rehearse.sh --incidents
# has set the stage; the application calls OpenRouter all the while.
# shellcheck shell=sh
# shellcheck disable=SC2154 # rehearse.sh sets url, application and stage

unset CI GITHUB_ACTIONS GITLAB_CI

scene() {
    number=$((${number:-0} + 1))
    printf '\n%s. %s\n' "$number" "$1"
}

# Runs a command, and shows it as somebody at a terminal would see it.
run() {
    printf '\n$ %s\n' "$*"
    status=0
    "$@" >last 2>&1 || status=$?
    sed 's/^/  /' last
    [ "$status" = 0 ] || printf '  (ends with %s)\n' "$status"
}

# The same for a command that must end with a status; anything else ends the rehearsal.
ends() {
    expected=$1
    shift
    run "$@"
    [ "$status" = "$expected" ] || { say "It should have ended with $expected."; exit 1; }
}

# Runs the command that the last one printed in backticks: the first one, or the one that begins with $1.
follow() {
    # shellcheck disable=SC2016 # These backticks are the message's.
    command=$(grep -o '`ork-[^`]*`' last | tr -d '`' | grep -m 1 "^${1:-ork-}")
    # The words of a command that ork has quoted for a shell.
    eval "ends 0 $command"
}

failures() { grep -cv ' 200$' calls || true; }

administer() { curl -fsS -o answer -X POST --data "$2" "${url%/api/v1}/sandbox/keys/$1"; }
successor() { jq -r '[.records[] | select(.event == "created")][-1].detail.hash' ork-handoff.json; }

# The file of a worker beside the application, and a program that wakes up once a night.
cp .env worker.env
cp .env nightly.env
cat >ork.yaml <<'YAML'
version: 1
rotations:
  checkout:
    predecessor: {name: checkout-prod}
    publish: {settle: 1s}
    targets:
      application: {publisher: file, with: {path: .env, name: OPENROUTER_API_KEY}}
      worker: {publisher: file, with: {path: workr.env, name: OPENROUTER_API_KEY}}
      github:
        publisher: github-secret
        env: [GITHUB_TOKEN]
        with: {repository: acme/web, name: OPENROUTER_API_KEY, create: true}
    retire: {overlap: 0s, quiet_for: 2s, soak: 2s}
YAML

scene 'Somebody has mistyped a path in ork.yaml. The check before the rotation finds it.'
ends 1 ork-publish --check
sed -i s/workr.env/worker.env/ ork.yaml
ends 0 ork-publish --check

scene 'The runner dies while it publishes, and a service is down. Run again, the step goes on where it stopped.'
ends 0 ork-create
printf '\n$ ork-publish   # killed as soon as it has written the first target\n'
GITHUB_API_URL=http://127.0.0.1:9 ork-publish >/dev/null 2>&1 &
publishing=$!
until grep -q '"event": *"committed"' ork-handoff.json || ! kill -0 "$publishing" 2>/dev/null; do :; done
kill -9 "$publishing" 2>/dev/null || true
wait "$publishing" 2>/dev/null || true
GITHUB_API_URL=http://127.0.0.1:9 ends 69 ork-publish

scene 'The service is up again. Only what is missing is written.'
ends 0 ork-publish
ends 0 ork-verify

scene 'A platform rolls a deployment back, and the old key with it.'
printf 'OPENROUTER_API_KEY=%s\n' "$(sed -n 's/^OPENROUTER_API_KEY=//p' nightly.env)" >worker.env
ends 1 ork-verify
follow ork-publish
ends 0 ork-verify

scene 'Somebody disables the new key at OpenRouter. Nothing is retired until it works again.'
before=$(failures)
administer "$(successor)" '{"disabled": true}'
ends 1 ork-verify
administer "$(successor)" '{"disabled": false}'
ends 0 ork-verify
sleep 1
theirs=$(($(failures) - before))

scene 'The nightly job was forgotten: it sleeps, and the key that it holds is disabled.'
ends 75 ork-retire --wait 20s --soak 1h
follow 'ork-retire --restore'
cp .env nightly.env
ends 75 ork-retire
follow ork-verify
ends 0 ork-retire --again --wait 30s --soak 2s

scene 'The next rotation begins, and its handoff is lost.'
mv ork-handoff.json finished.json
ends 0 ork-create
rm ork-handoff.json
ends 75 ork-create
follow 'ork-create .*--supersede'

scene 'The old key has leaked, and the machine of the worker is gone.'
rm worker.env
ends 1 ork-publish --handoff NEW.json
ends 75 ork-retire --compromised --handoff NEW.json
follow 'ork-retire --compromised --abandon-target'
ends 0 ork-status --handoff NEW.json

kill "$application"
wait "$application" 2>/dev/null || true
made=$(wc -l <calls | tr -d ' ')
say "The application made $made calls; $(failures) failed, $theirs of them while somebody had disabled its key."
[ "$(failures)" = "$theirs" ]
