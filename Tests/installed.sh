#!/bin/sh
# Installs what package.sh has made on this system, which is clean and goes away, and rehearses a rotation with it. As root.
#
#   installed.sh tarball|package FOLDER
set -eu

export DEBIAN_FRONTEND=noninteractive PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# shellcheck source=/dev/null
(. /etc/os-release && printf '%s, the %s\n' "$PRETTY_NAME" "$1")
apt-get update -qq
folder=$(CDPATH='' cd -- "$2" && pwd)
case $1 in
tarball)
    # As ci-templates/install/README.md says; the rest is for the rehearsal.
    apt-get install -y -qq --no-install-recommends libcurl4 libsodium23 libyaml-0-2 libssh2-1 libstdc++6 ca-certificates \
        unzip age curl git jq >/dev/null
    tar -xzf "$folder"/ork-*.tar.gz -C /usr/local --strip-components 1
    dpkg-deb --extract "$folder"/ork-sandbox_*.deb /tmp/sandbox
    cp -a /tmp/sandbox/usr/. /usr/local/
    ;;
package)
    apt-get install -y -qq --no-install-recommends "$folder"/ork_*.deb "$folder"/ork-sandbox_*.deb >/dev/null
    dpkg --listfiles ork | grep -qx /usr/share/man/man1/ork-retire.1.gz
    ls /usr/share/bash-completion/completions/ork-retire /usr/share/zsh/site-functions/_ork-retire \
        /usr/share/fish/vendor_completions.d/ork-retire.fish
    ;;
esac
home=$(dirname "$(dirname "$(command -v ork-status)")")
for file in "$home"/bin/ork-* "$home"/lib/ork*/*.so* "$home"/lib/ork*/*/*.so*; do
    [ -x "$file" ] || [ "${file%.so*}" != "$file" ] || continue
    ! ldd "$file" 2>/dev/null | grep 'not found' || exit 1
done
for library in "$home"/lib/ork/*/libcurl.so.4; do
    [ ! -e "$library" ] || ldd "$home/bin/ork-create" | grep -q "/$(basename "$(dirname "$library")")/libcurl.so.4 "
done
ork-publisher-git info >/dev/null
useradd --create-home rehearser
su rehearser -c "cd && PATH=$PATH ork-rehearse"
