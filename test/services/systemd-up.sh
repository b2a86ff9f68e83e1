#!/usr/bin/env bash
# A real systemd as the first process of namespaces of its own: `systemd-up.sh CHECKOUT WORKSPACE`, as root.
# Prints the first process' id. Lives as long as its standard input is open; then everything in it is killed, also when
# whoever opened that input was killed. Nothing of it is seen outside: /etc, /run, /srv, /dev/shm, /var/lib and /var/cache are copies
# or empty, and of Debian's units it knows the targets only. Inside, CHECKOUT is /srv/run-plan and WORKSPACE /srv/cleaning.
set -euo pipefail
# Whoever reads may be gone when the rest is cleaned up.
trap '' PIPE

if [[ $1 != inside ]]; then
  group=run-plan-test-$$
  groups=()
  for base in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
    if [[ -e $base/cgroup.procs ]] && mkdir "$base/$group" 2>/dev/null; then groups+=("$base/$group"); fi
  done
  exec 3<&0
  (
    for each in "${groups[@]}"; do echo "$BASHPID" >"$each/cgroup.procs"; done
    exec setpriv --pdeathsig KILL unshare --mount --pid --fork --uts --ipc --cgroup --kill-child=SIGKILL --mount-proc \
      bash "$0" inside "$1" "$2" </dev/null 3<&- >&2
  ) &
  started=$!
  (
    cat <&3 >/dev/null
    kill -KILL "$started" 2>/dev/null
  ) &
  first=
  while [[ -z $first ]] && kill -0 "$started" 2>/dev/null; do
    first=$(cat "/proc/$started/task/$started/children" 2>/dev/null || true)
    sleep 0.05
  done
  echo "$first"
  exec >/dev/null
  wait "$started" || true
  # Killed processes take a moment to leave their groups.
  for _ in {1..100}; do
    left=0
    for each in "${groups[@]}"; do
      find "$each" -depth -type d -exec rmdir {} \; 2>/dev/null || true
      if [[ -d $each ]]; then left=1; fi
    done
    if [[ $left == 0 ]]; then break; fi
    sleep 0.05
  done
  exit 0
fi

checkout=$2
workspace=$3
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/checkout /run/workspace /run/etc /run/units /run/none
mount --bind "$checkout" /run/checkout
mount --bind "$workspace" /run/workspace
mount -t tmpfs -o mode=755 tmpfs /srv
mkdir /srv/run-plan /srv/cleaning
mount --move /run/checkout /srv/run-plan
mount --move /run/workspace /srv/cleaning
# With RemoveIPC= systemd removes what a unit's user has in /dev/shm, where tests keep their files.
for folder in /var/lib /var/cache /dev/shm; do mount -t tmpfs -o mode=755 tmpfs "$folder"; done

# Its own part of the control groups, which the namespace shows as the whole.
if [[ -e /sys/fs/cgroup/cgroup.procs ]]; then
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
else
  mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
  mkdir /sys/fs/cgroup/systemd /sys/fs/cgroup/unified
  mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
  mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified || rmdir /sys/fs/cgroup/unified
  # Otherwise it would mount every other controller, and leave groups there.
  mount -o remount,ro /sys/fs/cgroup
fi

cp -a /etc/. /run/etc
mount --bind /run/etc /etc
rm -rf /etc/systemd/system
mkdir -p /etc/systemd/system /etc/run-plan/credentials
echo 'run-plan:x:64999:64999::/:/usr/sbin/nologin' >>/etc/passwd
echo 'account:x:64998:64998::/run/account:/bin/sh' >>/etc/passwd
printf 'run-plan:x:64999:\naccount:x:64998:\n' >>/etc/group
chmod 755 /srv/cleaning

units=/usr/lib/systemd/system
if [[ ! -d $units ]]; then units=/lib/systemd/system; fi
for name in basic sysinit timers sockets paths slices shutdown umount final local-fs local-fs-pre network network-online time-set time-sync; do
  if [[ -e $units/$name.target ]]; then cp -L "$units/$name.target" /run/units; fi
done
printf '[Unit]\nRequires=basic.target timers.target\nAfter=basic.target\nAllowIsolate=yes\n' >/run/units/default.target
mount --bind /run/units "$units"
if [[ -d $units-generators ]]; then mount --bind /run/none "$units-generators"; fi
# As on a booted host: what systemd mounts for a unit reaches it.
mount --make-rshared /
program=${units%/system}/systemd
exec env -i PATH="$PATH" container=run-plan-test "$program" --system --log-target=console --show-status=no
