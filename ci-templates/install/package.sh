#!/bin/sh
# Makes ork_VERSION_ARCH.deb and ork-VERSION-linux-ARCH.tar.gz, for the Debian and the processor of this machine, what they
# are made of as ork-VERSION-linux-ARCH.cdx.json, SHA256SUMS of the three, and its signature.
#
#   package.sh [--output DIR] [--build-dir DIR] [--sign KEY]
#
#   --output DIR      where to (default: .build/dist)
#   --build-dir DIR   as install.sh takes it; what is said of the build holds if it is of this source as it is
#   --sign KEY        signs with this private key of SSH, where it lies; with a public one, the ssh-agent signs
#
# The same build gives the same bytes: times are the last commit's, or SOURCE_DATE_EPOCH. DEBFULLNAME and DEBEMAIL name
# the package's maintainer, by default the author of that commit.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH='' cd -- "$here/../.." && pwd)
# shellcheck source=ci-templates/shell/packages.sh
. "$here/../shell/packages.sh"

output=$root/.build/dist build='' key=''
while [ "$#" -gt 0 ]; do
    case $1 in
    --output) output=$2 ;;
    --build-dir) build=$2 ;;
    --sign) key=$2 ;;
    *)
        printf 'package.sh: error: there is no option %s\n' "$1" >&2
        exit 1
        ;;
    esac
    shift 2
done
need dpkg-dev jq ${key:+openssh-client}
if [ -n "$key" ] && [ ! -r "$key" ]; then
    printf 'package.sh: error: %s cannot be read, so nothing can be signed\n' "$key" >&2
    exit 1
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 022
package=$work/debian/ork
DESTDIR=$package "$here/install.sh" --prefix /usr ${build:+--build-dir "$build"}

version=$("$package/usr/bin/ork-status" --version)
architecture=$(dpkg --print-architecture)
commit() { git -C "$root" log -1 --format="$1" 2>/dev/null; }
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(commit %ct || stat -c %Y "$root/Package.swift")}
export SOURCE_DATE_EPOCH
maintainer="${DEBFULLNAME:-$(commit %an || echo ork)} <${DEBEMAIL:-$(commit %ae || echo ork@localhost)}>"
mkdir -p "$output"

# The tarball: one folder, with what install.sh puts under a prefix.
name=ork-$version
cp -a "$package/usr" "$work/$name"
tar --create --directory "$work" --sort name --mtime "@$SOURCE_DATE_EPOCH" --owner 0 --group 0 --numeric-owner \
    "$name" | gzip -n >"$output/$name-linux-$architecture.tar.gz"

# The package. dpkg knows its files by itself.
rm "$package/usr/lib/ork/installed"
documents=$package/usr/share/doc/ork
printf 'ork (%s) unstable; urgency=medium\n\n  * Built from source.\n\n -- %s  %s\n' \
    "$version" "$maintainer" "$(date -u -R -d "@$SOURCE_DATE_EPOCH")" | gzip -9n >"$documents/changelog.gz"
cat >"$documents/copyright" <<TEXT
ork is its authors'. The Swift runtime in /usr/lib/ork, and the Swift packages that ork is built from, are

    Copyright (c) 2014 - 2026 Apple Inc. and the Swift project authors

under the Apache License 2.0 (/usr/share/common-licenses/Apache-2.0) with the Runtime Library Exception, which
swift-runtime.txt beside this file has.
TEXT

mkdir "$package/DEBIAN"
printf 'Source: ork\n\nPackage: ork\nArchitecture: any\n' >"$work/debian/control"
# The libraries in lib/ork are found from where the programs lie, and are no other package's.
libraries=$(cd "$work" && find debian/ork/usr/bin debian/ork/usr/lib/ork -type f -printf '-e%p ')
# Word splitting is wanted: a list of options with paths that are ours.
# shellcheck disable=SC2086
(cd "$work" && dpkg-shlibdeps --warnings=0 -O $libraries) >"$work/depends" 2>"$work/log" || {
    cat "$work/log" >&2
    exit 1
}
depends=$(sed -n 's/^shlibs:Depends=//p' "$work/depends")
cat >"$package/DEBIAN/control" <<TEXT
Package: ork
Version: $version
Architecture: $architecture
Maintainer: $maintainer
Installed-Size: $(du -k -s "$package/usr" | cut -f 1)
Depends: $depends, ca-certificates
Recommends: unzip
Suggests: age, git
Section: admin
Priority: optional
Description: rotates OpenRouter API keys with no downtime
 Steps of a CI/CD pipeline that create a new key, give it to every place that
 needs it, verify that it works there, and only then retire the old one; and
 the publishers that write it to files, CI systems, clouds and clusters.
TEXT
(cd "$package" && find usr -type f -printf '%P\n' | LC_ALL=C sort | sed 's|^|usr/|' | xargs md5sum) >"$package/DEBIAN/md5sums"
find "$package" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group --build "$package" "$output/ork_${version}_$architecture.deb" >/dev/null

# What it is made of. The packages that it depends on are those whose libraries it loads.
libraries=$(printf '%s\n' "$depends" | tr ',' '\n' | sed "s/^ *\([^ |]*\).*/\1:$architecture/")
# Word splitting is wanted: a list of names.
# shellcheck disable=SC2086
"$here/sbom.sh" "${build:-$root/.build/release}" "$version" $libraries >"$output/$name-linux-$architecture.cdx.json"

rm -f "$output/SHA256SUMS.sig"
(
    cd "$output"
    sha256sum "ork_${version}_$architecture.deb" "$name-linux-$architecture.tar.gz" "$name-linux-$architecture.cdx.json" \
        >SHA256SUMS
    cat SHA256SUMS
)
if [ -n "$key" ]; then
    # The namespace keeps what this key signs elsewhere, such as a commit, from counting as a release.
    ssh-keygen -q -Y sign -f "$key" -n ork-release "$output/SHA256SUMS"
else
    echo 'package.sh: warning: SHA256SUMS is not signed; --sign KEY signs it' >&2
fi
