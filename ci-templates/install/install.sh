#!/bin/sh
# Builds ork from this source and installs it; over an earlier version as well, and while pipelines run.
#
#   install.sh [--prefix DIR] [--build-dir DIR | --static] [--portable] [--slim]
#   install.sh --uninstall [--prefix DIR]
#
#   --prefix DIR      bin, lib/ork and share go in here (default: /usr/local); DESTDIR goes before it
#   --build-dir DIR   take the programs that are built there, such as .build/release, and build nothing
#   --static          build each program with a Swift runtime of its own: it starts in half the time, and is 14 MB larger
#   --portable        bring the libraries, too, whose names differ between versions of Debian and Ubuntu, such as libgit2
#   --slim            bring a libcurl that speaks HTTP alone: steps start in less time, and nobody updates it but this script
#   --uninstall       remove what was installed, and nothing else
#
# The programs share one Swift runtime, lib/ork/DIGEST, which they find from where they lie. Nothing is written in place:
# a new file is renamed over the old one, and programs of the old version keep their own runtime until all are replaced.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH='' cd -- "$here/../.." && pwd)
# shellcheck source=ci-templates/shell/packages.sh
. "$here/../shell/packages.sh"
# shellcheck source=ci-templates/install/static.sh
. "$here/static.sh"

fail() {
    printf 'install.sh: error: %s\ninstall.sh: hint: %s\n' "$1" "$2" >&2
    exit 1
}

prefix=/usr/local build='' static='' portable='' slim='' uninstall=''
while [ "$#" -gt 0 ]; do
    case $1 in
    --uninstall) uninstall=yes && shift ;;
    --static) static=yes && shift ;;
    --portable) portable=yes && shift ;;
    --slim) slim=yes && shift ;;
    --prefix | --build-dir)
        [ "$#" -gt 1 ] || fail "$1 has no value" 'give the folder after it'
        [ "$1" = --prefix ] && prefix=$2 || build=$2
        shift 2
        ;;
    *) fail "there is no option $1" 'see the first lines of this script' ;;
    esac
done
case $prefix in /*) ;; *) fail "the prefix $prefix is not absolute" 'begin it with /' ;; esac
to=${DESTDIR:-}${prefix%/}
[ -z "$static" ] || [ -z "$build" ] || fail '--static is for a build of this script' 'leave --build-dir out'
# The files that are installed, one a line.
installed=$to/lib/ork/installed

# Removes the files that standard input names, if they are where ork's files are, and then what folders are empty.
remove() {
    while read -r file; do
        case $file in
        *..*) ;;
        bin/ork-* | lib/ork/* | share/ork/* | share/doc/ork/* | share/man/man1/ork-* | share/bash-completion/completions/ork-* | \
            share/zsh/site-functions/_ork-* | share/fish/vendor_completions.d/ork-*) rm -f "$to/$file" "$to/$file.new" ;;
        esac
    done
    for folder in lib/ork share/ork share/doc/ork; do
        [ ! -d "$to/$folder" ] || find "$to/$folder" -depth -type d -empty -delete
    done
}

if [ -n "$uninstall" ]; then
    [ -e "$installed" ] || fail "ork was not installed in $to by this script" 'name the prefix that it was installed in'
    printf 'lib/ork/installed\n' | cat "$installed" - >"$installed.new"
    remove <"$installed.new"
    exit
fi

umask 022
if ! mkdir -p "$to/lib/ork" 2>/dev/null || [ ! -w "$to/lib/ork" ]; then
    fail "$to cannot be written" 'run this as root, or choose a folder of yours with --prefix'
fi
need binutils help2man patchelf
# ork-sandbox stays in the source: it is for rehearsals, and its Foundation would quadruple the runtime.
programs() {
    for folder in "$root"/Sources/Programs/ork-*/; do basename "$folder"; done | grep -vx ork-sandbox
    for folder in "$root"/plugins/*/; do printf 'ork-publisher-%s\n' "$(basename "$folder")"; done | grep -v -e -examples$
}
if [ -z "$build" ]; then
    need_to_build
    if [ -z "$static" ]; then
        swift build --package-path "$root" -c release --quiet
        build=$(swift build --package-path "$root" -c release --show-bin-path)
    else
        # Word splitting is wanted: a list of names.
        # shellcheck disable=SC2046
        build_static "$root" $(programs)
        build=$built
    fi
fi
# The programs are looked at as they will run.
unset LD_LIBRARY_PATH

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
mkdir -p "$stage/bin" "$stage/lib/ork" "$stage/share/ork" "$stage/share/doc/ork/plugins"

for program in $(programs); do
    [ -x "$build/$program" ] || fail "$build has no $program" 'build all of ork there first'
    cp "$build/$program" "$stage/bin/"
done
strip "$stage"/bin/*

# The runtime: what the programs load from where their build found Swift.
swift=$(patchelf --print-rpath "$stage/bin/ork-status" | tr : '\n' | grep -m 1 '^/' || true)
libraries=''
[ -z "$swift" ] || libraries=$(ldd "$stage"/bin/* | sed -n "s|.* => \($swift/[^ ]*\) .*|\1|p" | sort -u)
# Libraries that every system has which this is for, under the same name.
everywhere='lib(curl|ssl|crypto|ssh2|gssapi_krb5|pcre2-8|sodium|yaml-0|z|stdc\+\+|gcc_s|c|m)\.so\.[0-9]+|ld-linux.*'
# Prints what else a file loads, and what that loads, from this system.
others() {
    patchelf --print-needed "$1" | grep -vxE "$everywhere" | while read -r name; do
        path=$(ldd "$1" | awk -v name="$name" '$1 == name && $2 == "=>" { print $3 }')
        case $path in "${swift:-/nowhere}"/*) continue ;; esac
        printf '%s\n' "$path"
        others "$path"
    done
}
brought=''
if [ -n "$portable" ]; then
    brought=$(for program in "$stage"/bin/*; do others "$program"; done | LC_ALL=C sort -u)
    mkdir -p "$stage/share/doc/ork/libraries"
    for library in $brought; do
        file=$(realpath "$library")
        # A package may have put it where /lib was a folder of its own.
        package=$(dpkg-query -S "$file" 2>/dev/null || dpkg-query -S "${file#/usr}")
        install -m 644 "/usr/share/doc/${package%%:*}/copyright" "$stage/share/doc/ork/libraries/${package%%:*}.txt" ||
            fail "the licence of $library is not on this machine" "install ${package%%:*} with its documents"
    done
fi
if [ -n "$slim" ]; then
    mkdir -p "$stage/slim" "$stage/share/doc/ork/libraries"
    "$here/slim-curl.sh" "$stage/slim"
    brought="$brought $stage/slim/libcurl.so.4"
    package=$(dpkg-query --search '*/libcurl.so.4' | grep -m 1 -o '^[^:,]*')
    cat "$stage/slim/version" "$stage/slim/copyright" >"$stage/share/doc/ork/libraries/$package.txt"
fi
libraries="$libraries $brought"
if [ "$libraries" != ' ' ]; then
    mkdir "$stage/lib/ork/new"
    # Word splitting is wanted: a list of paths without spaces.
    # shellcheck disable=SC2086
    install -m 644 $libraries "$stage/lib/ork/new/"
    strip --strip-unneeded "$stage"/lib/ork/new/*
    for library in "$stage"/lib/ork/new/*; do patchelf --set-rpath "\$ORIGIN" "$library"; done
    digest=$(cat "$stage"/lib/ork/new/* | sha256sum | cut -c 1-12)
    mv "$stage/lib/ork/new" "$stage/lib/ork/$digest"
    for program in "$stage"/bin/*; do patchelf --set-rpath "\$ORIGIN/../lib/ork/$digest" "$program"; done
    licence=$swift/../../../share/swift/LICENSE.txt
    [ ! -e "$licence" ] || install -m 644 "$licence" "$stage/share/doc/ork/swift-runtime.txt"
else
    for program in "$stage"/bin/*; do patchelf --remove-rpath "$program"; done
fi
! ldd "$stage"/bin/* | grep -e 'not found' ${swift:+-e "=> $swift/"} >&2 ||
    fail 'a program does not find these libraries' 'install them, and build ork again on this machine'
version=$("$stage/bin/ork-status" --version) ||
    fail "the programs do not run in $stage" 'name a folder that programs may run in with TMPDIR'

"$here/manual.sh" "$stage/bin" "$stage/share" "$version"

# What a user copies, and reads. The links between the documents hold here, too.
cp -R "$here/../." "$stage/share/ork/"
(cd "$stage/share/ork" && rm install/*.sh install/Dockerfile shell/rehearse.sh shell/example-application.sh shell/packages.sh)
cp "$root/README.md" "$stage/share/doc/ork/"
for document in "$root"/Sources/*.md "$root"/Sources/*/*.md "$root"/plugins/README.md "$root"/plugins/*/README.md \
    "$root"/plugins/examples/*; do
    mkdir -p "$(dirname "$stage/share/doc/ork${document#"$root"}")"
    cp "$document" "$stage/share/doc/ork${document#"$root"}"
done
ln -s ../../ork "$stage/share/doc/ork/ci-templates"
chmod -R u=rwX,go=rX "$stage"

# Into place: the runtime first, the programs last. What an install that was cut short has left is known to the next one.
old=$stage/old new=$stage/new
(cd "$stage" && find lib share bin ! -type d) | LC_ALL=C sort >"$new"
if [ -e "$installed" ]; then LC_ALL=C sort -u "$installed" >"$old"; else : >"$old"; fi
LC_ALL=C sort -u "$old" "$new" >"$installed.new"
mv -f "$installed.new" "$installed"
for folder in lib share bin; do
    grep "^$folder/" "$new" | while read -r file; do
        if [ ! -L "$stage/$file" ] && cmp -s "$stage/$file" "$to/$file"; then continue; fi
        mkdir -p "$(dirname "$to/$file")"
        cp -P --remove-destination "$stage/$file" "$to/$file.new"
        mv -fT "$to/$file.new" "$to/$file"
    done
done
if LC_ALL=C comm -23 "$old" "$new" | grep -q .; then
    # What was started a moment ago, before its file was replaced, has opened its libraries by then.
    sleep 1
    LC_ALL=C comm -23 "$old" "$new" | remove
fi
while read -r file; do rm -f "$to/$file.new"; done <"$new"
cp "$new" "$installed.new"
mv -f "$installed.new" "$installed"
printf 'ork %s is installed in %s\n' "$version" "$to" >&2
