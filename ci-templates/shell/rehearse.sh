#!/bin/sh
# Rehearses a whole rotation on this machine, with nothing at stake: an OpenRouter, a GitHub, a GitLab and a
# Kubernetes of its own (ork-sandbox), a git repository with an encrypted file, a small application that calls OpenRouter
# all the time with the key in its .env, and that key, which all of them hold, rotated by rotate.sh.
# It installs what it needs, and leaves nothing running.
#
# From the package ork-sandbox it is the command ork-rehearse.
#
#   rehearse.sh              a rotation in which all goes well
#   rehearse.sh --incidents  what goes wrong, and how the printed commands put it right
#   rehearse.sh --rollback   two rotations that are taken back
set -eu

case ${1-} in
'' | --incidents | --rollback) ;;
-h | --help)
    sed -n '2,/^set /s/^# \{0,1\}//p' "$0"
    exit
    ;;
*)
    echo 'usage: rehearse.sh [--incidents | --rollback]' >&2
    exit 64
    ;;
esac

here=$(CDPATH='' cd -- "$(dirname -- "$(readlink -f "$0")")" && pwd)
root=$(CDPATH='' cd -- "$here/../.." && pwd)
# shellcheck source=ci-templates/shell/packages.sh
. "$here/packages.sh"

say() { printf '\n%s\n' "$*"; }

need age curl git jq

# Installed, it takes the programs that are.
if [ -e "$root/Package.swift" ]; then
    need_to_build
    say 'Building ork (some minutes the first time) …'
    swift build --package-path "$root" --quiet
    PATH=$(swift build --package-path "$root" --show-bin-path):$PATH
    export PATH
fi

stage=$(mktemp -d)
cd "$stage"
trap 'kill $application $sandbox 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$stage"' EXIT
application='' sandbox=''

say 'Starting an OpenRouter to rehearse on, and an application that uses it …'
mkfifo hello
ork-sandbox --predecessor checkout-prod >hello 2>sandbox.log &
sandbox=$!
read -r greeting <hello
field() { printf '%s' "$greeting" | jq -r "$1"; }
url=$(field .url)
field '"OPENROUTER_API_KEY=\(.predecessor.key)"' >.env
: >calls
"$here/example-application.sh" "$url" .env calls &
application=$!
sleep 1

# A repository with the key in it, as only the holder of age.txt can read it.
age-keygen -o age.txt 2>/dev/null
recipient=$(age-keygen -y age.txt)
git init -q --bare -b main config.git
git clone -q config.git seed 2>/dev/null
age -r "$recipient" <.env >seed/prod.env.age
git -C seed add .
git -C seed -c user.name=rehearsal -c user.email=rehearsal@example.invalid commit -q -m 'Keep the key'
git -C seed push -q origin HEAD:main

# The rotation as a user would describe it; only the times are shorter than anybody would choose.
cat >ork.yaml <<YAML
version: 1
rotations:
  checkout:
    predecessor: {name: checkout-prod}
    publish: {settle: 2s}
    targets:
      application: {publisher: file, with: {path: .env, name: OPENROUTER_API_KEY}}
      # The three services do not have the key yet: there it is made, which has to be said.
      github:
        publisher: github-secret
        env: [GITHUB_TOKEN]
        with: {repository: acme/web, name: OPENROUTER_API_KEY, companion: OPENROUTER_API_KEY_OF, create: true}
      gitlab:
        publisher: gitlab-variable
        env: [GITLAB_TOKEN]
        with: {project: acme/web, key: OPENROUTER_API_KEY, create: true}
      cluster:
        publisher: kubernetes-secret
        env: [KUBE_TOKEN]
        with: {url: $(field .kubernetes.url), namespace: default, secret: openrouter, key: KEY, create: true}
      repository:
        publisher: git
        with:
          remote: $stage/config.git
          branch: main
          path: prod.env.age
          name: OPENROUTER_API_KEY
          encrypt: age
          recipients: [$recipient]
          identity: $stage/age.txt
    verify: {require_adoption: true}
    retire: {overlap: 3s, quiet_for: 3s, soak: 3s}
YAML

OPENROUTER_MANAGEMENT_KEY=$(field .management_key)
OPENROUTER_BASE_URL=$url
GITHUB_TOKEN=$(field .github.token)
GITHUB_API_URL=$(field .github.url)
GITLAB_TOKEN=$(field .gitlab.token)
CI_API_V4_URL=$(field .gitlab.url)
KUBE_TOKEN=$(field .kubernetes.token)
XDG_STATE_HOME=$stage/state
export OPENROUTER_MANAGEMENT_KEY OPENROUTER_BASE_URL XDG_STATE_HOME
export GITHUB_TOKEN GITHUB_API_URL GITLAB_TOKEN CI_API_V4_URL KUBE_TOKEN
unset greeting

case ${1-} in
--incidents)
    # shellcheck source=ci-templates/shell/incidents.sh
    . "$here/incidents.sh"
    exit
    ;;
--rollback)
    # shellcheck source=ci-templates/shell/rollback.sh
    . "$here/rollback.sh"
    exit
    ;;
esac

say 'Rotating the application'\''s key with rotate.sh …'
env -u CI -u GITHUB_ACTIONS -u GITLAB_CI ORK_WAIT=1m "$here/rotate.sh"

# The application keeps running for a moment: the predecessor is gone now, and nobody may notice.
sleep 1
kill "$application"
wait "$application" 2>/dev/null || true

say 'Where the rotation stands (ork-status):'
ork-status

# What runners and pods would find, by digest: the sandbox opens GitHub's sealed box for us.
digest=sha256:$(sed -n 's/^OPENROUTER_API_KEY=//p' .env | tr -d '\n' | sha256sum | cut -d ' ' -f 1)
control=${url%/api/v1}/sandbox
held=$({
    curl -fsS "$control/github/secrets"
    curl -fsS "$control/gitlab/variables"
    curl -fsS "$control/kubernetes/secrets"
} | jq -r '.[].digest' | grep -cx "$digest" || true)
say "The application, and $held of 3 services, hold the new key."

in_git=$(git -C config.git show main:prod.env.age | age -d -i age.txt | cmp - .env && echo yes || echo no)
say "The newest commit of the repository holds the new key: $in_git."

made=$(wc -l <calls | tr -d ' ')
failed=$(grep -cv ' 200$' calls || true)
say "The application made $made calls; $failed failed."
[ "$held" = 3 ] && [ "$in_git" = yes ] && [ "$made" -gt 0 ] && [ "$failed" = 0 ]
