#!/usr/bin/env bash
# ceph-entry.sh: brings the gateway up in /srv/s3 and lasts as long as it does.
set -euo pipefail
trap 'exit 0' TERM INT
bash /usr/local/bin/ceph-rgw-up.sh /srv/s3 9000
echo ready
tail --pid="$(</srv/s3/rgw.pid)" -f /dev/null &
wait
