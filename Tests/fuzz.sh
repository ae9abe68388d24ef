#!/bin/sh
# Fuzzes the readers of what others write, guided by coverage: libFuzzer over the targets of Tests/FuzzTests.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"

usage() {
    cat <<'END'
usage: Tests/fuzz.sh                    a million inputs for each target
       Tests/fuzz.sh TARGET [INPUTS]    one of them

An input for which a property does not hold is left in .build/fuzz/finds. What leads to new edges is kept in
.build/fuzz/corpus, where the next run begins. ORK_FUZZ_BUILD names another folder than .build/fuzz.
END
}

case ${1-} in
-*)
    usage
    exit 0
    ;;
esac

scratch=${ORK_FUZZ_BUILD:-$root/.build/fuzz}
toolchain=$(dirname "$(readlink -f "$(command -v swiftc)")")/..
ORK_LIBFUZZER=$(readlink -f "$toolchain/lib/swift/clang/lib/linux/libclang_rt.fuzzer_no_main-$(uname -m).a")
export ORK_LIBFUZZER ORK_SUITES=Fuzz SWIFT_BACKTRACE=enable=no
[ -f "$ORK_LIBFUZZER" ] || {
    echo "this Swift has no libFuzzer: $ORK_LIBFUZZER" >&2
    exit 69
}

swift build --build-tests --quiet --scratch-path "$scratch"
mkdir -p "$scratch/corpus" "$scratch/finds"
printf '%-22s %9s %7s %9s %9s %s\n' target inputs edges features seconds finds
status=0
for target in ${1:-$(ls Tests/FuzzTests/Corpus)}; do
    log=$scratch/$target.log
    start=$(date +%s)
    export ORK_FUZZ_TARGET="$target" ORK_FUZZ_CORPUS="$scratch/corpus/$target"
    export ORK_FUZZ_ARGUMENTS="-runs=${2:-1000000} -seed=1 -max_len=8192 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1
        -artifact_prefix=$scratch/finds/$target-"
    swift test --skip-build --disable-xctest --scratch-path "$scratch" --filter CoverageGuidedTests >"$log" 2>&1 || status=1
    # The last of libFuzzer's lines, such as `#1000000 DONE cov: 412 ft: 1630 corp: 310/40Kb …`.
    last=$(grep -E '^#[0-9]+.*cov: ' "$log" | tail -n 1)
    field() { printf '%s\n' "$last" | sed -nE "s/.* $1: ([0-9]+).*/\1/p"; }
    printf '%-22s %9s %7s %9s %9s %s\n' "$target" "$(printf '%s\n' "$last" | sed -nE 's/^#([0-9]+).*/\1/p')" "$(field cov)" \
        "$(field ft)" "$(($(date +%s) - start))" "$(find "$scratch/finds" -name "$target-*" -newermt "@$start" | wc -l)"
done
exit "$status"
