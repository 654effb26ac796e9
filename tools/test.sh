#!/bin/sh
# `npm test`: every check of this repository, under any Node or npm. Arguments go to vitest: npm test -- src/base
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/tools/bootstrap.sh"
bootstrap "$root"
cd "$root"
exec "$node" tools/test.ts "$@"
