# Starts OpenStack Swift with its S3 interface, in this folder, among mounts and processes of its own.
# PORT is where S3 is spoken; OBJECT_PORT, CONTAINER_PORT, ACCOUNT_PORT and CACHE_PORT are the other servers'.
# ACCESS_KEY is written account:user, SECRET_KEY is the user's.
set -eu
mkdir -p etc disks/d1 cache
# Some of Swift reads its settings from here whatever it is told; in this namespace here is our folder.
mount --bind etc /etc/swift
cat >etc/swift.conf <<END
[swift-hash]
swift_hash_path_prefix = tests
swift_hash_path_suffix = tests
[storage-policy:0]
name = only
default = yes
END

# server NAME PORT: its ring of one disk, and its settings.
server() {
  local ring="etc/$1.builder"
  swift-ring-builder "$ring" create 2 1 0
  swift-ring-builder "$ring" add "r1z1-127.0.0.1:$2/d1" 1
  swift-ring-builder "$ring" rebalance
  cat >"etc/$1.conf" <<END
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $2
workers = 0
user = root
swift_dir = $PWD/etc
devices = $PWD/disks
mount_check = false
disable_fallocate = true
log_level = ERROR
log_address = $PWD/no-such-socket
[pipeline:main]
pipeline = $1-server
[app:$1-server]
use = egg:swift#$1
recon_cache_path = $PWD/cache
END
}

filters='catch_errors cache listing_formats s3api tempauth copy slo dlo versioned_writes'
proxy() {
  cat <<END
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $PORT
workers = 0
user = root
swift_dir = $PWD/etc
log_level = ERROR
log_address = $PWD/no-such-socket
[pipeline:main]
pipeline = $filters proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:tempauth]
use = egg:swift#tempauth
user_${ACCESS_KEY%%:*}_${ACCESS_KEY##*:} = $SECRET_KEY .admin
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
[filter:slo]
use = egg:swift#slo
max_manifest_segments = 10000
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:$CACHE_PORT
END
  for filter in catch_errors listing_formats copy dlo versioned_writes; do
    printf '[filter:%s]\nuse = egg:swift#%s\n' "$filter" "$filter"
  done
}

exec 2>start.log
{ server object "$OBJECT_PORT" && server container "$CONTAINER_PORT" && server account "$ACCOUNT_PORT"; } >&2
proxy >etc/proxy.conf
memcached -u root -l 127.0.0.1 -p "$CACHE_PORT" -U 0 >cache.out 2>&1 &
for name in object container account proxy; do
  "swift-$name-server" "etc/$name.conf" >"$name.out" 2>&1 </dev/null &
done
for port in "$OBJECT_PORT" "$CONTAINER_PORT" "$ACCOUNT_PORT" "$CACHE_PORT" "$PORT"; do
  until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do sleep 0.1; done
done
echo ready
