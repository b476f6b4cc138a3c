#!/usr/bin/env bash
# Runs a real etcd, kube-apiserver and kube-controller-manager on 127.0.0.1 until it is interrupted. Build them first: tools/build-kube.sh all
# Usage: tools/real-control-plane.sh DIR [PORT]    DIR/kubeconfig is the administrator's; DIR/router.kubeconfig may read, and create Events.
#        tools/real-control-plane.sh DIR PORT prepare|etcd|apiserver|controllers|grant
#        one step alone, so that a part can be killed and started by itself: keys and kubeconfigs; a part, in the foreground; the router's rights
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dir=${1:?usage: tools/real-control-plane.sh DIR [PORT]}
port=${2:-16443}
bin=${HOLDFAST_KUBE_BIN:-${XDG_CACHE_HOME:-$HOME/.cache}/holdfast/kube-v1.36.3}
[ -x "$bin/kube-apiserver" ] || { echo "tools/real-control-plane.sh: $bin/kube-apiserver is missing; run tools/build-kube.sh all" >&2; exit 2; }
mkdir -p "$dir/pki" "$dir/etcd" && cd "$dir"
key() { openssl ecparam -name prime256v1 -genkey -noout -out "pki/$1.key"; }
sign() { # name, subject, extensions
  key "$1"
  openssl req -new -key "pki/$1.key" -subj "$2" | openssl x509 -req -days 30 -CA pki/ca.crt -CAkey pki/ca.key -CAcreateserial -extfile <(printf '%s' "$3") -out "pki/$1.crt" 2>/dev/null
}
if [ ! -f pki/ca.crt ]; then
  key ca && openssl req -x509 -new -key pki/ca.key -subj /CN=ca -days 30 -out pki/ca.crt
  sign apiserver /CN=kube-apiserver "subjectAltName=IP:127.0.0.1,IP:10.96.0.1,DNS:localhost,DNS:kubernetes.default.svc"
  sign admin /O=system:masters/CN=admin "extendedKeyUsage=clientAuth"
  sign router /CN=router "extendedKeyUsage=clientAuth"
  openssl genrsa -out pki/sa.key 2048 2>/dev/null && openssl rsa -in pki/sa.key -pubout -out pki/sa.pub 2>/dev/null
fi
kubeconfig() {
  "$bin/kubectl" --kubeconfig "$2" config set-cluster real --server "https://127.0.0.1:$port" --certificate-authority pki/ca.crt --embed-certs >/dev/null
  "$bin/kubectl" --kubeconfig "$2" config set-credentials "$1" --client-certificate "pki/$1.crt" --client-key "pki/$1.key" --embed-certs >/dev/null
  "$bin/kubectl" --kubeconfig "$2" config set-context real --cluster real --user "$1" >/dev/null
  "$bin/kubectl" --kubeconfig "$2" config use-context real >/dev/null
}
case ${3:-all} in
all | prepare)
  kubeconfig admin kubeconfig
  kubeconfig router router.kubeconfig
  ;;
esac
etcd_port=$((port + 1))
etcd() {
  exec "$bin/etcd" --data-dir etcd --listen-client-urls "http://127.0.0.1:$etcd_port" --advertise-client-urls "http://127.0.0.1:$etcd_port" \
    --listen-peer-urls "http://127.0.0.1:$((port + 2))" --unsafe-no-fsync=true >>etcd.log 2>&1
}
apiserver() {
  # What may be in a cluster besides: an audit log, asked for by a file.
  audit=()
  if [ -f audit-policy.yaml ]; then audit=(--audit-policy-file=audit-policy.yaml --audit-log-path=audit.log); fi
  # Nobody is told the address it advertises (no reconciler of its endpoints), but without one it looks for a default route.
  exec "$bin/kube-apiserver" --bind-address=127.0.0.1 --advertise-address=10.201.0.1 --secure-port="$port" --tls-cert-file=pki/apiserver.crt --tls-private-key-file=pki/apiserver.key --client-ca-file=pki/ca.crt \
    --authorization-mode=RBAC --allow-privileged=true --service-cluster-ip-range=10.96.0.0/16 --disable-admission-plugins=ServiceAccount --endpoint-reconciler-type=none \
    --service-account-issuer="https://127.0.0.1:$port/" --service-account-key-file=pki/sa.pub --service-account-signing-key-file=pki/sa.key \
    --etcd-servers="http://127.0.0.1:$etcd_port" "${audit[@]}" >>apiserver.log 2>&1
}
controllers() {
  exec "$bin/kube-controller-manager" --kubeconfig=kubeconfig --service-account-private-key-file=pki/sa.key --root-ca-file=pki/ca.crt --leader-elect=false \
    --bind-address=127.0.0.1 --secure-port=$((port + 3)) >>controller-manager.log 2>&1
}
grant() {
  "$bin/kubectl" --kubeconfig kubeconfig apply -f "$here/../deploy/router-rbac.yaml" >/dev/null
  "$bin/kubectl" --kubeconfig kubeconfig apply -f - >/dev/null <<'YAML'
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: holdfast-router }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: holdfast-router }
subjects: [{ apiGroup: rbac.authorization.k8s.io, kind: User, name: router }]
YAML
}
case ${3:-all} in
prepare) exit 0 ;;
etcd | apiserver | controllers | grant)
  "$3"
  exit 0
  ;;
all) ;;
*)
  echo "tools/real-control-plane.sh: \"$3\" is no step; give prepare, etcd, apiserver, controllers or grant" >&2
  exit 2
  ;;
esac
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait' EXIT
etcd &
pids+=($!)
apiserver &
pids+=($!)
until "$bin/kubectl" --kubeconfig kubeconfig get --raw /readyz >/dev/null 2>&1; do
  kill -0 "${pids[1]}" 2>/dev/null || { tail -3 apiserver.log >&2; exit 1; }
  sleep 0.3
done
controllers &
pids+=($!)
grant
echo "ready: export KUBECONFIG=$PWD/kubeconfig"
wait -n
