#!/bin/sh
# debian-tree.sh SUITE OUT: a Debian by debootstrap as the directory OUT/tree, and the kernel OUT/vmlinuz.
set -eu
suite=$1
tree=$2/tree
here=$(dirname "$0")
. "$here/mirror.sh"
more=$here/packages-$suite
[ -e "$more" ] || more=/dev/null
packages=$(cat "$here/packages" "$more" | tr '\n' ',')

debootstrap --variant=minbase --include="${packages%,}" "$suite" "$tree" "$from"

# The kernel is only unpacked: to install it would make an initrd that nobody boots. Newer ones are in three packages.
within() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin ${http_proxy:+http_proxy="$http_proxy"} chroot "$tree" "$@"; }
parts=$(within apt-cache depends --recurse --important linux-image-cloud-amd64 |
  sed -n '/^linux-\(image\|binary\|modules\)-[0-9].*-cloud-amd64$/p')
# shellcheck disable=SC2086 # one argument a package
within sh -c 'cd /tmp && apt-get -o APT::Sandbox::User=root download "$@"' sh $parts
for package in "$tree"/tmp/linux-*.deb; do dpkg-deb -x "$package" "$tree"; done
version=$(ls "$tree/lib/modules")
kernel=$tree/boot/vmlinuz-$version
[ -e "$kernel" ] || kernel=$tree/lib/modules/$version/vmlinuz
mv "$kernel" "$2/vmlinuz"
depmod -b "$tree" "$version"

# What says where it came from, and what nobody reads there.
rm -rf "$tree"/tmp/* "$tree"/boot/* "$tree"/etc/apt/sources.list* "$tree"/var/lib/apt/lists/* "$tree"/var/cache/* \
  "$tree"/var/log/* "$tree"/usr/share/doc/* "$tree"/usr/share/man/* "$tree"/usr/share/locale/* "$tree"/usr/share/info/* \
  "$tree"/etc/resolv.conf "$tree"/etc/hostname
