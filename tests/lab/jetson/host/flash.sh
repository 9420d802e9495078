#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What flashing the module does, at the first boot and before systemd runs: the packages of its L4T release are put on
# the disk, and nothing but NVIDIA's sources is left, as no other mirror need be in reach.
set -eu
here=/usr/lib/edgelab/jetson
rm -f /etc/apt/sources.list.d/debian.sources
echo '# The emulated Jetson has only the sources of NVIDIA, in sources.list.d.' >/etc/apt/sources.list
export DEBIAN_FRONTEND=noninteractive
dpkg --force-confnew --force-unsafe-io --install "$here"/debs/*.deb
rm -r "$here/debs"
