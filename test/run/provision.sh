#!/bin/bash
# Installs what the tests need beside Node: as root on Debian from its archive; elsewhere it says what is missing.
set -u
export DEBIAN_FRONTEND=noninteractive

# program that must be there : Debian package that brings it
s3_needs='ceph-mon:ceph-mon ceph-osd:ceph-osd ceph:ceph-common radosgw:radosgw memcached:memcached
  swift-proxy-server:swift-proxy swift-object-server:swift-object swift-container-server:swift-container
  swift-account-server:swift-account'
needs="zfs-fuse:zfs-fuse mandoc:mandoc zstd:zstd gzip:gzip lz4:lz4 xz:xz-utils pigz:pigz pbzip2:pbzip2 age:age gpg:gnupg
  strace:strace faketime:faketime script:bsdutils ps:procps mkfifo:coreutils
  ip:iproute2 pgrep:procps python3:python3-minimal zsh:zsh fish:fish time:time openssl:openssl rclone:rclone rsync:rsync
  socat:socat sshd:openssh-server tshark:tshark tinyproxy:tinyproxy chromium:chromium $s3_needs"

lacking() {
  for need in $needs; do
    type -P "${need%%:*}" >/dev/null || printf '%s ' "${need##*:}"
  done
}

# None of them is to run as a service of this machine: the tests start their own.
forbid_services() {
  local policy=/usr/sbin/policy-rc.d
  [ -e "$policy" ] && return
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
  trap 'rm -f /usr/sbin/policy-rc.d' EXIT
}

install() {
  # shellcheck disable=SC2046 # one word for each package
  apt-get -o DPkg::Lock::Timeout=300 install --yes --no-install-recommends -qq $(lacking) >/dev/null
}

retried() {
  "$@" && return
  echo "provision: once more: $*"
  sleep 5
  "$@"
}

[ -z "$(lacking)" ] && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "provision: not root on Debian, so the tests go without: $(lacking)"
  exit 0
fi
echo "provision: installing $(lacking)"
forbid_services
install 2>/dev/null || { retried apt-get update -qq && retried install; }
