#!/bin/bash
# Builds what the tests of Kubernetes need and Debian does not have, with Go, from modules: some ten minutes on two processors.
#
#   test/kubernetes/control-plane.sh DIRECTORY
#   PATH=DIRECTORY:$PATH npm test -- --project kubernetes
set -euo pipefail
version=1.31.4
helm=3.17.0

bin=$(mkdir -p "${1:?usage: control-plane.sh DIRECTORY}" && cd "$1" && pwd)
source=$(mktemp -d)
trap 'rm -rf "$source"' EXIT
export CGO_ENABLED=0 GOBIN=$bin

# The module has no staging directories: what it would take from there, are modules as well.
module=$(cd "$source" && go mod download -json "k8s.io/kubernetes@v$version" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
cp -r "$module/." "$source"
chmod -R u+w "$source"
cd "$source"
rm -f go.work go.work.sum
sed -i -e '/^replace (/,/^)/d' -e '/^replace /d' -e "s#\(k8s\.io/[^ ]*\) v0\.0\.0\$#\1 v0.${version#1.}#" go.mod
for program in kube-apiserver kube-controller-manager; do
    go build -mod=mod -o "$bin/$program" "./cmd/$program"
done
cd "$bin"
go install "helm.sh/helm/v3/cmd/helm@v$helm"
