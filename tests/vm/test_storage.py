# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A volume's life on a real kernel: each test goes on from where the last one left the machine."""

from __future__ import annotations

import json
import re

DATA = {"name": "data", "device": "/dev/disk/by-id/virtio-DATA1", "mount": "/srv/data"}
LOGS = {"name": "logs", "device": "/dev/disk/by-id/virtio-LOGS", "mount": "/srv/logs", "filesystem": "xfs"}
USED = {"name": "used", "device": "/dev/disk/by-id/virtio-USED", "mount": "/srv/used"}


def does(result):
    return [action["does"].split(" ")[0] for action in result["actions"]]


def opens(machine, key):
    """Whether a key opens the volume. cryptsetup would ask the TPM first, also where it is given a key."""
    opened = "cryptsetup open --test-passphrase --disable-external-tokens --key-file - " + DATA["device"]
    return machine.run(f"printf %s {key} | {opened} >/dev/null 2>&1; echo $?") == "0"


def sealed(machine):
    """The tokens in the volume's header that name a TPM."""
    header = json.loads(machine.run("cryptsetup luksDump --dump-json-metadata " + DATA["device"]))
    return [token for token in header["tokens"].values() if token["type"] == "systemd-tpm2"]


def test_a_volume_is_made(machine, site):
    machine.boot("own")
    result = site.converge(DATA)
    assert does(result) == ["encrypt", "seal", "write", "open", "create", "write", "mount", "store"]
    machine.run("findmnt -n -o SOURCE,FSTYPE /srv/data | grep -q '/dev/mapper/data *ext4'")
    machine.run("echo kept >/srv/data/file; sync")
    uuid = result["volumes"][0]["uuid"]
    key = site.recovery_key(uuid)
    assert len(key) == 71
    assert key not in (site.folder / "ansible.log").read_text()
    assert opens(machine, key)


def test_the_second_run_is_idle(site):
    assert site.converge(DATA)["actions"] == []


def test_what_is_not_meant_is_refused(machine, site):
    """Also SM4, which Debian's kernel does not have."""
    volumes = ({**DATA, "filesystem": "xfs"}, {**LOGS, "cipher": "sm4-xts"}, USED)
    before = [machine.digest(serial) for serial in ("LOGS", "USED")]
    said = site.converge(*volumes, check=False)["msg"]
    assert "Volume data has ext4, but xfs is wanted" in said
    assert "does not have the cipher sm4-xts" in said
    assert "is not empty: ext4 'precious'" in said
    assert [machine.digest(serial) for serial in ("LOGS", "USED")] == before
    assert machine.run("cat /srv/data/file") == "kept"


def test_half_done_work_is_finished(machine, site):
    """A run that ended after luksFormat; one whose escrow and lines in /etc went; and a disk that may be wiped.

    With SM4 now, which is asked for again.
    """
    machine.teach_sm4()
    machine.run(
        "head -c 32 /dev/urandom | cryptsetup luksFormat -q --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 "
        f"--subsystem 'edgesite.gpu empty' --key-file - {LOGS['device']}"
    )
    for file in site.escrow.iterdir():
        file.unlink()
    machine.run("umount /srv/data; systemctl stop systemd-cryptsetup@data; : >/etc/crypttab; sed -i /data/d /etc/fstab")
    said = (site.folder / "ansible.log").read_text()
    wipe = re.findall(r"/dev/disk/by-id/virtio-USED@[0-9a-f]{12}", said)[-1]
    result = site.converge(DATA, {**LOGS, "cipher": "sm4-xts"}, USED, storage_wipe=[wipe])
    made = ["encrypt", "seal", "write", "open", "create", "write", "mount"]
    assert does(result) == ["write", "open", "write", "mount", *made, *made, *["store"] * 3]
    assert machine.run("cat /srv/data/file") == "kept"
    assert "sm4-xts-plain64" in machine.run("cryptsetup status logs")
    assert "aes-xts-plain64" in machine.run("cryptsetup status used")
    assert len(list(site.escrow.iterdir())) == 3


def test_other_pcrs_take_a_new_key_and_leave_the_data(machine, site):
    result = site.converge(DATA, storage_pcrs=[0, 7])
    assert does(result) == ["create", "seal", "remove", "store"]
    assert machine.run("cat /srv/data/file") == "kept"


def test_a_public_key_that_lies_there_is_not_taken(machine, site):
    """systemd binds a volume to PCR 11 by itself where it finds one."""
    machine.run("openssl genrsa 2048 | openssl rsa -pubout -out /run/systemd/tpm2-pcr-public-key.pem")
    result = site.converge(DATA, storage_pcrs=[])
    assert does(result) == ["create", "seal", "remove", "store"]
    assert result["volumes"][0]["tpm"] == [{"pcrs": [], "signed_pcrs": [], "pcrlock": False, "pin": False}]
    (token,) = sealed(machine)
    assert token["tpm2-pcrs"] == []
    assert [name for name in token if "pubkey" in name or "pcrlock" in name] == []
    assert site.converge(DATA, storage_pcrs=[])["actions"] == []


def test_the_tpm_opens_it_after_a_reboot(machine, site):
    machine.shut_down()
    machine.boot("own")
    assert machine.settle() == "running", machine.run("systemctl --failed --no-pager; journalctl -b --no-pager -p 4")
    assert machine.run("cat /srv/data/file") == "kept"
    machine.run("findmnt -n -o SOURCE /srv/used | grep -q /dev/mapper/used")
    machine.run("findmnt -n -o SOURCE,FSTYPE /srv/logs | grep -q '/dev/mapper/logs *xfs'")


def test_another_tpm_does_not_open_it(machine, site):
    machine.shut_down()
    machine.boot("other")
    assert machine.settle() == "degraded"
    machine.run("systemctl is-failed systemd-cryptsetup@data")
    machine.run("! test -e /dev/mapper/data && ! findmnt /srv/data")
    said = site.converge(DATA, check=False)["msg"]
    assert "The TPM does not open volume data" in said


def test_the_recovery_key_brings_it_back(machine, site):
    uuid = machine.run(f"cryptsetup luksUUID {DATA['device']}")
    key = site.recovery_key(uuid)
    # bound to the same PCRs as before, which systemd would take for a key slot of this TPM
    result = site.converge(DATA, storage_recovery_keys=[key], storage_pcrs=[])
    assert does(result) == ["create", "remove", "seal", "remove", "open", "mount", "store"]
    assert machine.run("cat /srv/data/file") == "kept"
    # the key that was used is of no use any more, and the new one is in escrow
    assert not opens(machine, key)
    new = site.recovery_key(uuid)
    assert new != key
    assert opens(machine, new)
    assert site.converge(DATA, storage_pcrs=[])["actions"] == []
