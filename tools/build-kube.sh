#!/usr/bin/env bash
# Builds the real Kubernetes control plane and kubectl from Go modules into a cache outside the checkout.
# Usage: tools/build-kube.sh [kubectl|all]   Prints the folder with the binaries as its last line.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
version=v1.36.3
bin=${HOLDFAST_KUBE_BIN:-${XDG_CACHE_HOME:-$HOME/.cache}/holdfast/kube-$version}
what=${1:-all}
command -v go >/dev/null || { echo "tools/build-kube.sh: go is not installed; install Go 1.26 or later" >&2; exit 2; }
mkdir -p "$bin"
p=k8s.io/component-base/version c=k8s.io/client-go/pkg/version
flags="-s -w -X $p.gitVersion=$version -X $p.gitMajor=1 -X $p.gitMinor=36 -X $p.gitTreeState=clean -X $c.gitVersion=$version -X $c.gitMajor=1 -X $c.gitMinor=36"
build() { # a build goes to a temporary name first, so an interrupted one is never taken for a finished one
  [ -x "$bin/$2" ] && return
  (cd "$here/$1" && CGO_ENABLED=0 go build -trimpath -p "$(nproc)" -ldflags "$flags" -o "$bin/.$2.part" "$3") && mv "$bin/.$2.part" "$bin/$2"
}
build kube kubectl k8s.io/kubernetes/cmd/kubectl
if [ "$what" = all ]; then
  for name in kube-apiserver kube-controller-manager kube-scheduler; do build kube "$name" "k8s.io/kubernetes/cmd/$name"; done
  build etcd etcd .
fi
echo "$bin"
