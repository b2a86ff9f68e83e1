#!/usr/bin/env bash
# debian-base.sh SUITE ARCHIVE: a small Debian as a tar archive, for `docker import` where images cannot be pulled.
# Needs root, debootstrap and a Debian or its like: mirror, proxy and dates are taken from this host's own apt.
set -euo pipefail
suite=$1 archive=$2
die() { printf '%s\n' "$1" >&2; exit 1; }
[ "$(id -u)" = 0 ] || die 'only root can make it'
for program in apt-get debootstrap; do
  command -v "$program" >/dev/null || die "there is no $program here; on Debian: apt-get install debootstrap"
done
folder=$(mktemp -d "${TMPDIR:-/tmp}/run-plan-debian.XXXXXX")
trap 'rm -rf --one-file-system "$folder"' EXIT
# It becomes the root folder, which every user must be able to enter.
chmod 755 "$folder"

# Without one of Debian's own, debootstrap knows where Debian is.
mirror=$(apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(SITE)' 'Created-By: Packages' |
  awk -F '|' '$1 == "Debian" && $2 == "Debian" && $3 == "main" && $4 ~ /^https?:/ { print $4; exit }')
eval "$(apt-config shell http_proxy Acquire::http::Proxy https_proxy Acquire::https::Proxy)"
export http_proxy="${http_proxy:-}" https_proxy="${https_proxy:-}"

include=()
case $mirror in https:*) include=(--include=ca-certificates) ;; esac
debootstrap --variant=minbase "${include[@]}" "$suite" "$folder" ${mirror:+"$mirror"} >&2

# What is built upon this image fetches its packages the same way, and starts nothing while it installs them.
apt-config dump Acquire | grep -E '^Acquire::(https?::Proxy|Check-(Date|Valid-Until)) ' >"$folder/etc/apt/apt.conf.d/90host" || true
case $mirror in https:*) cp /etc/ssl/certs/ca-certificates.crt "$folder/etc/ssl/certs/" ;; esac
printf '#!/bin/sh\nexit 101\n' >"$folder/usr/sbin/policy-rc.d"
chmod 755 "$folder/usr/sbin/policy-rc.d"
rm -rf "$folder"/var/lib/apt/lists/* "$folder"/var/cache/apt/* "$folder"/var/log/* "$folder"/usr/share/{doc,man,locale}/*
tar --create --file "$archive" --numeric-owner --one-file-system --directory "$folder" .
