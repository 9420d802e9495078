#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs inside a new image of a host, after the packages are in.
set -eu

# every host gets host keys of its own
rm -f /etc/ssh/ssh_host_*

useradd --create-home --uid 1000 --shell /bin/bash edge
echo 'edge ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/edge
chmod 0440 /etc/sudoers.d/edge
install -d -m 0755 /etc/ssh/sshd_config.d
printf 'UseDNS no\nPasswordAuthentication no\nMaxStartups 100\n' >/etc/ssh/sshd_config.d/lab.conf

# What would act on the machine's kernel, which all hosts share, or wait for hardware that is not there. Links and not
# 'systemctl mask': the image may be made where systemctl cannot run.
for unit in \
    systemd-udevd.service systemd-udevd-control.socket systemd-udevd-kernel.socket systemd-udev-trigger.service \
    systemd-modules-load.service systemd-sysctl.service systemd-remount-fs.service systemd-binfmt.service \
    systemd-random-seed.service systemd-timesyncd.service systemd-pcrphase.service systemd-pstore.service \
    dev-hugepages.mount sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount \
    sys-fs-fuse-connections.mount proc-sys-fs-binfmt_misc.automount proc-sys-fs-binfmt_misc.mount \
    getty.target console-getty.service apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer e2scrub_reap.service \
    fstrim.timer; do
    ln -sf /dev/null "/etc/systemd/system/$unit"
done
# hosts with a TPM get a unit of their own, and D-Bus starts it when it is wanted
rm -f /etc/systemd/system/multi-user.target.wants/tpm2-abrmd.service
ln -sf /usr/lib/systemd/system/multi-user.target /etc/systemd/system/default.target
install -d /etc/systemd/system/multi-user.target.wants
ln -sf /usr/lib/systemd/system/ssh.service /etc/systemd/system/multi-user.target.wants/ssh.service
