#!/usr/bin/env bash
# Fuzzes each door for so many seconds: scripts/fuzz.sh SECONDS [DOOR…]. New inputs go to
# build/fuzz/new/DOOR; a crash leaves its input in build/fuzz/ and ends the run with 1.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:?usage: scripts/fuzz.sh SECONDS [pack|scenario|decide ...]}
shift
doors=("$@")
[ "${#doors[@]}" -gt 0 ] || doors=(pack scenario decide)
command -v clang++ >/dev/null || { echo "fuzz.sh: needs clang: apt-get install clang libclang-rt-14-dev" >&2; exit 2; }
targets=("${doors[@]/#/fuzz_}")
scripts/build.sh fuzz "${targets[@]}"
for door in "${doors[@]}"; do
  mkdir -p "build/fuzz/new/$door"
  echo "== $door, $seconds s"
  # 256 MB is for one input's own allocations; the rest is the packs, zones and shadow memory.
  "build/fuzz/bin/fuzz_$door" -max_total_time="$seconds" -timeout=1 -malloc_limit_mb=256 \
    -rss_limit_mb=2048 -max_len=16384 -print_final_stats=1 -artifact_prefix="build/fuzz/$door-" \
    "build/fuzz/new/$door" "tests/fuzz/corpus/$door" 2>&1 | tail -n 12
done
