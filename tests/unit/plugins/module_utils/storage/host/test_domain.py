# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""luks_volume on a host that is a few variables: whatever ends a run, the next one finishes, and no data is lost."""

from __future__ import annotations

import json
import struct
import uuid
from itertools import count
from types import SimpleNamespace

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.boot.host import ready
from ansible_collections.edgesite.gpu.plugins.module_utils.common import effects
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.converge import ApplyError, converge
from ansible_collections.edgesite.gpu.plugins.module_utils.storage import luks2
from ansible_collections.edgesite.gpu.plugins.module_utils.storage.host import domain, survey
from ansible_collections.edgesite.gpu.plugins.module_utils.storage.host.block_device import Device, Look
from ansible_collections.edgesite.gpu.plugins.module_utils.storage.host.domain import LuksVolumeDomain
from ansible_collections.edgesite.gpu.plugins.module_utils.storage.host.survey import Filled
from ansible_collections.edgesite.gpu.plugins.module_utils.storage.policy import Means
from ansible_collections.edgesite.gpu.plugins.module_utils.storage.volume import CIPHERS, Volume, Wanted

SIZE = 1 << 30
NAME, DEVICE, MOUNT = "data", "/dev/disk/by-id/virtio-DATA1", "/nowhere/data"


class Killed(BaseException):
    """The run ends here, and takes nothing back."""


class Host:
    """One disk, its LUKS header and what is in it; a TPM; two files. Each effect can fail or be the last."""

    def __init__(self):
        self.uuid = self.subsystem = None
        # by slot: the key, or the TPM that it is sealed to
        self.slots = {}
        self.tokens = {}
        self.inside = ""
        self.data = ""
        self.old = ""
        self.open = self.mounted = False
        self.files = {effects.CRYPTTAB: "", effects.FSTAB: "/dev/vda / ext4 defaults 0 1\n"}
        self.tpm = "own"
        self.fault = None
        self.effects = 0
        self.made = count(1)

    def effect(self, change):
        self.effects += 1
        at, kind, before = self.fault or (None, None, None)
        if self.effects == at and before:
            raise kind("here")
        change()
        if self.effects == at:
            raise kind("here")

    def start(self):
        if self.uuid is None:
            return self.old.encode().ljust(1 << 20, b"\0")
        content = {
            "keyslots": {str(slot): {} for slot in self.slots},
            "tokens": self.tokens,
            "segments": {"0": {"type": "crypt", "encryption": "aes-xts-plain64"}},
        }
        fields = (luks2.MAGIC, 2, 16384, 1, b"", b"", b"", self.uuid.encode(), self.subsystem.encode())
        head = struct.pack(">6sHQQ48s32s64s40s48s", *fields)
        return (head.ljust(4096, b"\0") + json.dumps(content).encode()).ljust(1 << 20, b"\0")

    def header(self, device=None):
        return luks2.parse(self.start(), NAME)

    def sealed(self):
        return any(slot == ("tpm", self.tpm, "7") for slot in self.slots.values())

    def free(self, kinds):
        return next(number for number in count() if str(number) not in kinds and number not in kinds)

    # what the domain calls

    def make(self, run, volume, device, key):
        assert not self.open

        def change():
            self.uuid, self.subsystem = volume.uuid, luks2.EMPTY
            self.slots, self.tokens, self.inside, self.data, self.old = {0: key}, {}, "", "", ""

        self.effect(change)

    def keep_token(self, run, device, token):
        self.effect(lambda: self.tokens.update({str(self.free(self.tokens)): json.loads(token)}))

    def unseal(self, run, device):
        self.effect(lambda: self.wipe_sealed(self.sealed_tokens()))

    def wipe_sealed(self, numbers):
        for number in numbers:
            del self.slots[int(self.tokens.pop(number)["keyslots"][0])]

    def sealed_tokens(self):
        return {number for number, token in self.tokens.items() if token["type"] == luks2.TPM_TOKEN}

    def enrol(self, run, device, seal, arguments, key):
        if key not in self.slots.values():
            raise EdgesiteError("wrong key")
        assert arguments == ("--tpm2-pcrs=7", "--tpm2-public-key=", "--tpm2-pcrlock=")
        before = self.sealed_tokens()
        if any(self.tokens[number]["tpm2-pcrs"] == [7] for number in before):
            # "This PCR set is already enrolled, executing no operation.", as it is to whatever TPM
            raise EdgesiteError("0 key slots were added")

        def change():
            slot = self.free(self.slots)
            self.slots[slot] = ("tpm", self.tpm, "7")
            number = self.free(self.tokens)
            self.tokens[str(number)] = {"type": luks2.TPM_TOKEN, "keyslots": [str(slot)], "tpm2-pcrs": [7]}

        self.effect(change)
        self.effect(lambda: self.wipe_sealed(before))

    def add_key(self, run, device, key, known):
        if not (self.sealed() if known is None else known in self.slots.values()):
            raise EdgesiteError("wrong key")
        slot = self.free(self.slots)
        self.effect(lambda: self.slots.update({slot: key}))
        return slot

    def drop(self, run, device, entry):
        self.effect(lambda: self.slots.pop(entry.slot))
        self.effect(lambda: self.tokens.pop(str(entry.token)))

    def open_volume(self, run, volume):
        if not self.sealed() or "UUID=" + self.uuid not in self.files[effects.CRYPTTAB]:
            raise EdgesiteError("does not open")
        self.effect(lambda: setattr(self, "open", True))

    def close(self, run, volume):
        self.open = False

    def make_file_system(self, run, volume, device):
        assert not self.data
        self.effect(lambda: setattr(self, "inside", volume.filesystem))
        self.effect(lambda: setattr(self, "subsystem", luks2.OURS))

    def unmake(self, device, size):
        assert not self.data
        self.uuid = self.subsystem = None
        self.slots, self.tokens = {}, {}

    def mount(self, run, volume):
        assert "/dev/mapper/data\t" + MOUNT in self.files[effects.FSTAB]
        self.effect(lambda: setattr(self, "mounted", True))

    def unmount(self, run, volume):
        self.mounted = False

    def write_text(self, path, text, mode):
        self.effect(lambda: self.files.update({path: text}))


@pytest.fixture
def host(monkeypatch):
    host = Host()
    fake = SimpleNamespace(
        key_opens=lambda run, device, key: key in host.slots.values(),
        inside=lambda run, volume: host.inside,
        new_key=lambda: b"key %d" % next(host.made),
        encrypt=lambda run, certificate, key: certificate + ":" + key.decode(),
        wipe=lambda run, device: None,
        **{
            name: getattr(host, name)
            for name in (
                *("header", "make", "keep_token", "add_key", "drop", "open_volume", "close"),
                *("make_file_system", "unmake", "mount", "unmount"),
            )
        },
    )
    disk = SimpleNamespace(
        resolve=lambda path: Device("/dev/vdb", "vdb"),
        look=lambda device: Look(SIZE, False, host.start()),
        content=lambda run, device, filled: (host.old,) if host.old else (),
        users=lambda device, own: "open" if host.open and own != NAME else "",
        mapped=lambda name: "dm-0" if host.open else None,
        backs=lambda device, mapping: True,
        mounts=lambda: {MOUNT: "/dev/mapper/data"} if host.mounted else {},
    )
    whole = SimpleNamespace(
        filled=lambda node, size: (Filled(0, repr(host.start().strip(b"\0"))),), fingerprint=survey.fingerprint
    )
    files = SimpleNamespace(read_text=host.files.get, write_text=host.write_text)
    monkeypatch.setattr(ready.os, "geteuid", lambda: 0)
    slots = SimpleNamespace(
        opens=lambda run, device: (host.sealed(), "" if host.sealed() else "no"), unseal=host.unseal, enrol=host.enrol
    )
    means = SimpleNamespace(look=Means)
    enough = SimpleNamespace(
        check_releases=lambda run: 257, missing_packages=lambda filesystems: [], has_cipher=lambda run, name: True
    )
    parts = {
        "luks": fake,
        "sealing": slots,
        "block_device": disk,
        "survey": whole,
        "policies": means,
        "requirements": enough,
        "owned_files": files,
    }
    for name, value in parts.items():
        monkeypatch.setattr(domain, name, value)
    monkeypatch.setattr(domain.effects, "owned_files", files)
    monkeypatch.setattr(domain.effects.systemctl, "do", lambda run, *words, fix="": None)
    monkeypatch.setattr(domain.read, "default_tcti", lambda root: "device:/dev/tpmrm0")
    return host


def converged(host, fault=None, check=False, key=None, certificate="operators", **changes):
    host.fault, host.effects = fault, 0
    volume = Volume(NAME, DEVICE, MOUNT, "ext4", "aes-256-xts", "defaults", str(uuid.UUID(int=next(host.made))))
    wanted = Wanted((volume,), (7,), certificate, **changes)
    keys = ["key of another volume", key + "\n"] if key else []
    return converge(LuksVolumeDomain(None, wanted, certificate, keys), check)


def assert_done(host):
    assert host.mounted
    assert host.inside == "ext4"
    assert host.subsystem == luks2.OURS
    (entry,) = host.header().recovery
    assert entry.cms.split(":")[1].encode() == host.slots[entry.slot]
    assert converged(host).actions == []


def readable(host):
    """Whether data on the volume can still be read, by this TPM or by the operators."""
    known = [entry.cms.split(":")[1].encode() in host.slots.values() for entry in host.header().recovery]
    return host.sealed() or any(known)


def test_a_volume_is_made_and_stays(host):
    planned = converged(host, check=True)
    assert host.effects == 0
    outcome = converged(host)
    assert [action["does"].split()[0] for action in outcome.actions] == [
        action["does"].split()[0] for action in planned.actions
    ]
    assert_done(host)
    (volume,) = outcome.extras["volumes"]
    assert volume["uuid"] == host.uuid
    assert volume["recovery"] == host.header().recovery[0].cms


FAULTS = [(kind, before) for kind in (Killed, EdgesiteError) for before in (True, False)]


@pytest.mark.parametrize(("kind", "before"), FAULTS)
def test_a_run_that_ends_anywhere_is_finished_by_the_next(host, kind, before):
    for at in count(1):
        blank = Host()
        host.__dict__.update({key: value for key, value in blank.__dict__.items() if key not in ("files", "made")})
        host.files.update(blank.files)
        try:
            converged(host, (at, kind, before))
        except Killed:
            pass
        except ApplyError as error:
            # an error, unlike an end, leaves an empty disk empty
            assert error.undone, at
            assert host.uuid is None
        else:
            assert at > 10
            return
        converged(host)
        assert_done(host)


@pytest.mark.parametrize(("kind", "before"), FAULTS)
@pytest.mark.parametrize("why", ["another TPM", "another certificate"])
def test_data_can_be_read_whatever_ends_a_change_of_keys(host, kind, before, why):
    for at in count(1):
        blank = Host()
        host.__dict__.update({key: value for key, value in blank.__dict__.items() if key not in ("files", "made")})
        host.files.update(blank.files)
        converged(host)
        host.data = "precious"
        changes = {"certificate": "others"}
        if why == "another TPM":
            host.tpm, host.open, host.mounted = "other", False, False
            changes = {"key": host.header().recovery[0].cms.split(":")[1]}
            with pytest.raises(EdgesiteError, match="The TPM does not open"):
                converged(host)
        ended = False
        try:
            converged(host, (at, kind, before), **changes)
        except (Killed, ApplyError):
            ended = True
        assert readable(host)
        assert host.data == "precious"
        converged(host, **changes)
        assert host.data == "precious"
        if why == "another TPM":
            assert_done(host)
        else:
            assert host.header().recovery[-1].certificate == "others"
            assert converged(host, **changes).actions == []
        if not ended:
            assert at > 3
            return


def test_what_is_there_stays_unless_it_is_named(host):
    host.old = "ext4"
    with pytest.raises(EdgesiteError, match="not empty: ext4") as caught:
        converged(host)
    assert host.effects == 0
    named = str(caught.value).split("['")[1].split("']")[0]
    converged(host, wipe=(named,))
    assert_done(host)
    host.data = "precious"
    assert converged(host, wipe=(named,)).actions == []


def test_a_disk_that_changes_meanwhile_stays(host, monkeypatch):
    def ready(self, actions):
        host.old = "somebody's"

    monkeypatch.setattr(LuksVolumeDomain, "ready", ready)
    with pytest.raises(ApplyError, match="has changed during this run"):
        converged(host)
    assert host.uuid is None


def test_programs_that_are_missing_are_named(host, monkeypatch):
    monkeypatch.setattr(domain.requirements, "missing_packages", lambda filesystems: ["cryptsetup-bin"])
    with pytest.raises(EdgesiteError) as caught:
        converged(host)
    assert caught.value.details == {"missing_packages": ["cryptsetup-bin"]}


def test_a_disk_that_is_away(host, monkeypatch):
    monkeypatch.setattr(domain.block_device, "resolve", lambda path: None)
    with pytest.raises(EdgesiteError, match="does not exist"):
        converged(host)


def test_a_mount_point_with_files_is_refused(host, monkeypatch):
    monkeypatch.setattr(domain.os.path, "isdir", lambda path: True)
    monkeypatch.setattr(domain.os, "listdir", lambda path: ["file"])
    with pytest.raises(EdgesiteError, match="is not empty, and its content would be hidden"):
        converged(host)


def test_ciphers_have_all_they_need():
    assert {name: cipher.bits for name, cipher in CIPHERS.items()} == {"aes-256-xts": 512, "sm4-xts": 256}
