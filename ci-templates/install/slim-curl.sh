#!/bin/sh
# Builds a libcurl that has what ork asks of it and nothing else, HTTP and TLS, from Debian's or Ubuntu's own source of the
# version that is installed here. TLS stays the system's OpenSSL.
#
#   slim-curl.sh DIR     makes DIR/libcurl.so.4, DIR/copyright, and DIR/version: the name and version of the source package
#
# The system's libcurl also speaks LDAP, Kerberos, SSH, RTMP, HTTP/2, Brotli, Zstandard…, and every program that loads it
# loads 30 libraries for that. The source comes by apt, which checks its signature, with its security patches.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=ci-templates/shell/packages.sh
. "$here/../shell/packages.sh"
to=$(CDPATH='' cd -- "$1" && pwd)

fail() {
    printf 'slim-curl.sh: error: %s\nslim-curl.sh: hint: %s\n' "$1" "$2" >&2
    exit 1
}

need dpkg-dev gcc libc6-dev libcurl4-openssl-dev libssl-dev
# Since the 64-bit times of 2024 the package has another name in some releases.
version=$(dpkg-query --show --showformat '${source:Version}' libcurl4-openssl-dev)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# The sources of the archives that packages come from here; lists and settings of this system stay as they are.
mkdir -p sources.d lists/partial cache/partial
for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ ! -e "$list" ] || sed -n 's/^deb /deb-src /p' "$list" >"sources.d/$(basename "$list" .list).list"
done
for list in /etc/apt/sources.list.d/*.sources; do
    [ ! -e "$list" ] || sed 's/^Types:.*/Types: deb-src/' "$list" >"sources.d/$(basename "$list")"
done
apt() {
    apt-get -qq -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$work/sources.d" -o APT::Sandbox::User=root \
        -o Dir::State::Lists="$work/lists" -o Dir::Cache="$work/cache" "$@"
}
# Other archives may have no sources.
apt update 2>log || true
apt source --download-only "curl=$version" >>log 2>&1 || {
    cat log >&2
    fail "the source of curl $version cannot be had" \
        'upgrade libcurl4-openssl-dev and its libcurl to what the archive has now, and run this again'
}
dpkg-source --skip-patches --extract ./curl_*.dsc source >log 2>&1 || { cat log >&2 && exit 1; }
cd source
# The last ones make the variants with other TLS libraries out of this one.
grep -v -e '^#' -e 'gnutls\.patch' -e 'nss\.patch' debian/patches/series | while read -r patch _; do
    [ -z "$patch" ] || patch --strip 1 --silent --force --input "debian/patches/$patch"
done
[ -x configure ] || { need autoconf automake libtool && autoreconf --force --install >log 2>&1; }

# As Debian builds it: hardened, with its versions of symbols and its authorities. What a patch adds and this does not build is an
# error of the linker.
export DEB_BUILD_MAINT_OPTIONS=hardening=+all
flags=$(dpkg-buildflags --get CFLAGS) linking=$(dpkg-buildflags --get LDFLAGS)
without='--without-zlib --without-brotli --without-zstd --without-libidn2 --without-libpsl --without-librtmp --without-libssh2
    --without-libssh --without-nghttp2 --without-nghttp3 --without-ngtcp2 --without-gssapi --without-libgsasl
    --disable-ldap --disable-ldaps --disable-ftp --disable-file --disable-dict --disable-telnet --disable-tftp --disable-rtsp
    --disable-pop3 --disable-imap --disable-smb --disable-smtp --disable-gopher --disable-mqtt --disable-websockets
    --disable-ntlm --disable-tls-srp --disable-unix-sockets --disable-alt-svc --disable-hsts --disable-doh --disable-netrc
    --disable-cookies --disable-manual --disable-libcurl-option'
build() {
    # Word splitting is wanted: a list of options.
    # shellcheck disable=SC2086
    ./configure --quiet --disable-static --enable-shared --disable-dependency-tracking --enable-versioned-symbols \
        --enable-symbol-hiding --enable-threaded-resolver --with-openssl --with-ca-path=/etc/ssl/certs \
        --with-ca-bundle=/etc/ssl/certs/ca-certificates.crt $without \
        CPPFLAGS="$(dpkg-buildflags --get CPPFLAGS)" CFLAGS="$flags" LDFLAGS="$linking -Wl,-z,defs" || return
    make --silent --directory lib libcurl.la
}
build >log 2>&1 || {
    tail -n 30 log >&2
    fail "curl $version cannot be built" 'install ork without --slim'
}
install -m 644 lib/.libs/libcurl.so.4 "$to/libcurl.so.4"
install -m 644 debian/copyright "$to/copyright"
printf 'curl %s\n' "$version" >"$to/version"
