#!/usr/bin/env bash
# postgres-entry.sh postgres [SETTINGS...]: makes the cluster as the official image does, and becomes the server.
set -euo pipefail
data=/var/lib/postgresql/data
# Word by word, as the official image takes them.
# shellcheck disable=SC2086
initdb --pgdata="$data" --username="${POSTGRES_USER:-postgres}" --pwfile=<(printf '%s\n' "${POSTGRES_PASSWORD:?}") \
  --auth-local=trust --auth-host=scram-sha-256 ${POSTGRES_INITDB_ARGS:-} >/dev/null
echo 'host all all all scram-sha-256' >>"$data/pg_hba.conf"
exec "$@" -D "$data" -c listen_addresses='*'
