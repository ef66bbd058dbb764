# Starts a Ceph of one monitor, one disk and radosgw, in this folder, among mounts and processes of its own.
# PORT is where S3 is spoken; MON_PORT and MON_PORT_V1 are the monitor's. ACCESS_KEY and SECRET_KEY are the one user's.
set -eu
mkdir mon osd rgw run
fsid=$(cat /proc/sys/kernel/random/uuid)
monitor="[v2:127.0.0.1:$MON_PORT,v1:127.0.0.1:$MON_PORT_V1]"
cat >ceph.conf <<END
[global]
fsid = $fsid
mon_host = $monitor
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
run_dir = $PWD/run
admin_socket = $PWD/run/\$name.asok
pid_file = $PWD/run/\$name.pid
log_file = $PWD/\$name.log
mon_data = $PWD/mon
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 1000
mon_data_avail_crit = 1
mon_data_avail_warn = 2
osd_data = $PWD/osd
osd_objectstore = bluestore
bluestore_block_size = 8589934592
osd_op_num_shards = 2
osd_memory_target = 939524096
osd_crush_chooseleaf_type = 0
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 4
osd_pool_default_pgp_num = 4
osd_pool_default_pg_autoscale_mode = off
rgw_data = $PWD/rgw
rgw_frontends = beast endpoint=127.0.0.1:$PORT
rgw_enable_ops_log = false
rgw_enable_usage_log = false
[client.rgw.s3]
ms_mon_client_mode = crc
END
exec 2>start.log
until_true() { until "$@"; do sleep 0.1; done >/dev/null 2>&1; }
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
disk_is_up() { timeout 5 ceph -c ceph.conf osd stat | grep -q '1 up'; }

monmaptool --create --addv s3 "$monitor" --fsid "$fsid" monmap >&2
ceph-mon -c ceph.conf --mkfs -i s3 --monmap monmap
ceph-mon -c ceph.conf -i s3 -f >mon.out 2>&1 &
until_true listens "$MON_PORT"
disk=$(cat /proc/sys/kernel/random/uuid)
until_true timeout 20 ceph -c ceph.conf osd new "$disk"
ceph-osd -c ceph.conf -i 0 --mkfs --osd-uuid "$disk" >&2
ceph-osd -c ceph.conf -i 0 -f >osd.out 2>&1 &
until_true disk_is_up
# The first of the two to start makes the pools.
radosgw-admin -c ceph.conf -n client.rgw.s3 --no-mon-config user create --uid=tests --display-name=tests \
  --access-key="$ACCESS_KEY" --secret-key="$SECRET_KEY" >&2
radosgw -c ceph.conf -n client.rgw.s3 --no-mon-config -f >rgw.out 2>&1 &
until_true listens "$PORT"
echo ready
