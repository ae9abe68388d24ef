#!/bin/sh
# Installs what the tests need, and runs them: all, the quick ones, or the suites named.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"
# shellcheck source=ci-templates/shell/packages.sh
. ci-templates/shell/packages.sh

usage() {
    cat <<'END'
usage: Tests/run.sh            formatting, scripts, every suite, and the rehearsal
       Tests/run.sh --fast     formatting, and the suites that need no server
       Tests/run.sh NAME...    some suites by their folders: Tests/run.sh Steps Rotation

Suites are chosen by the tags in Tests/TestSupport/Tags.swift. ORK_TEST_VENV names the
folder of the Python environment that is made for the tests, .venv-test by default.
ORK_PUBLISHED names a folder with services' published schemas; without it that one test
is skipped. Tests/HTTPPublisherTests/Python/published.py says where they are to be had.
END
}

say() { printf '\n== %s\n' "$*"; }

format() {
    say 'Formatting and scripts'
    swift format lint --strict --recursive Package.swift Sources plugins Tests
    shellcheck -x ci-templates/shell/*.sh ci-templates/install/*.sh Tests/*.sh Tests/Benchmarks/*.sh Tests/Model/*.sh
}

# The Python packages come meanwhile: that is waiting for the most part.
build() {
    python_packages &
    say 'Building'
    swift build --build-tests --quiet
    wait $!
}

ORK_TEST_VENV=${ORK_TEST_VENV:-$root/.venv-test}
export ORK_TEST_VENV

# The clients and readers that are not ours. The environment is made once for each version of the list.
python_packages() {
    cat Tests/requirements.txt Tests/requirements-alone.txt | cmp -s - "$ORK_TEST_VENV/requirements.txt" && return
    say 'Python packages'
    [ -x "$ORK_TEST_VENV/bin/python" ] || python3 -m venv "$ORK_TEST_VENV"
    "$ORK_TEST_VENV/bin/pip" install --quiet --disable-pip-version-check -r Tests/requirements.txt
    "$ORK_TEST_VENV/bin/pip" install --quiet --disable-pip-version-check --no-deps -r Tests/requirements-alone.txt
    cat Tests/requirements.txt Tests/requirements-alone.txt >"$ORK_TEST_VENV/requirements.txt"
}

# The files of the suites with a tag. Swift 6.3 chooses by name alone, so run_suites gives it the names.
tagged() { grep -rlF ".tags(.$1" Tests --include='*Tests.swift'; }

run_suites() {
    # So many test cases at once, so that the deadlines within a test do not measure how many wait beside it.
    export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=12
    names=$(sed -E 's|^Tests/([^/]*)/(.*/)?([^/]*)\.swift$|\1\\.\3|' | paste -s -d '|' -)
    swift test --skip-build --ignore-lock --filter "^($names)/"
}

case ${1-} in
-h | --help)
    usage
    ;;
--fast)
    need_to_build
    need git jq openssh-client python3-venv shellcheck strace
    format
    build
    say 'Suites that need no server'
    { tagged values; tagged processes; } | xargs grep -LF ', .slow)' | run_suites
    ;;
-*)
    usage >&2
    exit 64
    ;;
*)
    need_to_build
    need age binutils curl dpkg-dev fcgiwrap gcc git gnupg groovy help2man jq nginx-light openssh-client openssh-server openssl \
        patchelf python3-venv shellcheck spin strace unzip
    if [ $# -gt 0 ]; then
        build
        swift test --skip-build --filter "^($(IFS='|' && printf '%s' "$*"))Tests\\."
        exit
    fi
    format
    build
    # It waits for the most part, so it goes beside the suites.
    rehearsed=$(mktemp)
    { ci-templates/shell/rehearse.sh && ci-templates/shell/rehearse.sh --incidents; } >"$rehearsed" 2>&1 &
    rehearsal=$!
    # The others wait for the most part, too. In one process with these, they would wait for a thread as well.
    values=$(mktemp)
    { tagged values | run_suites; } >"$values" 2>&1 &
    of_values=$!
    say 'Suites that are tagged .processes, .servers or .pipelines'
    status=0
    # One builds ork once more, as a package that another one depends on: for a release, with the whole sweep.
    [ "${ORK_SWEEP-}" = full ] && left_out='^$' || left_out='/OutsidePackageTests\.swift$'
    { tagged processes; tagged servers; tagged pipelines; } | sort -u | grep -v "$left_out" | run_suites || status=$?
    say 'Suites that are tagged .values'
    wait "$of_values" || status=$?
    cat "$values"
    say 'The rehearsal'
    wait "$rehearsal" || status=$?
    cat "$rehearsed"
    rm "$values" "$rehearsed"
    exit "$status"
    ;;
esac
