#!/bin/bash
# build.sh DIRECTORY [RELEASE]: makes DIRECTORY/{vmlinux,initrd,root.squashfs}, a Debian 12 with OpenZFS and this host's node,
# for QEMU without KVM. RELEASE is where ZFS is taken from: bookworm (2.1) or bookworm-backports (2.3). Root on Debian; all
# comes from its archive. ZPIPES_OPENZFS_MODULES=DIR holds compiled kernel
# modules as zfs-VERSION-modules-KERNEL.tar.zst: what lies there is used, else compiled (4 to 18 minutes on two cores) and kept there.
set -Eeuo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$1
release=${2:-bookworm}
modules_kept=${ZPIPES_OPENZFS_MODULES:-$(dirname "$out")}
export DEBIAN_FRONTEND=noninteractive

say() { printf 'openzfs image, %3d s: %s\n' $SECONDS "$*" >&2; }
trap 'say "failed at line $LINENO"' ERR

install_tools() {
  apt-get -o DPkg::Lock::Timeout=600 update -qq
  apt-get -o DPkg::Lock::Timeout=600 install --yes -qq --no-install-recommends \
    qemu-system-x86 mmdebstrap squashfs-tools busybox-static cpio kmod zstd xz-utils >/dev/null
}

# The archives that apt on this host takes Debian 12 from, so that a mirror set up there serves here too; and contrib, where zfs is.
sources() {
  apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) main contrib' 'Created-By: Packages' |
    grep -E ' bookworm(-updates|-security)? main contrib$' | sort -u
}

# Of another release, only what belongs to ZFS.
take_zfs_from() {
  : >"$work/more"
  grep -q " $1 main contrib$" "$work/sources.list" ||
    sed -n "s|^deb \(.*\) bookworm main contrib$|deb \1 $1 main contrib|p" "$work/sources.list" >"$work/more"
  cat "$work/more" >>"$work/sources.list"
  printf 'Package: src:zfs-linux\nPin: release n=%s\nPin-Priority: 990\n' "$1" >"$work/preferences"
}

# debian DIRECTORY PACKAGES: a small Debian 12 there, with apt's lists kept for what follows.
debian() {
  local target=$1 packages=$2
  mmdebstrap --quiet --mode=root --variant=minbase --include="$packages" --skip=cleanup/apt/lists \
    --setup-hook="mkdir -p \"\$1/etc/apt/preferences.d\"; cp '$work/preferences' \"\$1/etc/apt/preferences.d/zfs\"" \
    --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' --dpkgopt=force-unsafe-io \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    bookworm "$target" "$work/sources.list" 2>"$work/debian.log" || { cat "$work/debian.log" >&2; return 1; }
}

compile_modules() {
  local builder=$work/builder
  say "compiling the modules of zfs $zfs for kernel $kernel: 4 to 18 minutes on two cores, once"
  debian "$builder" "linux-headers-$kernel,gcc,make,libc6-dev,libelf-dev,file,kmod"
  cp -a "$unpacked/usr/src/zfs-$zfs" "$builder/usr/src/"
  chroot "$builder" sh -ec "cd /usr/src/zfs-$zfs
    ./configure -q --disable-dependency-tracking --prefix=/usr --with-config=kernel \
      --with-linux=/usr/src/linux-headers-${kernel%-amd64}-common --with-linux-obj=/usr/src/linux-headers-$kernel
    make -s -j$(nproc)
    find module -name '*.ko' -exec strip -g {} +" >"$work/compile.log" 2>&1 || { tail -40 "$work/compile.log" >&2; return 1; }
  mkdir "$work/ko"
  find "$builder/usr/src/zfs-$zfs/module" -name '*.ko' -exec cp {} "$work/ko/" ';'
  mkdir -p "$modules_kept"
  tar -C "$work/ko" -cf - . | zstd -q -15 -T0 -o "$modules.new"
  mv "$modules.new" "$modules"
}

# needed_for MODULE...: the files of these kernel modules and of those they need, in the order of loading.
needed_for() {
  for module; do /sbin/modprobe -d "$unpacked" -S "$kernel" --show-depends "$module"; done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }'
}

# The kernel as QEMU starts it fastest: the ELF file in the compressed image. Places by the x86 boot protocol:
# setup sectors at 497, payload offset at 584, payload length at 588; the payload ends with its length unpacked.
uncompressed() {
  local image=$1 start
  field() { od -An -t "u$2" -j "$1" -N "$2" "$image" | tr -d ' '; }
  start=$((($(field 497 1) + 1) * 512 + $(field 584 4)))
  head -c $((start + $(field 588 4) - 4)) "$image" | tail -c +$((start + 1)) | xz -dc --single-stream
}

make_root() {
  local root=$1 target=$1/lib/modules/$kernel
  mkdir -p "$target/extra" "$root"/{host,control}
  cp -a "$unpacked/lib/modules/$kernel"/modules.{order,builtin*} "$target/"
  needed_for 9p 9pnet_virtio virtio_rng loop | while read -r file; do install -D -m644 "$file" "$target/${file#*"/modules/$kernel/"}"; done
  tar --zstd -xf "$modules" -C "$target/extra"
  /sbin/depmod -b "$root" "$kernel"
  install -m755 "$(readlink -f "$(command -v node)")" "$root/usr/bin/node"
  install -m755 "$here/guest-init" "$root/sbin/"
  rm -rf "$root"/var/{cache/apt,lib/apt/lists}/* "$root"/usr/share/{doc,man,locale,info} "$root"/boot/*
  mksquashfs "$root" "$new/root.squashfs" -quiet -no-progress -comp zstd -Xcompression-level 9 >&2
}

make_initrd() {
  local initrd=$work/initrd count=10
  mkdir -p "$initrd"/{bin,dev,proc,sys,modules,ro,rw,new}
  cp /bin/busybox "$initrd/bin/"
  install -m755 "$here/initrd-init" "$initrd/init"
  for file in $(needed_for virtio_pci virtio_blk squashfs overlay); do cp "$file" "$initrd/modules/$((count++))-${file##*/}"; done
  (cd "$initrd" && find . | cpio -o -H newc --quiet) >"$new/initrd" # not compressed: unpacking is slow without KVM
}

install_tools
work=$(mktemp -d "${TMPDIR:-/var/tmp}/openzfs-image.XXXXXX")
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT
new=$work/new unpacked=$work/unpacked
mkdir -p "$new" "$unpacked" "$(dirname "$out")"
sources >"$work/sources.list"
take_zfs_from "$release"

say 'Debian 12 with the zfs programs'
debian "$work/root" zfsutils-linux,kmod,libstdc++6,zstd,lz4,xz-utils
kernel=$(chroot "$work/root" apt-cache depends linux-image-amd64 | awk '$1 == "Depends:" { sub("linux-image-", "", $2); print $2; exit }')
say "kernel $kernel"
cp /etc/resolv.conf "$work/root/etc/resolv.conf"
(cd "$work/root/tmp" && chroot "$work/root" sh -ec "cd /tmp && apt-get download -qq zfs-dkms linux-image-$kernel" >&2)
for package in "$work"/root/tmp/*.deb; do dpkg -x "$package" "$unpacked" && rm "$package"; done
/sbin/depmod -b "$unpacked" "$kernel"
zfs=$(basename "$unpacked"/usr/src/zfs-*)
zfs=${zfs#zfs-}
modules=$modules_kept/zfs-$zfs-modules-$kernel.tar.zst
[ -s "$modules" ] || compile_modules
say "image of zfs $zfs"
make_root "$work/root"
make_initrd
uncompressed "$unpacked/boot/vmlinuz-$kernel" >"$new/vmlinux"
rm -rf "$out" && mv "$new" "$out"
say "done: $out"
