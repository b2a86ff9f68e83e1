#!/usr/bin/env bash
# ceph-rgw-up.sh FOLDER PORT: a real S3 on http://ADDRESS:PORT, one Ceph monitor, one storage daemon in memory and
# the RADOS gateway. Needs Debian's ceph-mon, ceph-osd and radosgw; neither root nor systemd nor a disk. Returns when
# the gateway answers. The daemons' pids are in FOLDER/*.pid; ceph-rgw-down.sh FOLDER ends them and removes FOLDER.
#
#   S3_ACCESS_KEY, S3_SECRET_KEY   credentials of the one user
#   S3_KMS_KEY                     name of a key for aws:kms encryption
#   LC_DAY                         seconds that a lifecycle day lasts (default 1); 0 for real days
#   ADDRESS                        where the gateway answers (default 127.0.0.1)
#   TLS_PORT                       also answer with TLS on this port, with the certificate FOLDER/tls.crt for localhost
#   STORE_BYTES                    room of the memory store (default 6 GiB)
set -euo pipefail
folder=$1 port=$2
: "${S3_ACCESS_KEY:?}" "${S3_SECRET_KEY:?}" "${S3_KMS_KEY:=testkey-1}" "${LC_DAY:=1}" "${STORE_BYTES:=6442450944}"
: "${ADDRESS:=127.0.0.1}" "${TLS_PORT:=}"
mkdir -p "$folder"/{mon,osd,rgw,run,log}
conf=$folder/ceph.conf

die() { printf '%s\n' "$1" >&2; tail -n 10 "$folder"/log/*.out >&2 2>/dev/null || true; exit 1; }
# A zombie or a reused pid is not a running daemon.
alive() { grep -aq ceph "/proc/$1/cmdline" 2>/dev/null; }
start() { # NAME COMMAND...
  local name=$1; shift
  setsid "$@" --conf "$conf" -f >"$folder/log/$name.out" 2>&1 </dev/null &
  echo $! >"$folder/$name.pid"
}
wait_for() { # NAME LIMIT_SECONDS CONDITION...
  local name=$1 tries=$(($2 * 20)); shift 2
  until "$@"; do
    alive "$(<"$folder/$name.pid")" || die "$name ended while it started"
    ((tries-- > 0)) || die "$name was not ready in time"
    sleep 0.05
  done
}
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
osd_active() { grep -qs 'state: booting -> active' "$folder/log/osd.0.log"; }

mon_port=$((20000 + RANDOM % 10000))
while listens "$mon_port"; do mon_port=$((20000 + RANDOM % 10000)); done
fsid=$(</proc/sys/kernel/random/uuid)
osd_uuid=$(</proc/sys/kernel/random/uuid)
kms_secret=$(head -c 32 /dev/urandom | base64 -w 0)
lifecycle_day=; [ "$LC_DAY" = 0 ] || lifecycle_day="rgw_lc_debug_interval = $LC_DAY"

tls_endpoint=
if [ -n "$TLS_PORT" ]; then
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
    -keyout "$folder/tls.key" -out "$folder/tls.crt" 2>"$folder/log/openssl.out" || die 'openssl made no certificate'
  tls_endpoint=" ssl_endpoint=$ADDRESS:$TLS_PORT ssl_certificate=$folder/tls.crt ssl_private_key=$folder/tls.key"
fi

cat >"$conf" <<CONF
[global]
fsid = $fsid
mon_host = [v2:127.0.0.1:$mon_port]
mon_initial_members = a
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
ms_bind_msgr1 = false
ms_bind_port_min = 30000
ms_bind_port_max = 32700
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
# The default, secure, cannot go without authentication.
ms_mon_client_mode = crc
keyring = $folder/keyring
run_dir = $folder/run
admin_socket = $folder/run/\$name.asok
log_file = $folder/log/\$name.log
crash_dir = $folder/log
debug_default = 0
log_to_stderr = false
mon_cluster_log_to_file = false
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 4
osd_pool_default_pgp_num = 4
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_max_pg_per_osd = 2000
mon_allow_pool_size_one = true
mon_data_avail_warn = 1
mon_data_avail_crit = 1
# A lone monitor has nobody to agree with.
paxos_propose_interval = 0.02
paxos_min_wait = 0.01
[mon]
mon_data = $folder/mon
[osd]
osd_data = $folder/osd
osd_objectstore = memstore
memstore_device_bytes = $STORE_BYTES
osd_class_load_list = *
osd_class_default_list = *
osd_op_num_shards = 2
osd_op_num_threads_per_shard = 1
[client]
rgw_frontends = beast endpoint=$ADDRESS:$port$tls_endpoint
rgw_data = $folder/rgw
rgw_thread_pool_size = 64
rgw_dynamic_resharding = false
rgw_override_bucket_index_max_shards = 1
rgw_enable_usage_log = false
rgw_enable_apis = s3, admin
rgw_lc_max_objs = 32
# Freed space comes back in seconds, not hours: the store is small.
rgw_gc_max_objs = 1
rgw_gc_obj_min_wait = 5
rgw_gc_processor_period = 10
rgw_gc_processor_max_time = 10
rgw_crypt_require_ssl = false
rgw_crypt_s3_kms_backend = testing
rgw_crypt_s3_kms_encryption_keys = $S3_KMS_KEY=$kms_secret
$lifecycle_day
CONF

printf '[mon.]\n\tkey = %s\n\tcaps mon = "allow *"\n' "$(ceph-authtool --gen-print-key)" >"$folder/keyring"
monmaptool --create --fsid "$fsid" --addv a "[v2:127.0.0.1:$mon_port]" "$folder/monmap" >/dev/null
ceph-mon --conf "$conf" --mkfs -i a --monmap "$folder/monmap" --keyring "$folder/keyring" >"$folder/log/mkfs.out" 2>&1 ||
  die 'the monitor could not be made'
start mon ceph-mon -i a
ceph-osd --conf "$conf" -i 0 --mkfs --osd-uuid "$osd_uuid" >"$folder/log/osd-mkfs.out" 2>&1 &
osd_made=$!
timeout 30 ceph --conf "$conf" --connect-timeout 20 osd new "$osd_uuid" 0 >"$folder/log/osd-new.out" 2>&1 ||
  die 'the monitor does not answer'
wait "$osd_made" || die 'the storage daemon could not be made'
start osd ceph-osd -i 0
# What is written before the storage daemon is active waits 5 s for its next try.
wait_for osd 30 osd_active

admin() { timeout 60 radosgw-admin --conf "$conf" "$@" >>"$folder/log/admin.out" 2>&1 || die "radosgw-admin $1 $2 failed"; }
admin user create --uid=tests --display-name=tests --access-key="$S3_ACCESS_KEY" --secret-key="$S3_SECRET_KEY" --max-buckets=0
for class in STANDARD_IA GLACIER GLACIER_IR DEEP_ARCHIVE; do
  admin zonegroup placement add --rgw-zonegroup=default --placement-id=default-placement --storage-class="$class"
  admin zone placement add --rgw-zone=default --placement-id=default-placement --storage-class="$class" \
    --data-pool=default.rgw.buckets.cold
done
start rgw radosgw -n client.rgw
wait_for rgw 30 listens "$port"
