#!/bin/sh
# Installs what the tests need, and runs them all: formatting, scripts, the test suites, and the rehearsal.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"
# shellcheck source=ci-templates/shell/packages.sh
. ci-templates/shell/packages.sh

say() { printf '\n== %s\n' "$*"; }

need_to_build
need age binutils curl dpkg-dev fcgiwrap git groovy jq nginx-light openssh-client openssh-server openssl patchelf \
    python3-venv shellcheck strace unzip

say 'Python packages, for the clients and readers that are not ours'
venv=${ORK_TEST_VENV:-$root/.venv-test}
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check -r Tests/requirements.txt
ORK_TEST_VENV=$venv
export ORK_TEST_VENV

say 'Formatting and scripts'
swift format lint --strict --recursive Package.swift Sources plugins Tests
shellcheck -x ci-templates/shell/*.sh ci-templates/install/*.sh Tests/*.sh

say 'Building'
swift build --build-tests --quiet

# Apart from each other: what computes, or starts many programs, keeps the processors from what has a deadline to meet.
# Servers that answer slowly are asked by few tests at a time.
hubs='GitHubSandbox|GitHubSecret|GitLabSandbox|GitLabVariable'
repositories='Git|GitPublisher'
managers='AWS|VaultKV'
clusters='KubernetesSandbox|KubernetesSecret'
programs='ChildProcesses|CommandPublisher|Configuration|CurlHTTP|FilePublisher|OpenRouterSandbox|PluginHost'
rotations='Conform|EndToEnd|Pipeline'
say 'Test suites: values'
swift test --skip-build --skip "^($hubs|$repositories|$managers|$clusters|$programs|$rotations)Tests\\."
for suites in "$hubs" "$repositories" "$managers" "$clusters"; do
    say "Test suites: $suites"
    SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=3 swift test --skip-build --filter "^($suites)Tests\\."
done
for suites in "$programs" Conform Pipeline EndToEnd; do
    say "Test suites: $suites"
    swift test --skip-build --filter "^($suites)Tests\\."
done

say 'The rehearsal'
ci-templates/shell/rehearse.sh
