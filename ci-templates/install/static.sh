# shellcheck shell=sh
# Builds programs with a Swift runtime of their own, linked so that they start in the least time. To be sourced:
# build_static ROOT PROGRAM…; the folder that they are in is in $built then.
#
# A rotation is ten processes, and pays for the start of each. What is left out of a start: libstdc++ as a shared library, of
# which the runtime takes little, but 4,000 symbols are looked up for it; entries of 24 bytes for 45,000 addresses to relocate,
# which glibc 2.36 and newer read from 10 kB; and symbols for plugins that a program loads, as no program here does.
build_static() {
    from=$1
    shift
    archive=''
    for compiler in clang cc; do
        [ -n "$archive" ] || archive=$("$compiler" -print-file-name=libstdc++.a 2>/dev/null | grep '^/' || true)
    done
    if [ -z "$archive" ]; then
        echo 'error: there is no libstdc++.a; install libstdc++-12-dev, or the one for your compiler' >&2
        return 1
    fi
    # Where it is looked for first, and where nothing else lies.
    mkdir -p "$from/.build/static"
    ln -sf "$archive" "$from/.build/static/libstdc++.a"
    # One by one: what the tests share is part of the whole, and Swift has no static library for tests.
    for program in "$@"; do
        swift build --package-path "$from" -c release --static-swift-stdlib --quiet --product "$program" \
            -Xswiftc -use-ld=lld -Xlinker -z -Xlinker pack-relative-relocs \
            -Xlinker "-L$from/.build/static" -Xswiftc -Xclang-linker -Xswiftc -static-libgcc \
            -Xlinker --no-export-dynamic
    done
    # shellcheck disable=SC2034
    built=$(swift build --package-path "$from" -c release --static-swift-stdlib --show-bin-path)
}
