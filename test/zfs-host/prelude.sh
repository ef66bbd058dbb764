# What every script on a ZFS host has at hand. A script ends at the first command that fails, unless that is expected.
set -euo pipefail

# fill FOLDER BYTES: files as they come: large, small, empty, with holes, below folders, with a space in the name.
fill() {
  mkdir -p "$1/deep/er"
  head -c "$2" /dev/urandom >"$1/large"
  head -c $(($2 / 4)) < <(yes 'the same line') >"$1/compressible"
  printf 'twelve bytes' >"$1/deep/small"
  : >"$1/deep/er/empty"
  printf 'name' >"$1/a name with spaces"
  truncate -s 1M "$1/hole" && printf 'end' >>"$1/hole"
}

# sums FOLDER: a line for each file, its SHA-256 and its name.
sums() { (cd "$1" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum); }

# same FOLDER FOLDER: fails unless both hold the same files, and some.
same() {
  [ -n "$(sums "$1")" ] || { echo "same: $1 is empty" >&2; return 1; }
  diff <(sums "$1") <(sums "$2") >&2
}

# ends STATUS COMMAND...: fails unless the command ends with just this status.
ends() {
  local wanted=$1 status=0
  shift
  "$@" || status=$?
  [ "$status" = "$wanted" ] || { echo "ends: status $status, not $wanted: $*" >&2; return 1; }
}

# pipeline 'A | B': runs it and prints the statuses of its parts, such as "0 65".
pipeline() { eval "set +e; $1"'; echo "${PIPESTATUS[@]}"; set -e'; }

# absent PATH: fails if it is there.
absent() { [ ! -e "$1" ] || { echo "absent: $1 is there" >&2; return 1; }; }

# unhold DATASET: releases what zfsync holds of it and of all below.
unhold() {
  zfs list -H -o name -t snapshot -r "$1" | while read -r each; do zfs release zfsync "$each" 2>/dev/null || true; done
}

# destroy ARGUMENT...: zfs destroy, again while zfs-fuse says busy, as it does right after a write.
destroy() {
  local said
  for _ in $(seq 50); do
    said=$(zfs destroy "$@" 2>&1) && return
    [[ $said == *busy* ]] || break
    sleep 0.1
  done
  echo "$said" >&2
  return 1
}
