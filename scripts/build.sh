#!/usr/bin/env bash
# Configures and builds one preset: scripts/build.sh PRESET [TARGET…]. The result is in build/PRESET.
# A compiler cache is used where there is one and never needed.
set -euo pipefail
cd "$(dirname "$0")/.."

preset=${1:?usage: scripts/build.sh PRESET [TARGET...]}
shift
launcher=()
if command -v ccache >/dev/null; then
  launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  # Precompiled headers and their time stamps would otherwise miss the cache every time.
  export CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
fi
cmake --preset "$preset" "${launcher[@]}" >/dev/null
cmake --build --preset "$preset" ${1:+--target "$@"}
