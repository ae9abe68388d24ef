#!/bin/sh
# Prints what a package is made of, as a CycloneDX 1.6 document: ork, the Swift packages that it was built from, the Swift
# runtime that it brings, and the Debian packages whose libraries it loads, in the versions that it was built with.
#
#   sbom.sh BUILD VERSION PACKAGE…
#
#   BUILD        the folder that the programs were built in
#   VERSION      ork's version
#   PACKAGE…     those Debian packages
#
# BROUGHT names the packages whose libraries the tarball brings, with their licences; nobody else updates those.
# SOURCE_DATE_EPOCH is the time that it bears. A commit is named as Software Heritage does, by the hash that git has for it.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
build=$1 version=$2
shift 2

fail() {
    printf 'sbom.sh: error: %s\nsbom.sh: hint: %s\n' "$1" "$2" >&2
    exit 1
}

# Package.resolved says which commits were built; what Package.swift itself asks for has to be there as it asks.
[ -e "$root/Package.resolved" ] || fail 'there is no Package.resolved' 'run swift package resolve, and build again'
missing=$(jq --raw-output --rawfile manifest "$root/Package.swift" '
    .pins as $pins
    | [$manifest | scan("\\.package\\(url: \"([^\"]*)\"(?:, exact: \"([^\"]*)\")?")
        | select(. as [$url, $version] | any($pins[]; .location == $url and .state.version == $version) | not)[0]]
    | join(", ")' "$root/Package.resolved")
[ -z "$missing" ] ||
    fail "Package.resolved does not have $missing as Package.swift asks for it" 'run swift package resolve, and build again'

# The compiler writes its version into what it makes, and the runtime is of the same toolchain.
swift=$(grep -a -o -E 'Swift version [^ ()]+ \([^()]*\)' "$build/ork-status" | sort -u)
[ "$(printf '%s\n' "$swift" | grep -c .)" = 1 ] ||
    fail "$build/ork-status does not say which Swift built it" 'build it with swift build -c release, and do not strip it'

# The commit, if the source is still as it has it.
source_git() { git --no-optional-locks -C "$root" "$@" 2>/dev/null; }
commit=$(source_git rev-parse --verify HEAD || true)
if [ -z "$commit" ] || ! changes=$(source_git status --porcelain) || [ -n "$changes" ]; then
    echo 'sbom.sh: warning: the source is not as a commit has it, so the document names none' >&2
    commit=''
fi

architecture=$(dpkg --print-architecture)
licences=''
for package in ${BROUGHT:-}; do
    set -- "$@" "$package:$architecture"
    # As the package's own copyright says for all files that it says nothing else of.
    licence=$(sed -n '/^Files: \*/,/^$/s/^License: *//p' "/usr/share/doc/$package/copyright" | head -n 1)
    licences="$licences$package ${licence:-unknown}
"
done
libraries=$(dpkg-query --show --showformat '${Package} ${Version} ${Architecture}\n' "$@")
libraries=$(printf '%s\n' "$libraries" | LC_ALL=C sort -u)
distribution=$(. /etc/os-release && printf '%s %s' "$ID" "$ID-${VERSION_ID:-rolling}")
jq --sort-keys --arg version "$version" --arg commit "$commit" --arg swift "$swift" --arg libraries "$libraries" \
    --arg licences "$licences" \
    --arg distribution "$distribution" --argjson time "${SOURCE_DATE_EPOCH:-0}" '
    def revision: if . == "" then {} else {swhid: ["swh:1:rev:\(.)"]} end;
    def escaped: @uri | gsub("%3A"; ":");

    # FlyingFox is in ork-sandbox alone, which is not installed.
    [.pins[] | {
        type: "library", name: .identity, version: .state.version,
        scope: (if .identity == "flyingfox" then "excluded" else "required" end),
        purl: "pkg:swift/\(.location | ltrimstr("https://") | rtrimstr(".git"))@\(.state.version | escaped)",
        externalReferences: [{type: "vcs", url: .location}]
    } + (.state.revision | revision)] as $packages

    | ($swift | capture("^Swift version (?<version>[^ ]+) \\((?<tag>.*)\\)$") | {
        type: "framework", name: "swift-runtime", version, scope: "required",
        purl: "pkg:github/swiftlang/swift@\(.tag | escaped)"
    }) as $runtime

    | ($distribution / " ") as [$vendor, $release]
    | ([$licences / "\n" | .[] | select(. != "") | capture("^(?<key>[^ ]+) (?<value>.*)$")] | from_entries) as $brought
    | [$libraries / "\n" | .[] / " " | . as [$name, $version, $architecture] | {
        type: "library", $name, $version, scope: "required",
        purl: "pkg:deb/\($vendor)/\($name | escaped)@\($version | escaped)?arch=\($architecture)&distro=\($release)"
    } + if $brought[$name] then {
        licenses: [{license: {name: $brought[$name]}}], properties: [{name: "ork:brought", value: "in the tarball, in lib/ork"}]
    } else {} end] as $libraries

    | [($packages + [$runtime] + $libraries)[] | . + {"bom-ref": .purl}] as $components
    | {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json", bomFormat: "CycloneDX", specVersion: "1.6",
        metadata: {
            timestamp: ($time | todate),
            component: ({type: "application", "bom-ref": "ork", name: "ork", $version} + ($commit | revision))
        },
        $components,
        dependencies: [{ref: "ork", dependsOn: [$components[] | select(.scope == "required")["bom-ref"]]}]
    }' "$root/Package.resolved"
