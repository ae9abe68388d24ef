# shellcheck shell=sh
# Installs the Debian packages that are missing, and says which. To be sourced: need PACKAGE…
need() {
    missing=
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    printf 'installing%s\n' "$missing" >&2
    as_root=
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || {
            printf 'error: run this as root, or install%s yourself\n' "$missing" >&2
            return 1
        }
        as_root=sudo
    fi
    # Word splitting is wanted: a list of packages.
    # shellcheck disable=SC2086
    $as_root apt-get update -qq && $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

# What ork is built from besides the Swift toolchain.
need_to_build() {
    command -v swift >/dev/null || {
        printf 'error: there is no swift in PATH; install Swift 6.2 or newer from swift.org\n' >&2
        return 1
    }
    need libcurl4-openssl-dev libgit2-dev libsodium-dev libyaml-dev pkg-config
}
