# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host's disk has more than its image."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

from . import hardware, jetson, keys, paths, simulator
from .definition import Gpus, Host, Site

INSIDE = "usr/lib/edgelab"
EDGE_UID = 1000


def archive(state: Path, site: Site, host: Host) -> bytes:
    """A tar archive to unpack at the root of the host; the same bytes for the same host."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        _boot(tar, host)
        for path, data in hardware.files(host.hardware).items():
            _file(tar, f"{INSIDE}/hardware/{path}", data)
        for path, data in hardware.disk_files(host.hardware).items():
            _file(tar, path, data)
        for path, data in {**jetson.files(host), **jetson.hub_files(site, host)}.items():
            _file(tar, path, data)
        for path, target in jetson.hub_links(site, host).items():
            _link(tar, path, target)
        _keys(tar, state, host)
        names = "".join(f"{other.address}\t{other.name}\n" for other in site.hosts) + jetson.names(site, host)
        _file(tar, "etc/hosts", f"127.0.0.1\tlocalhost\n{names}".encode())
        end = tar.offset
    return _trimmed(content, end)


def simulator_archive(node: str, gpus: Gpus) -> bytes:
    """The NVML simulator, apart from the rest: a host gets a newer one without being made anew."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        for path, source in simulator.files(gpus).items():
            _file(tar, path, source.read_bytes(), 0o755)
        for path, target in simulator.links(gpus).items():
            _link(tar, path, target)
        # lab-init puts these cards in at the first boot
        _file(tar, f"{INSIDE}/fleet", simulator.fleet(node, gpus))
        _file(tar, f"{INSIDE}/simulator", simulator.digest().encode())
        end = tar.offset
    return _trimmed(content, end)


def _trimmed(content: io.BytesIO, end: int) -> bytes:
    """An archive whose members end there, without what fills up its last record.

    Podman stops reading at the two blocks that end an archive, and fails where it has not written all of it by then:
    https://github.com/containers/buildah/issues/6573
    """
    return content.getvalue()[: end + 2 * tarfile.BLOCKSIZE]


def _boot(tar: tarfile.TarFile, host: Host) -> None:
    source = paths.LAB / "host"
    _file(tar, "usr/sbin/lab-init", (source / "lab-init").read_bytes(), 0o755)
    _file(tar, f"{INSIDE}/power_on_tpm.py", (source / "power_on_tpm.py").read_bytes())
    _directory(tar, f"{INSIDE}/live")
    _directory(tar, f"{INSIDE}/hardware")
    if host.hardware.tpm_manufacturer:
        _file(tar, f"{INSIDE}/tpm", b"")
        unit = "tpm2-abrmd.service"
        _file(tar, f"etc/systemd/system/{unit}", (source / unit).read_bytes())
        _link(tar, f"etc/systemd/system/multi-user.target.wants/{unit}", f"../{unit}")
    else:
        service = "usr/local/share/dbus-1/system-services/com.intel.tss2.Tabrmd.service"
        _file(tar, service, (source / "no_tabrmd.service").read_bytes())


def _keys(tar: tarfile.TarFile, state: Path, host: Host) -> None:
    key = keys.host_key(state, host.name)
    _file(tar, "etc/ssh/ssh_host_ed25519_key", key.read_bytes(), 0o600)
    _file(tar, "etc/ssh/ssh_host_ed25519_key.pub", key.with_suffix(".pub").read_bytes())
    public = keys.user_key(state).with_suffix(".pub").read_bytes()
    _directory(tar, "home/edge/.ssh", 0o700, uid=EDGE_UID)
    _file(tar, "home/edge/.ssh/authorized_keys", public, 0o600, uid=EDGE_UID)


def _file(tar: tarfile.TarFile, name: str, data: bytes, mode: int = 0o644, uid: int = 0) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.uid, info.gid = len(data), mode, uid, uid
    tar.addfile(info, io.BytesIO(data))


def _link(tar: tarfile.TarFile, name: str, target: str) -> None:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = tarfile.SYMTYPE, target
    tar.addfile(info)


def _directory(tar: tarfile.TarFile, name: str, mode: int = 0o755, uid: int = 0) -> None:
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.uid, info.gid = tarfile.DIRTYPE, mode, uid, uid
    tar.addfile(info)
