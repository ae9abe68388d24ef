#!/bin/sh
# Runs suites with a sanitizer of the toolchain in every program of ours and in the tests.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"

usage() {
    cat <<'END'
usage: Tests/sanitize.sh address [NAME...]    out-of-bounds accesses, uses after free, leaks
       Tests/sanitize.sh thread [NAME...]     races

NAMEs are suites by their folders, as for Tests/run.sh; without one they are those that touch C, threads or processes.
Reports are left in .build/address/reports or .build/thread/reports; ORK_SANITIZE_BUILD names another folder than .build/address.
END
}

case ${1-} in
address | thread) sanitizer=$1 ;;
*)
    usage
    exit 64
    ;;
esac
shift
[ $# -gt 0 ] || set -- JSON YAML Documents Secrets Sodium ChildProcesses PluginHost PublisherKit CurlHTTP FilePublisher \
    CommandPublisher Git GitPublisher Conform

scratch=${ORK_SANITIZE_BUILD:-$root/.build/$sanitizer}
reports=$scratch/reports
export ORK_SUITES="$*"
swift build --build-tests --quiet --sanitize="$sanitizer" --scratch-path "$scratch"
rm -rf "$reports"
mkdir -p "$reports"

# A sanitizer has to hear of a fault before Swift's own handler does.
export SWIFT_BACKTRACE=enable=no SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=4
export LSAN_OPTIONS="suppressions=$root/Tests/sanitize-leaks.txt:print_suppressions=0"
export TSAN_OPTIONS="log_path=$reports/report:suppressions=$root/Tests/sanitize-races.txt"
# ThreadSanitizer makes a program's first `write` itself, so a disk that is full for that says nothing about the program.
skip='^$'
[ "$sanitizer" = address ] || skip='^FilePublisherTests\.ProgramTests/tellsFailures'
status=0
for name in "$@"; do
    # libgit2 keeps no frame pointers: only a slow walk of the stack tells its leaks from ours.
    case $name in Git*) fast=0 ;; *) fast=1 ;; esac
    export ASAN_OPTIONS="log_path=$reports/report:fast_unwind_on_malloc=$fast"
    swift test --skip-build --disable-xctest --sanitize="$sanitizer" --scratch-path "$scratch" --filter "^${name}Tests\\." --skip "$skip" \
        >"$reports/$name.log" 2>&1 || status=1
    printf '%s: ' "$name"
    grep -E 'Test run with' "$reports/$name.log" || echo 'did not finish'
    grep -hE '^✘ Test .* (recorded|failed)' "$reports/$name.log" || :
done
grep -rhE '^SUMMARY: ' "$reports" | sort | uniq -c | sort -rn
if grep -rqE '^SUMMARY: ' "$reports"; then status=1; fi
exit "$status"
