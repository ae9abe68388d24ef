#!/bin/sh
# Checks the model of the rotation: each configuration as a whole, and that each mutant breaks a property.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
usage() {
    cat <<'END'
usage: Tests/Model/check.sh             the small configurations and every mutant, in seconds
       Tests/Model/check.sh --large     the large configurations as well, in minutes
       Tests/Model/check.sh --progress  that every run comes to an end, in the small configurations
       Tests/Model/check.sh GUARD       the way to a fault without this guard, step by step
END
}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cp "$here"/*.pml .
spin -a rotation.pml
build() { gcc -O1 -w -DCOLLAPSE -DMEMLIM=8000 -DVECTORSZ=1024 "$@" pan.c; }

# Every state of a configuration: the settings are variables of the environment.
explore() { env "$@" ./pan -m3000000 -n >found 2>&1; }

# A line of a configuration, of which nothing may be wrong.
configuration() {
    size=$1 name=$2
    shift 2
    explore "$@"
    if ! grep -q 'errors: 0' found || grep -q 'max search depth' found; then
        story "$@" >&2
        echo "check.sh: $name breaks a property, or is too large" >&2
        exit 1
    fi
    printf '%-7s%-20s%12s states%9s s   %s\n' "$size" "$name" "$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' found)" \
        "$(sed -n 's/.*elapsed time \([0-9.]*\).*/\1/p' found)" "$*"
}

# The number of a guard, by which a mutant is chosen.
number() { sed -n "s/^#define $1 \([0-9]*\)\$/\1/p" "$here/guards.pml"; }

story() { env "$@" ./pan -r | sed -n '/^[a-z0-9][a-z0-9 :-]*: ork-/p;/^[a-z][a-z_]* [a-z0-9]/p;/assertion/p' | grep -v '^spin\|vars'; }

mutants() {
    while read -r name settings; do
        # shellcheck disable=SC2086
        explore "WITHOUT=$(number "$name")" $settings
        grep -q 'errors: 1' found || {
            echo "check.sh: nothing breaks without $name" >&2
            exit 1
        }
        printf 'mutant %-20s%12s states   %s\n' "$name" "$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' found)" "$settings"
    done <"$here/mutants"
}

case ${1-} in
'' | --large)
    build -DSAFETY -o pan
    while read -r size name settings; do
        # shellcheck disable=SC2086
        if [ "$size" = small ] || [ -n "${1-}" ]; then configuration "$size" "$name" $settings; fi
    done <"$here/configurations"
    mutants
    ;;
--progress)
    build -DNP -o pan
    grep '^small' "$here/configurations" | while read -r _ name settings; do
        # shellcheck disable=SC2086
        env $settings ./pan -l -m3000000 -n >found 2>&1
        grep -q 'errors: 0' found || {
            echo "check.sh: $name never comes to an end" >&2
            exit 1
        }
        printf 'progress %-20s%12s states\n' "$name" "$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' found)"
    done
    ;;
[A-Z]*)
    settings=$(sed -n "s/^$1 //p" "$here/mutants")
    build -DSAFETY -o pan
    # shellcheck disable=SC2086
    explore "WITHOUT=$(number "$1")" $settings
    # shellcheck disable=SC2086
    story "WITHOUT=$(number "$1")" $settings
    ;;
*)
    usage >&2
    exit 64
    ;;
esac
