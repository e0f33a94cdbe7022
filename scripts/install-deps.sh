#!/usr/bin/env bash
# The one list of packages Forbear needs, all of them Debian 12's own. Installs what is missing and
# touches nothing when nothing is: a machine that has them needs no network and no rights.
set -euo pipefail

packages=(
  # to build
  g++ cmake ninja-build pkg-config git ca-certificates
  # the contract
  libgrpc++-dev protobuf-compiler-grpc libprotobuf-dev protobuf-compiler
  # the store
  libsqlite3-dev sqlite3
  # time: the library and the zones themselves
  libhowardhinnant-date-dev tzdata
  # what the house leans on
  libabsl-dev libspdlog-dev libfmt-dev libyaml-cpp-dev libcli11-dev nlohmann-json3-dev
  libsodium-dev libssl-dev openssl xxd libphonenumber-dev libcpp-httplib-dev prometheus-cpp-dev
  # tests and benchmarks
  libgtest-dev libgmock-dev libbenchmark-dev python3-jsonschema
  # the example client and the checks written apart from the engine
  python3 python3-grpcio python3-protobuf python3-yaml curl
  # the log verified by strangers: signatures in Python, and Go's own code for transparency logs
  python3-nacl golang-go golang-golang-x-mod-dev
)

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$package")
done
if [ "${#missing[@]}" -eq 0 ]; then
  exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "install-deps: ${#missing[@]} packages are missing: not root and no sudo here;" \
         "as root run: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi

echo "install-deps: installing ${missing[*]}" >&2
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq update
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
  -o Dpkg::Use-Pty=0 "${missing[@]}" >/dev/null
