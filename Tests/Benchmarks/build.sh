#!/bin/sh
# Sourced by the others, which set $root: finds what the tests have installed, and builds programs as install.sh --static does.

# build_programs ROOT PROGRAM…: the folder is in $built then.
build_programs() {
    # Each version as it builds itself.
    if [ -e "$1/ci-templates/install/static.sh" ]; then
        # shellcheck source=ci-templates/install/static.sh
        . "$1/ci-templates/install/static.sh"
        build_static "$@"
        return
    fi
    from=$1
    shift
    for program in "$@"; do
        swift build --package-path "$from" -c release --static-swift-stdlib --quiet --product "$program"
    done
    # shellcheck disable=SC2034
    built=$(swift build --package-path "$from" -c release --static-swift-stdlib --show-bin-path)
}

# said FILE QUERY: what a server has said of itself in its greeting.
said() { jq -r "$2" "$1"; }

# In seconds since some moment, with fractions.
now() { date +%s.%N; }
since() { echo "$(now) $1" | awk '{printf "%.2f s\n", $1 - $2}'; }

# need_from_tests PROGRAM: the tests' Python environment, which has to have that program, is in $venv then.
need_from_tests() {
    venv=${ORK_TEST_VENV:-$root/.venv-test}
    [ -x "$venv/bin/$1" ] || {
        echo "error: there is no $1; run Tests/run.sh first, which installs it" >&2
        exit 1
    }
}
