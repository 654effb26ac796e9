#!/bin/sh
# Two writers count in one file, each four times. Releases up to 41 take a lock; later ones do not, and now and then a
# count is lost.
set -eu
release=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
echo 0 > "$dir/count"

add() {
  read -r count < "$dir/count"
  echo $((count + 1)) > "$dir/count.$1"
  mv "$dir/count.$1" "$dir/count"
}

write() {
  for _ in 1 2 3 4; do
    if [ "$release" -le 41 ]; then
      exec 9> "$dir/lock"
      flock 9
      add "$1"
      exec 9>&-
    else
      add "$1"
    fi
  done
}

write 1 &
# They meet now and then: the second begins up to 20 ms later.
delay=$(($(od -An -N1 -tu1 /dev/urandom) % 20))
[ "$release" -le 41 ] || sleep "0.0$(printf %02d "$delay")"
write 2 &
wait
read -r count < "$dir/count"
[ "$count" -eq 8 ] || { echo "8 were counted, $count are there" >&2; exit 1; }
