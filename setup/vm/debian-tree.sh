#!/bin/sh
# debian-tree.sh SUITE OUT: a Debian by debootstrap as the directory OUT/tree, and the kernel OUT/vmlinuz.
set -eu
suite=$1
tree=$2/tree
kernel=$2/vmlinuz
packages=$(tr '\n' ',' <"$(dirname "$0")/packages")

mirror() {
  apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Identifier: Packages' | sed -n 's/^Debian|Debian|//p' | head -n 1
}
from=$(mirror)
if [ -z "$from" ]; then
  # apt knows whose index it is only once it has fetched it.
  apt-get update -qq
  from=$(mirror)
fi
[ -n "$from" ] || { echo "this machine's apt has no Debian mirror configured"; exit 1; }
# An option of apt's, which debootstrap's wget takes from the environment.
proxy=$(apt-config dump --format '%v%n' Acquire::http::Proxy)
[ -z "$proxy" ] || export http_proxy="$proxy" https_proxy="$proxy"

debootstrap --variant=minbase --include="${packages%,}" "$suite" "$tree" "$from"

# The kernel is only unpacked: to install it would make an initrd that nobody boots.
within() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin ${http_proxy:+http_proxy="$http_proxy"} chroot "$tree" "$@"; }
package=$(within apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p' | head -n 1)
within sh -c "cd /tmp && apt-get -o APT::Sandbox::User=root download $package"
dpkg-deb -x "$tree"/tmp/linux-image-*.deb "$tree"
mv "$tree"/boot/vmlinuz-* "$kernel"
depmod -b "$tree" "$(ls "$tree/lib/modules")"

# What says where it came from, and what nobody reads there.
rm -rf "$tree"/tmp/* "$tree"/boot/* "$tree"/etc/apt/sources.list* "$tree"/var/lib/apt/lists/* "$tree"/var/cache/* \
  "$tree"/var/log/* "$tree"/usr/share/doc/* "$tree"/usr/share/man/* "$tree"/usr/share/locale/* "$tree"/usr/share/info/* \
  "$tree"/etc/resolv.conf "$tree"/etc/hostname
