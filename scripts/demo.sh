#!/usr/bin/env bash
# The whole of Forbear in about two minutes: builds it, starts `forbear serve` on SQLite with a clock
# that runs 14,400 times as fast, hands in 6,907 real overdue accounts over gRPC, lets ten days of
# reminders run, reports what was sent and what was held back and why, and verifies the audit log.
# Everything it makes stays in build/demo/. Exit 0 only if everything held.
#
# For tests: FORBEAR_BIN uses a binary that is already built; FORBEAR_DEMO_DIR another folder.
set -euo pipefail
cd "$(dirname "$0")/.."

start=2026-03-02T00:00:00Z
end=2026-03-12T00:00:00Z
demo=${FORBEAR_DEMO_DIR:-$PWD/build/demo}
forbear=${FORBEAR_BIN:-}

if [ -z "$forbear" ]; then
  scripts/install-deps.sh
  echo "Building (the first time takes some minutes) ..."
  scripts/build.sh release forbear
  forbear=$PWD/build/release/bin/forbear
fi

# A fresh start each time, but never in a folder that is not a demo's.
if [ -d "$demo" ] && [ ! -f "$demo/demo.yaml" ] && [ -n "$(ls -A "$demo")" ]; then
  echo "demo: $demo holds something else: not touched; move it or set FORBEAR_DEMO_DIR" >&2
  exit 1
fi
rm -rf "$demo"
mkdir -p "$demo"
"$forbear" keys generate --origin demo.example/forbear --out "$demo/keys"
cp "$demo/keys/log.vkey" "$demo/log.vkey"

read -r lender_port officer_port <<<"$(/usr/bin/python3 - <<'PORTS'
import socket
held = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(s.getsockname()[1] for s in held))
PORTS
)"
lender=127.0.0.1:$lender_port
officer=127.0.0.1:$officer_port
cat >"$demo/demo.yaml" <<CONFIG
# The demo's configuration: plain text on loopback only; whoever calls a port is who it says.
node: demo
data: $demo
policies: $PWD/policies
treatment: $PWD/policies/treatments/gentle.yaml
keys: $demo/keys
outbox: $demo/outbox
export: $demo/export
http: 127.0.0.1:0
clock: $start,x14400
listeners:
  - {address: '$lender', insecure_loopback: true, identity: {tenant: demo, role: lender, id: demo-lender}}
  - {address: '$officer', insecure_loopback: true, identity: {tenant: demo, role: officer, id: demo-officer}}
tenants:
  - id: demo
    name: Example Collections
    fallback_places: [{country: TW}]
    licences: [tw_authorised_collector]
CONFIG

"$forbear" serve --config "$demo/demo.yaml" >"$demo/serve.out" 2>"$demo/operations.log" &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
for _ in $(seq 300); do
  grep -q '^forbear: ready ' "$demo/serve.out" && break
  if ! kill -0 "$server" 2>/dev/null; then
    echo "demo: the server did not start:" >&2
    tail -5 "$demo/operations.log" >&2
    exit 1
  fi
  sleep 0.1
done
grep '^forbear: ready ' "$demo/serve.out" || { echo "demo: the server is not ready" >&2; exit 1; }

python() { /usr/bin/python3 -B "$@"; }
printf '\nHanding in accounts: 6,818 card debts in Taiwan, 89 loans in the United States\n'
python examples/python/lender.py --server "$lender" --answers "$demo/answers.jsonl" \
  examples/data/tw-credit-cards.jsonl.gz examples/data/us-loans.jsonl

# Who owes something is taken in, and only they: a demo of a few lucky accounts would prove little.
python - "$demo/answers.jsonl" <<'CHECK'
import json, sys
wrong = [r["item"]["account"]["external_id"] for r in map(json.loads, open(sys.argv[1]))
         if (int(r["item"]["account"]["balance"]["minor_units"]) > 0) == ("error" in r["answer"])]
if wrong:
    sys.exit(f"demo: {len(wrong):,} accounts were answered wrongly, {wrong[0]} first")
CHECK

printf '\nTen days of reminders run, from %s to %s ...\n\n' "$start" "$end"
python examples/python/report.py --server "$officer" --wait-until "$end"
python examples/python/report.py --server "$officer" --pause demo_over
python examples/python/report.py --server "$officer" | tee "$demo/report.txt"

kill -TERM "$server"
wait "$server"
trap - EXIT

printf '\nAudit log\n'
printf '  size %s entries\n' "$(sed -n 2p "$demo/export/checkpoint")"
printf '  root %s\n' "$(sed -n 3p "$demo/export/checkpoint")"
"$forbear" audit verify --from "$demo/export" --key "$demo/log.vkey"
"$forbear" audit verify --data "$demo" --key "$demo/log.vkey"
printf '  every contact asked again of the packs by a checker written apart from the engine:\n  '
python tests/e2e/check_contacts.py --export "$demo/export" --data "$demo" --keys "$demo/keys" \
  --answers "$demo/answers.jsonl" --policies policies --sent "$demo/outbox"
if ! grep -qE '^  all .*[1-9]' "$demo/report.txt"; then
  echo "demo: nothing was sent in ten days; see $demo/operations.log" >&2
  exit 1
fi
echo "verified"

cat <<LOOK

Look further, in ${demo#"$PWD"/}/:
  outbox/       each message as it would have left, one file a Send
  answers.jsonl each account with what intake said of it
  export/       the audit log as an auditor gets it; log.vkey is the key to check it with:
                build/release/bin/forbear audit verify --from build/demo/export --key build/demo/log.vkey
  forbear.db    the store: sqlite3 -readonly build/demo/forbear.db .tables
LOOK
