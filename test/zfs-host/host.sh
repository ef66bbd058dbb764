# Process 1 of a namespace: a zfs-fuse of its own with two pools, $A at ./a and $B at ./b, until stdin ends.
# One daemon on a machine is the rule; with a /run of its own, each namespace can have one. All of it is in memory.
set -eu
mount -t tmpfs run /run
mkdir -p /run/lock /run/zfs
mount -t tmpfs host "$PWD"
cd "$PWD"
ulimit -v unlimited
# No caching of attributes and names: Debian's /etc/zfs/zfsrc keeps them for an hour, whatever zfs receive changes.
env -u LANG -u LC_ALL zfs-fuse --no-daemon --no-kstat-mount --fuse-attr-timeout 0 --fuse-entry-timeout 0 </dev/null >/run/zfs-fuse.log 2>&1 &
daemon=$!
until zpool list >/dev/null 2>&1; do
  kill -0 $daemon 2>/dev/null || { cat /run/zfs-fuse.log >&2; exit 1; }
  sleep 0.02
done
truncate -s 512M a.pool b.pool
zpool create -o cachefile=none -m "$PWD/a" "$A" "$PWD/a.pool" >/dev/null 2>&1
zpool create -o cachefile=none -m "$PWD/b" "$B" "$PWD/b.pool" >/dev/null 2>&1
echo ready
read -r _ || true
