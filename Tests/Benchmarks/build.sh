#!/bin/sh
# Sourced by the others: builds programs as they are released, and says where they are. A whole package would not link the
# runtime in statically, so it is done program by program.

# build_programs ROOT PROGRAM…: the folder is in $built then.
build_programs() {
    from=$1
    shift
    for program in "$@"; do
        swift build --package-path "$from" -c release --static-swift-stdlib --quiet --product "$program"
    done
    # shellcheck disable=SC2034
    built=$(swift build --package-path "$from" -c release --static-swift-stdlib --show-bin-path)
}
