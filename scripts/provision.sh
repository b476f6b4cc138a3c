#!/usr/bin/env bash
# Brings what the whole set of tests needs beyond npm: Debian's Chromium, HAProxy, nginx, wrk, Redis, the aws CLI and its old kubectl, and a current kubectl built
# from Go modules. Needs root and apt; elsewhere the tests say what they did not run.
set -euo pipefail
cd "$(dirname "$0")/.."
cache=${XDG_CACHE_HOME:-$HOME/.cache}/holdfast
mkdir -p "$cache"
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  missing=()
  for pair in chromium:chromium haproxy:haproxy nginx:nginx-light wrk:wrk redis-server:redis-server aws:awscli; do
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
  done
  if [ ${#missing[@]} -gt 0 ] || [ ! -x "$cache/kubectl-1.20/usr/bin/kubectl" ]; then apt-get update -qq; fi
  if [ ${#missing[@]} -gt 0 ]; then DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; fi
  if [ ! -x "$cache/kubectl-1.20/usr/bin/kubectl" ]; then # unpacked, not installed: a newer kubectl may own /usr/bin/kubectl
    scratch=$(mktemp -d)
    chmod 755 "$scratch"
    (cd "$scratch" && apt-get download -qq kubernetes-client && dpkg -x kubernetes-client_*.deb unpacked)
    mkdir -p "$cache/kubectl-1.20" && cp -a "$scratch/unpacked/." "$cache/kubectl-1.20/" && rm -rf "$scratch"
  fi
fi
if command -v go >/dev/null; then tools/build-kube.sh kubectl; fi
