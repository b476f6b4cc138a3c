#!/usr/bin/env bash
# Builds h2spec from Go modules into a cache outside the checkout and runs it against a router of this checkout, without TLS and with it.
# Usage: tools/h2spec.sh [h2spec arguments]   Ends with h2spec's own line `146 tests, N passed, …` for each.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bin=${XDG_CACHE_HOME:-$HOME/.cache}/holdfast/h2spec-2.2.1
command -v go >/dev/null || { echo "tools/h2spec.sh: go is not installed; install Go 1.26 or later" >&2; exit 2; }
if [ ! -x "$bin" ]; then
  mkdir -p "$(dirname "$bin")"
  (cd "$here/h2spec" && CGO_ENABLED=0 go build -trimpath -o "$bin.part" github.com/summerwind/h2spec/cmd/h2spec) && mv "$bin.part" "$bin" || exit 1
fi
scratch=$(mktemp -d)
router= backend=
trap 'kill $router $backend; wait; rm -rf "$scratch"' EXIT
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
  -keyout "$scratch/default.key" -out "$scratch/default.crt" 2>"$scratch/openssl" || { cat "$scratch/openssl" >&2; exit 1; }
"$here/../bin/node" -e '
  const server = require("node:http").createServer((request, response) => request.resume().on("end", () => response.end("Hello from behind the router that is under test")));
  server.listen(0, "127.0.0.1", () => console.log(server.address().port));' >"$scratch/backend" &
backend=$!
until [ -s "$scratch/backend" ]; do sleep 0.1; done
echo "all: * -> \"http://127.0.0.1:$(cat "$scratch/backend")\";" >"$scratch/routes.eskip"
"$here/../bin/holdfast" router --routes "$scratch/routes.eskip" --listen 127.0.0.1:0 --h2c --listen-tls 127.0.0.1:0 --tls-certificates "$scratch" \
  --admin 127.0.0.1:0 --workers 1 --drain-delay 0 --log-level error >"$scratch/out" &
router=$!
for _ in $(seq 100); do grep -q serving "$scratch/out" && break; sleep 0.1; done
port=$(sed -n 's/.*serving on [^ ]* port \([0-9]*\),.*/\1/p' "$scratch/out")
tls=$(sed -n 's/.*TLS on [^ ]* port \([0-9]*\).*/\1/p' "$scratch/out")
echo "without TLS"
"$bin" -h 127.0.0.1 -p "$port" "$@"
echo "over TLS"
"$bin" -h 127.0.0.1 -p "$tls" -t -k "$@"
