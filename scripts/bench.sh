#!/usr/bin/env bash
# Measures and prints a Markdown table: decisions a second; what three rule engines from npm do
# with a small question; intake and contacts a second beside what SQLite alone does with the same
# statements; and what `serve` needs to come up on many accounts. Rows are medians of five, but for
# the last two.
#
# The engines from npm want Node 20.19 or later, which is newer than Debian 12's, and npm itself; they
# are fetched into a temporary folder. Without them their row says so and the rest is measured.
#
#   BENCH_ACCOUNTS=1000000 scripts/bench.sh      how many accounts the last row loads (default 1,000,000)
#   FORBEAR_BENCH_BIN=DIR                        use programs that are already built
set -euo pipefail
cd "$(dirname "$0")/.."

bin=${FORBEAR_BENCH_BIN:-}
if [ -z "$bin" ]; then
  scripts/install-deps.sh
  scripts/build.sh release forbear decide_bench grpc_intake store_bench raw_store >&2
  bin=$PWD/build/release/bin
fi
exec /usr/bin/python3 -B bench/run.py "$bin" "${BENCH_ACCOUNTS:-1000000}"
