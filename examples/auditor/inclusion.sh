#!/usr/bin/env bash
# Follows one entry of an exported log up to the root of its checkpoint: bash, coreutils and xxd.
#
#   inclusion.sh EXPORT_DIR SEQ
#
# Prints the entry's leaf hash, the hashes beside its path and the root they lead to. Exit 0 if that is
# the root in the checkpoint, 1 if not, 2 wrong use. It does not check the checkpoint's signature:
# docs/auditor.md does, with openssl, in four lines. For logs of up to 65,536 entries.
set -euo pipefail

wrong_use() { echo "inclusion.sh: $1" >&2; exit 2; }
if [ $# != 2 ] || [ ! -f "$1/checkpoint" ] || [[ ! $2 =~ ^(0|[1-9][0-9]{0,4})$ ]]; then
  wrong_use "EXPORT_DIR SEQ, please"
fi
export=$1 seq=$2
size=$(sed -n 2p "$export/checkpoint")
if [[ ! $size =~ ^[1-9][0-9]{0,4}$ ]] || [ "$size" -gt 65536 ]; then
  wrong_use "a log of that size is not for this script"
fi
[ "$seq" -lt "$size" ] || wrong_use "entry $seq is not under this checkpoint"

# The file of tile $2 at level $1 (or of bundle $2), of a level that holds $3 in all.
file() {
  local path
  path=$export/tile/$1/$(printf '%03d' "$2")
  # A full file stands in for a partial one.
  if [ -f "$path" ]; then echo "$path"; else echo "$path.p/$(($3 - 256 * $2))"; fi
}

hashes() { xxd -p -c 32 "$(file "$1" "$2" $((size >> 8 * $1)))"; }

# Results are left in `found`: a shell started for each of some hundred hashes would take its time.
node() {
  found=$(printf '01%s%s' "$1" "$2" | xxd -r -p | sha256sum)
  found=${found%% *}
}

# The largest power of two smaller than $1.
half_of() {
  half=1
  while [ $((2 * half)) -lt "$1" ]; do half=$((2 * half)); done
}

# The root over entries $1 up to $2: from level 1 where that holds it, or else from its two halves.
root() {
  local half left tile
  if [ $(($2 - $1)) = 256 ]; then found=${above[$1 / 256]}; return; fi
  if [ $(($2 - $1)) = 1 ]; then
    # Only two level-0 tiles are ever needed: the entry's own, and the last.
    tile=$(($1 / 256))
    if [ "$tile" = $((seq / 256)) ]; then found=${own[$1 % 256]}; else found=${last[$1 % 256]}; fi
    return
  fi
  half_of $(($2 - $1))
  root "$1" $(($1 + half))
  left=$found
  root $(($1 + half)) "$2"
  node "$left" "$found"
}

# The root over entries $1 up to $2 as it follows from the leaf and what stands beside its path.
path() {
  local half below
  if [ $(($2 - $1)) = 1 ]; then found=$leaf; return; fi
  half_of $(($2 - $1))
  if [ "$seq" -lt $(($1 + half)) ]; then
    path "$1" $(($1 + half))
    below=$found
    root $(($1 + half)) "$2"
    echo "beside  $found"
    node "$below" "$found"
  else
    path $(($1 + half)) "$2"
    below=$found
    root "$1" $(($1 + half))
    echo "beside  $found"
    node "$found" "$below"
  fi
}

mapfile -t own < <(hashes 0 $((seq / 256)))
mapfile -t last < <(hashes 0 $(((size - 1) / 256)))
above=()
if [ "$size" -ge 256 ]; then mapfile -t above < <(hashes 1 0); fi

# The entry: each one in the bundle stands after its length in two bytes.
bundle=$(file entries $((seq / 256)) "$size")
part() { dd status=none if="$bundle" iflag=skip_bytes,count_bytes skip="$1" count="$2"; }
next=0
for ((i = 0; i <= seq % 256; i++)); do
  length=$((16#$(part "$next" 2 | xxd -p)))
  start=$((next + 2))
  next=$((start + length))
done
leaf=$({ printf '\0'; part "$start" "$length"; } | sha256sum)
leaf=${leaf%% *}
echo "leaf    $leaf"
path 0 "$size"
echo "root    $found"
signed=$(sed -n 3p "$export/checkpoint" | base64 -d | xxd -p -c 32)
if [ "$found" != "$signed" ]; then
  echo "NOT verified: the checkpoint says $signed"
  exit 1
fi
echo "verified: entry $seq is under the checkpoint's root"
