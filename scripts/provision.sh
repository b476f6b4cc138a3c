#!/usr/bin/env bash
# Brings what the whole set of tests needs beyond npm: Debian's Chromium, HAProxy, nginx, wrk, Redis, iptables and tc, the aws CLI and its old kubectl, a current
# kubectl built from Go modules, and moto, an AWS that others wrote, from PyPI. Needs root and apt; elsewhere the tests say what they did not run.
set -euo pipefail
cd "$(dirname "$0")/.."
cache=${XDG_CACHE_HOME:-$HOME/.cache}/holdfast
mkdir -p "$cache"
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  missing=()
  for pair in chromium:chromium haproxy:haproxy nginx:nginx-light wrk:wrk redis-server:redis-server aws:awscli iptables:iptables tc:iproute2; do
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
  done
  if ! python3 -c "import ensurepip" 2>/dev/null; then missing+=(python3-venv); fi
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
# Not moto[server]: what that brings beside is for services that no test asks for, twice the size and twice the time.
if [ ! -x "$cache/moto/bin/moto_server" ] && python3 -c "import ensurepip" 2>/dev/null; then
  python3 -m venv --clear "$cache/moto"
  "$cache/moto/bin/pip" install --quiet --disable-pip-version-check moto==5.2.5 flask==3.1.3 flask-cors==6.0.5 ||
    echo "moto could not be installed from PyPI: the tests against it will say that they did not run" >&2
fi
