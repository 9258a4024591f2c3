#!/bin/sh
# machine.sh BASE OUT: from what debian-tree.sh made at BASE, the machine's vmlinuz, initrd and root.ext4 in OUT.
set -eu
base=$1
out=$2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "$out/work-XXXXXX")
trap 'rm -rf "$work"' EXIT
tree=$work/tree
cp -a "$base/tree" "$tree"
cp "$base/vmlinuz" "$out/vmlinuz"

# A fixed identity: without one systemd would take each boot for the first, and make one.
printf '%s\n' 5ee1f0a7c0de4a11b0070f00d5eed001 >"$tree/etc/machine-id"
printf '%s\n' extended-host >"$tree/etc/hostname"
: >"$tree/etc/fstab"
touch "$tree/etc/.updated" "$tree/var/.updated"
units=$tree/etc/systemd/system
mkdir -p "$tree/payload" "$tree/product" "$tree/usr/local/lib/case" "$units/sysinit.target.wants"
install -m 0755 "$here/guest/run-scripts" "$tree/usr/local/lib/case/run-scripts"
install -m 0644 "$here/guest/case.service" "$units/case.service"
install -m 0644 "$here/guest/forwarded.network" "$tree/etc/systemd/network/forwarded.network"
ln -s ../case.service "$units/sysinit.target.wants/case.service"
ln -sf /usr/lib/systemd/system/multi-user.target "$units/default.target"
# The command. V8 is to make no machine code: an emulated processor spends more on translating that than it gains. Without
# machine code there is no WebAssembly either, and Node.js 20 wants that said, or warns on standard error.
options=--jitless
[ -z "$(env -i chroot "$tree" node --jitless -e 0 2>&1)" ] || options='--jitless --no-expose-wasm'
for name in touchstone touchstone-with-faults; do
  main=main${name#touchstone}.js
  printf '#!/bin/sh\nexec node %s /product/dist/server/cli/%s "$@"\n' "$options" "$main" >"$tree/usr/local/bin/$name"
  chmod 0755 "$tree/usr/local/bin/$name"
done
# What only slows a boot down: starting a unit takes a third of a second.
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
  fstrim.timer systemd-networkd-wait-online.service systemd-logind.service systemd-user-sessions.service getty.target \
  modprobe@configfs.service modprobe@drm.service modprobe@efi_pstore.service modprobe@fuse.service \
  sys-kernel-config.mount sys-kernel-debug.mount sys-kernel-tracing.mount sys-fs-fuse-connections.mount \
  dev-hugepages.mount dev-mqueue.mount run-lock.mount systemd-udev-load-credentials.service systemd-pstore.service; do
  ln -sf /dev/null "$units/$unit"
done

# Each runs at every boot and every daemon-reload, and finds nothing. Kept are those for the kernel's arguments, mounts and the TPM.
mkdir -p "$tree/etc/systemd/system-generators"
for generator in "$tree"/usr/lib/systemd/system-generators/*; do
  case ${generator##*/} in
    systemd-debug-generator | systemd-fstab-generator | systemd-tpm2-generator) ;;
    *) ln -s /dev/null "$tree/etc/systemd/system-generators/${generator##*/}" ;;
  esac
done

# udev is told only of devices for which it has something to do, 50 of 200: each costs it the fiftieth part of a second.
passed_over=
for subsystem in acpi bdi clockevents clocksource container cpu event_source graphics machinecheck mem memory node pnp \
  serial-base thermal tty vc vtconsole wakeup workqueue; do
  passed_over="$passed_over --subsystem-nomatch=$subsystem"
done
mkdir "$units/systemd-udev-trigger.service.d"
printf '[Service]\nExecStart=\nExecStart=-udevadm trigger --type=devices --action=add%s\n' "$passed_over" \
  >"$units/systemd-udev-trigger.service.d/few.conf"

# The initrd: a busybox with the kernel modules that the root file system needs, in an order in which they can be inserted.
version=$(ls "$tree/lib/modules")
initrd=$work/initrd
mkdir -p "$initrd/bin" "$initrd/modules" "$initrd/proc" "$initrd/sys" "$initrd/dev" "$initrd/root"
cp "$tree/usr/bin/busybox" "$initrd/bin/busybox"
install -m 0755 "$here/guest/init" "$initrd/init"
for module in virtio_pci virtio_blk ext4 crc32c_generic; do
  # It fails for what is built into the kernel.
  modprobe -d "$tree" -S "$version" --show-depends "$module" 2>/dev/null || true
done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!seen[$0]++' | while read -r path; do
  name=$(basename "$path")
  case $path in
    *.ko) cp "$path" "$initrd/modules/$name" ;;
    *) name=${name%.xz} && xz -dc "$path" >"$initrd/modules/$name" ;;
  esac
  printf '%s\n' "$name" >>"$initrd/modules/order"
done
(cd "$initrd" && find . -print0 | LC_ALL=C sort -z | cpio --null --create --format=newc --quiet --owner=0:0) >"$out/initrd"

# No journal and no lazy work: what is written lives as long as one case. A gigabyte to spare; the file is sparse.
used=$(du -s --block-size=1M "$tree" | cut -f 1)
mke2fs -q -t ext4 -F -L root -O ^has_journal -E lazy_itable_init=0,nodiscard -d "$tree" "$out/root.ext4" \
  "$((used * 5 / 4 + 1024))M"
