#!/bin/sh
# Makes ork_VERSION_ARCH.deb, ork-sandbox_VERSION_ARCH.deb and ork-VERSION-linux-ARCH.tar.gz, for the processor of this machine,
# what they are made of as ork-VERSION-linux-ARCH.cdx.json, SHA256SUMS of them, and its signature. The packages are for the
# system of this machine; the tarball is also for later ones.
#
#   package.sh [--output DIR] [--build-dir DIR] [--sign KEY] [--suffix SYSTEM] [--portable] [--slim]
#
#   --output DIR      where to (default: .build/dist)
#   --build-dir DIR   as install.sh takes it; what is said of the build holds if it is of this source as it is
#   --portable        the packages, too, bring the libraries that the tarball brings, and install on later systems
#   --slim            all of them bring a libcurl that speaks HTTP alone, as install.sh --slim does
#   --suffix SYSTEM   is put behind the packages' version, such as ~deb12, and behind the tarball's name
#   --sign KEY        signs with this private key of SSH, where it lies; with a public one, the ssh-agent signs
#
# The same build gives the same bytes: times are the last commit's, or SOURCE_DATE_EPOCH. DEBFULLNAME and DEBEMAIL name
# the package's maintainer, by default the author of that commit.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH='' cd -- "$here/../.." && pwd)
# shellcheck source=ci-templates/shell/packages.sh
. "$here/../shell/packages.sh"

fail() {
    printf 'package.sh: error: %s\npackage.sh: hint: %s\n' "$1" "$2" >&2
    exit 1
}

output=$root/.build/dist build='' key='' suffix='' portable='' slim=''
while [ "$#" -gt 0 ]; do
    case $1 in
    --portable) portable=yes ;;
    --slim) slim=yes ;;
    --output | --build-dir | --sign | --suffix)
        [ -n "${2-}" ] || fail "$1 has no value" 'see the first lines of this script'
        case $1 in
        --output) output=$2 ;;
        --build-dir) build=$2 ;;
        --sign) key=$2 ;;
        --suffix) suffix=$2 ;;
        esac
        shift
        ;;
    *) fail "there is no option $1" 'see the first lines of this script' ;;
    esac
    shift
done
need dpkg-dev jq patchelf ${key:+openssh-client}
[ -z "$key" ] || [ -r "$key" ] || fail "$key cannot be read, so nothing can be signed" 'name the key by its path'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 022
package=$work/debian/ork
DESTDIR=$package "$here/install.sh" --prefix /usr ${build:+--build-dir "$build"} ${portable:+--portable} ${slim:+--slim}

version=$("$package/usr/bin/ork-status" --version)
architecture=$(dpkg --print-architecture)
commit() { git -C "$root" log -1 --format="$1" 2>/dev/null; }
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(commit %ct || stat -c %Y "$root/Package.swift")}
export SOURCE_DATE_EPOCH
maintainer="${DEBFULLNAME:-$(commit %an || echo ork)} <${DEBEMAIL:-$(commit %ae || echo ork@localhost)}>"
mkdir -p "$output"

build=${build:-$(swift build --package-path "$root" -c release --show-bin-path)}
label=$(printf %s "$suffix" | tr -d '~')
stem=ork-$version-linux-$architecture${label:+-$label}

# The tarball: one folder, with what install.sh puts under a prefix, and the libraries that another system may not have.
name=ork-$version
DESTDIR=$work/portable "$here/install.sh" --prefix /usr --build-dir "$build" --portable ${slim:+--slim}
mv "$work/portable/usr" "$work/$name"
tar --create --directory "$work" --sort name --mtime "@$SOURCE_DATE_EPOCH" --owner 0 --group 0 --numeric-owner \
    "$name" | gzip -n >"$output/$stem.tar.gz"

# A package's documents, fields and sums, and the package itself. dpkg knows its files by itself.
debian() { # NAME RECOMMENDS DEPENDS <DESCRIPTION
    tree=$work/debian/$1 documents=$work/debian/$1/usr/share/doc/$1
    mkdir -p "$documents" "$tree/DEBIAN"
    printf '%s (%s) unstable; urgency=medium\n\n  * See CHANGELOG.md in the source.\n\n -- %s  %s\n' \
        "$1" "$version$suffix" "$maintainer" "$(date -u -R -d "@$SOURCE_DATE_EPOCH")" | gzip -9n >"$documents/changelog.gz"
    cat >"$documents/copyright" <<TEXT
ork is its authors'. The Swift runtime in /usr/lib/$1, and the Swift packages that ork is built from, are

    Copyright (c) 2014 - 2026 Apple Inc. and the Swift project authors

under the Apache License 2.0 (/usr/share/common-licenses/Apache-2.0) with the Runtime Library Exception, which
swift-runtime.txt in /usr/share/doc/ork has.
TEXT
    printf 'Source: ork\n\nPackage: %s\nArchitecture: any\n' "$1" >"$work/debian/control"
    # The libraries in lib are found from where the programs lie, and are no other package's.
    files=$(cd "$work" && find "debian/$1/usr/bin" "debian/$1/usr/lib/$1" -type f -printf '-e%p ')
    # Word splitting is wanted: a list of options with paths that are ours.
    # shellcheck disable=SC2086
    (cd "$work" && dpkg-shlibdeps --warnings=0 -O $files) >"$work/depends" 2>"$work/log" || {
        cat "$work/log" >&2
        exit 1
    }
    depends=$(sed -n 's/^shlibs:Depends=//p' "$work/depends")
    {
        printf 'Package: %s\nVersion: %s\nArchitecture: %s\nMaintainer: %s\n' "$1" "$version$suffix" "$architecture" "$maintainer"
        printf 'Installed-Size: %s\nDepends: %s, %s\n' "$(du -k -s "$tree/usr" | cut -f 1)" "$depends" "$3"
        [ -z "$2" ] || printf '%s\n' "$2"
        printf 'Section: admin\nPriority: optional\n'
        cat
    } >"$tree/DEBIAN/control"
    (cd "$tree" && find usr -type f -printf '%P\n' | LC_ALL=C sort | sed 's|^|usr/|' | xargs md5sum) >"$tree/DEBIAN/md5sums"
    find "$tree" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
    dpkg-deb --root-owner-group --build "$tree" "$output/${1}_$version${suffix}_$architecture.deb" >/dev/null
}

rm "$package/usr/lib/ork/installed"
debian ork "Recommends: unzip
Suggests: age, git, ork-sandbox" ca-certificates <<TEXT
Description: rotates OpenRouter API keys with no downtime
 Steps of a CI/CD pipeline that create a new key, give it to every place that
 needs it, verify that it works there, and only then retire the old one; and
 the publishers that write it to files, CI systems, clouds and clusters.
TEXT
loaded=$depends

# What a rehearsal takes: its Foundation is larger than all the rest.
sandbox=$work/debian/ork-sandbox/usr
mkdir -p "$sandbox/bin" "$sandbox/lib/ork-sandbox" "$sandbox/share/ork/shell"
cp "$build/ork-sandbox" "$sandbox/bin/"
strip "$sandbox/bin/ork-sandbox"
swift=$(patchelf --print-rpath "$sandbox/bin/ork-sandbox" | tr : '\n' | grep -m 1 '^/' || true)
ldd "$sandbox/bin/ork-sandbox" | sed -n "s|.* => \(${swift:-/nowhere}/[^ ]*\) .*|\1|p" | while read -r library; do
    install -m 644 "$library" "$sandbox/lib/ork-sandbox/"
    strip --strip-unneeded "$sandbox/lib/ork-sandbox/${library##*/}"
    patchelf --set-rpath "\$ORIGIN" "$sandbox/lib/ork-sandbox/${library##*/}"
done
patchelf --set-rpath "\$ORIGIN/../lib/ork-sandbox" "$sandbox/bin/ork-sandbox"
"$here/manual.sh" "$sandbox/bin" "$sandbox/share" "$version"
for script in rehearse.sh example-application.sh packages.sh; do cp "$here/../shell/$script" "$sandbox/share/ork/shell/"; done
ln -s ../share/ork/shell/rehearse.sh "$sandbox/bin/ork-rehearse"
debian ork-sandbox '' "ork (= $version$suffix), age, curl, git, jq" <<TEXT
Description: stand-ins for the services that ork talks to
 An OpenRouter, a GitHub, a GitLab and a Kubernetes on this machine, for
 rehearsals: ork-rehearse rotates a key with nothing at stake.
TEXT

# What it is made of. The packages that it depends on are those whose libraries it loads.
libraries=$(printf '%s\n' "$loaded" | tr ',' '\n' | sed "s/^ *\([^ |]*\).*/\1:$architecture/")
# Word splitting is wanted: a list of names.
# shellcheck disable=SC2086
BROUGHT=$(cd "$work/$name/share/doc/ork/libraries" && for file in *.txt; do printf '%s ' "${file%.txt}"; done) \
    "$here/sbom.sh" "$build" "$version" $libraries >"$output/$stem.cdx.json"

rm -f "$output/SHA256SUMS.sig"
(
    cd "$output"
    sha256sum "ork_$version${suffix}_$architecture.deb" "ork-sandbox_$version${suffix}_$architecture.deb" "$stem.tar.gz" \
        "$stem.cdx.json" >SHA256SUMS
    cat SHA256SUMS
)
if [ -n "$key" ]; then
    # The namespace keeps what this key signs elsewhere, such as a commit, from counting as a release.
    ssh-keygen -q -Y sign -f "$key" -n ork-release "$output/SHA256SUMS"
else
    echo 'package.sh: warning: SHA256SUMS is not signed; --sign KEY signs it' >&2
fi
