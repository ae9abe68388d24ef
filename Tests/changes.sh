#!/bin/sh
# Tells whether the changelog says what it has to.
#
#   changes.sh since COMMIT    what users see has not changed since then, or the changelog has; a commit with the trailer
#                              "Changelog: none" says that nobody would notice
#   changes.sh release TAG     TAG, orkVersion and the newest heading of the changelog are one version, which has entries
#   changes.sh notes VERSION   prints what the changelog has of a version
set -eu

cd "$(dirname -- "$0")/.."
changelog=.github/CHANGELOG.md

fail() {
    printf 'changes.sh: error: %s\nchanges.sh: hint: %s\n' "$1" "$2" >&2
    exit 1
}

notes() { awk -v version="$1" '/^## / { inside = $2 == version; next } inside' "$changelog"; }

case ${1-} in
since)
    seen=$(git diff --name-only "$2...HEAD" -- Sources plugins ci-templates Package.swift)
    if [ -n "$seen" ] && git diff --quiet "$2...HEAD" -- "$changelog" &&
        ! git log --format=%B "$2..HEAD" | grep -qx 'Changelog: none'; then
        fail "these changed and $changelog did not: $(printf %s "$seen" | head -n 3 | tr '\n' ' ')" \
            'say under Unreleased what a user would notice, or in a commit "Changelog: none"'
    fi
    ;;
release)
    version=$(sed -n 's/^package let orkVersion = "\(.*\)"$/\1/p' Sources/CommandLine/StepCLI/StepCommand.swift)
    [ "v$version" = "$2" ] || fail "the tag is $2, and orkVersion is $version" 'tag the commit that has the version'
    newest=$(awk '/^## / && $2 != "Unreleased" { print $2; exit }' "$changelog")
    [ "$newest" = "$version" ] || fail "the newest version in $changelog is $newest" "put what is unreleased under $version"
    notes "$version" | grep -q '^- ' || fail "$changelog says nothing of $version" 'say what is new'
    ! notes Unreleased | grep -q '^- ' || fail "$changelog has entries under Unreleased" "put them under $version"
    ;;
notes) notes "$2" ;;
*)
    sed -n '2,/^set /s/^# \{0,1\}//p' "$0" >&2
    exit 64
    ;;
esac
