#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test through CTest, whose last line is the last
# one printed. --quick leaves out the long ones (label `long`: crashes, the whole demo).
set -euo pipefail
cd "$(dirname "$0")/.."

selection=()
case "${1:-}" in
  '') ;;
  --quick) selection=(-LE long) ;;
  *) echo "test.sh: unknown argument \`$1\`: only --quick is known" >&2; exit 2 ;;
esac

scripts/install-deps.sh
scripts/build.sh release
exec ctest --preset release -j "$(nproc)" "${selection[@]}"
