#!/usr/bin/env bash
# ceph-rgw-down.sh FOLDER: ends the daemons that ceph-rgw-up.sh FOLDER started, by their pids, and removes FOLDER.
set -u
folder=$1
for name in rgw osd mon; do
  pid=$(cat "$folder/$name.pid" 2>/dev/null) || continue
  # Everything is in memory: there is nothing to save. The name guards against a pid that is somebody else's by now.
  while grep -aq "$folder" "/proc/$pid/cmdline" 2>/dev/null; do
    kill -KILL "$pid"
    sleep 0.05
  done
done
rm -rf "$folder"
