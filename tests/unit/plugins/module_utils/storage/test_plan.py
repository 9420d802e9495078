# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What luks_volume plans: what it refuses, what it makes, and what it finishes."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.effects import WriteFile
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.storage import plan, tab_file
from ansible_collections.edgesite.gpu.plugins.module_utils.storage import volume as storage
from ansible_collections.edgesite.gpu.plugins.module_utils.storage.luks2 import EMPTY, OURS, Header, Recovery, Seal
from ansible_collections.edgesite.gpu.plugins.module_utils.storage.policy import Means
from ansible_collections.edgesite.gpu.plugins.module_utils.storage.volume import (
    Disk,
    Drop,
    Enrol,
    Format,
    MakeFileSystem,
    Mount,
    Open,
    Recover,
    State,
    Unseal,
    Volume,
    Wanted,
)
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.common.line_cases import values
from hypothesis import given
from hypothesis import strategies as st

GIB = 1 << 30
VOLUME = Volume("data", "/dev/disk/by-id/virtio-DATA1", "/srv/data", "ext4", "aes-256-xts", "defaults", "11111111-aaaa")
WANTED = Wanted((VOLUME,), (7,), "cert")
BLANK = Disk("/dev/vdb", GIB, False, (), "0123456789ab", None)
RECOVERY = Recovery(1, 0, "cert", 1, "CMS")
HEADER = Header("2222-bbbb", OURS, "aes-xts-plain64", (0, 1), (Seal((7,)),), (RECOVERY,))
DONE = BLANK._replace(content=("LUKS",), header=HEADER, unlocks=True, mapped=True, inside="ext4", mounted=True)
MEANS = Means(257)
CRYPTTAB = "data\tUUID=2222-bbbb\tnone\tluks,tpm2-device=auto,nofail,headless=1\n"
FSTAB = "/dev/vda / ext4 defaults 0 1\n/dev/mapper/data\t/srv/data\text4\tdefaults,nofail\t0\t2\n"


def state(disk, crypttab=CRYPTTAB, fstab=FSTAB, sm4=False, tpm=True):
    return State({"data": disk}, crypttab, fstab, {"aes-256-xts": True, "sm4-xts": sm4}, tpm, MEANS)


def kinds(actions):
    return [type(action) for action in actions]


def header(**changes):
    return DONE._replace(header=HEADER._replace(**changes))


MAKE = [Format, Enrol, WriteFile, Open, MakeFileSystem, WriteFile, Mount]


def test_an_empty_disk_is_made():
    found = state(BLANK, "", "/dev/vda / ext4 defaults 0 1\n")
    actions = plan.plan(WANTED, found)
    assert kinds(actions) == MAKE
    assert actions[0].wipes == ""
    after = plan.after(WANTED, found, actions)
    assert "UUID=11111111-aaaa" in after.crypttab
    assert after.fstab.startswith("/dev/vda / ext4 defaults 0 1\n")
    assert plan.plan(WANTED, after) == []
    assert [storage.describe(action) for action in actions] == [
        "encrypt /dev/disk/by-id/virtio-DATA1 (aes-256-xts) as data",
        "seal data to the TPM with PCRs 7",
        "write the line for data in /etc/crypttab",
        "open data with the TPM",
        "create ext4 in data",
        "write the line for /srv/data in /etc/fstab",
        "mount data at /srv/data",
    ]


def test_what_is_as_wanted_stays():
    assert plan.plan(WANTED, state(DONE)) == []


@pytest.mark.parametrize(
    ("disk", "changes", "says"),
    [
        (None, {}, "does not exist"),
        (BLANK._replace(content=("ext4 'old'",)), {}, "is not empty: ext4 'old'"),
        (BLANK._replace(content=("crypto_LUKS",), header=HEADER._replace(subsystem="")), {}, "is not empty: crypto"),
        (BLANK._replace(content=("data without a signature",)), {}, "is not empty"),
        (BLANK._replace(used="mounted at /"), {}, "is in use: mounted at /"),
        (BLANK._replace(read_only=True), {}, "is read-only"),
        (BLANK._replace(size=GIB // 64), {}, "has 16 MiB"),
        (BLANK._replace(taken="/dev/mapper/data belongs to another device"), {}, "another device"),
        (BLANK, {"tpm": False}, "has no TPM"),
        (BLANK, {"fstab": "/dev/vdc1 /srv/data xfs defaults 0 0\n"}, "mounts /dev/vdc1 at /srv/data"),
        (
            DONE,
            {"crypttab": "data\tUUID=3333-cccc\tnone\tluks,noauto\n"},
            "already has a line with the name data, for UUID=3333-cccc and not",
        ),
        (BLANK, {"crypttab": "data\t/dev/vdc\n"}, "already has a line with the name data, for /dev/vdc and not"),
        (BLANK, {"crypttab": "data\n"}, "already has a line with the name data, for no device and not"),
        (DONE._replace(unlocks=False, why_not="PCRs changed"), {}, "The TPM does not open volume data"),
        (DONE._replace(inside="xfs"), {}, "has xfs, but ext4 is wanted"),
        (DONE._replace(inside=""), {}, "has no file system"),
        (header(cipher="sm4-xts-plain64"), {}, "is encrypted with sm4"),
        # marked as empty, but open, so that somebody may have put something into it
        (header(subsystem=EMPTY)._replace(unlocks=False), {}, "The TPM does not open"),
    ],
)
def test_refused(disk, changes, says):
    with pytest.raises(EdgesiteError) as caught:
        plan.plan(WANTED, state(disk, **changes))
    assert says in str(caught.value)


def test_a_cipher_that_the_kernel_lacks_is_refused():
    wanted = WANTED._replace(volumes=(VOLUME._replace(cipher="sm4-xts"),))
    with pytest.raises(EdgesiteError, match="does not have the cipher sm4-xts"):
        plan.plan(wanted, state(BLANK))
    assert kinds(plan.plan(wanted, state(BLANK, "", "", sm4=True))) == MAKE


def test_all_volumes_are_looked_at_first():
    second = VOLUME._replace(name="logs", device="/dev/disk/by-id/virtio-LOGS", mount="/srv/logs")
    wanted = WANTED._replace(volumes=(VOLUME, second))
    found = state(BLANK, "", "")
    found = found._replace(disks={"data": BLANK, "logs": BLANK._replace(content=("gpt",))})
    with pytest.raises(EdgesiteError, match="virtio-LOGS .* is not empty"):
        plan.plan(wanted, found)
    found = found._replace(disks={"data": BLANK, "logs": BLANK})
    assert kinds(plan.plan(wanted, found)) == MAKE + MAKE


def test_wipe_names_one_device_with_one_content():
    old = BLANK._replace(content=("ext4",))
    named = WANTED._replace(wipe=("/dev/disk/by-id/virtio-DATA1@0123456789ab",))
    actions = plan.plan(named, state(old, "", ""))
    assert kinds(actions) == MAKE
    assert actions[0].wipes == "ext4"
    assert "wiping ext4" in storage.describe(actions[0])
    for other in (old._replace(fingerprint="ba9876543210"), old._replace(used="mounted at /mnt")):
        with pytest.raises(EdgesiteError):
            plan.plan(named, state(other))
    # a volume that was made here never goes this way
    assert plan.plan(named, state(DONE)) == []


@pytest.mark.parametrize(
    ("disk", "expected"),
    [
        (header(subsystem=EMPTY, tpm=(), recovery=())._replace(unlocks=False, mapped=False, mounted=False), MAKE),
        (header(subsystem=EMPTY, tpm=())._replace(unlocks=False, mapped=False, mounted=False), MAKE),
        (header(subsystem=EMPTY)._replace(mapped=False, inside="", mounted=False), [Open, MakeFileSystem, Mount]),
        (header(subsystem=EMPTY)._replace(inside="", mounted=False), [MakeFileSystem, Mount]),
        (DONE._replace(mapped=False, inside="", mounted=False), [Open, Mount]),
        (header(recovery=()), [Recover]),
        (header(recovery=(RECOVERY._replace(certificate="old"),)), [Recover, Drop]),
        (header(recovery=(RECOVERY, RECOVERY._replace(token=2, slot=2, number=2))), [Drop]),
        (header(tpm=(Seal((0, 7)),)), [Recover, Enrol, Drop]),
        (header(tpm=(Seal(signed=(11,), key="k"),)), [Recover, Enrol, Drop]),
        (header(tpm=(Seal((7,), key="k"),)), [Recover, Enrol, Drop]),
        (header(tpm=(Seal((7,), pcrlock=True),)), [Recover, Enrol, Drop]),
        (header(tpm=(Seal((7,), pin=True),)), [Recover, Enrol, Drop]),
        # signed PCRs without a key are nothing to the TPM, for which this is what is wanted
        (header(tpm=(Seal((7,), (11,)),)), [Recover, Unseal, Enrol, Drop]),
        # systemd would take one of the two for what is wanted, and perhaps that of another TPM
        (header(tpm=(Seal((7,)), Seal((7,)))), [Recover, Unseal, Enrol, Drop]),
    ],
)
def test_half_done_work_is_finished(disk, expected):
    found = state(disk)
    actions = plan.plan(WANTED, found)
    assert [kind for kind in kinds(actions) if kind is not WriteFile] == [
        kind for kind in expected if kind is not WriteFile
    ]
    assert plan.plan(WANTED, plan.after(WANTED, found, actions)) == []


def test_a_recovery_key_seals_it_to_another_tpm_and_is_replaced():
    found = state(DONE._replace(unlocks=False, has_key=True, mapped=False, mounted=False))
    actions = plan.plan(WANTED, found)
    assert kinds(actions) == [Recover, Unseal, Enrol, Drop, Open, Mount]
    assert plan.plan(WANTED, plan.after(WANTED, found, actions)) == []
    assert [storage.describe(action) for action in (actions[0], actions[1], actions[3])] == [
        "create a new recovery key for data",
        "remove the key slots of data that are sealed to a TPM",
        "remove the earlier recovery key of data",
    ]


def test_the_keys_on_the_host_bind_what_is_wanted_only():
    """A volume that systemd bound to PCR 11 by itself is bound anew, where the option asks for nothing of the kind."""
    means = Means(257, "/run/systemd/key.pem", "k", "/run/systemd/signature.json")
    signed = header(tpm=(Seal((7,), (11,), "k"),))
    asked = WANTED._replace(signed=(11,))
    assert plan.plan(asked, state(signed)._replace(means=means)) == []
    (new, enrol, drop) = plan.plan(WANTED, state(signed)._replace(means=means))
    assert (enrol.seal, enrol.arguments) == (Seal((7,)), ("--tpm2-pcrs=7", "--tpm2-public-key=", "--tpm2-pcrlock="))
    # another key has come: images are signed with that one now
    (new, enrol, drop) = plan.plan(asked, state(signed)._replace(means=means._replace(digest="new")))
    assert enrol.seal == Seal((7,), (11,), "new")


def test_what_systemd_cannot_do_is_told_before_anything_is_done_and_only_where_it_matters():
    taking = Means(255, "/run/systemd/key.pem", "k")
    assert plan.plan(WANTED, state(DONE)._replace(means=taking)) == []
    with pytest.raises(EdgesiteError, match="systemd 255 would bind volumes to the public key /run/systemd/key.pem"):
        plan.plan(WANTED, state(BLANK)._replace(means=taking))
    second = VOLUME._replace(name="logs", device="/dev/disk/by-id/virtio-LOGS", mount="/srv/logs")
    both = WANTED._replace(volumes=(VOLUME, second), pcrlock=True)
    with pytest.raises(EdgesiteError, match="no pcrlock.json") as caught:
        plan.plan(both, state(BLANK)._replace(disks={"data": BLANK, "logs": BLANK}))
    assert str(caught.value).count("pcrlock.json") == 1


def test_key_slots_that_may_open_again_stay_until_the_new_one_is_there():
    """As that of a TPM in lockout would, while the operators bring a key."""
    found = state(DONE._replace(unlocks=False, has_key=True, mapped=False, mounted=False))
    assert kinds(plan.plan(WANTED._replace(pcrs=(0, 7)), found))[:3] == [Recover, Enrol, Drop]


def test_every_volume_needs_its_recovery_key_before_the_first_is_touched():
    closed = DONE._replace(unlocks=False, mapped=False, mounted=False)
    other = VOLUME._replace(name="logs", device="/dev/disk/by-id/virtio-LOGS", mount="/srv/logs")
    wanted = WANTED._replace(volumes=(VOLUME, other))
    found = state(closed._replace(has_key=True))._replace(disks={"data": closed._replace(has_key=True), "logs": closed})
    with pytest.raises(EdgesiteError, match="The TPM does not open volume logs") as caught:
        plan.plan(wanted, found)
    assert "volume data" not in str(caught.value)


def test_line_of_a_volume_that_was_begun_is_replaced():
    begun = CRYPTTAB.replace(HEADER.uuid, "4444-dddd")
    assert begun != CRYPTTAB
    found = state(BLANK, begun, "")
    after = plan.after(WANTED, found, plan.plan(WANTED, found))
    assert "4444-dddd" not in after.crypttab


disks = st.builds(
    Disk,
    node=st.just("/dev/vdb"),
    size=st.sampled_from([0, GIB]),
    read_only=st.booleans(),
    content=st.sampled_from([(), ("ext4",), ("LUKS",)]),
    fingerprint=st.sampled_from(["0123456789ab", "ba9876543210"]),
    header=st.none()
    | st.builds(
        Header,
        uuid=st.just("2222-bbbb"),
        subsystem=st.sampled_from(["", OURS, EMPTY, "edgesite.gpu other"]),
        cipher=st.sampled_from(["aes-xts-plain64", "sm4-xts-plain64"]),
        slots=st.just((0, 1)),
        tpm=st.lists(st.sampled_from([Seal((7,)), Seal((0,)), Seal(signed=(11,), key="k")]), max_size=2).map(tuple),
        recovery=st.sampled_from([(), (RECOVERY,), (RECOVERY._replace(certificate="old"), RECOVERY)]),
    ),
    used=st.sampled_from(["", "swap"]),
    mapped=st.booleans(),
    unlocks=st.booleans(),
    has_key=st.booleans(),
    inside=st.sampled_from(["", "ext4", "xfs"]),
    mounted=st.booleans(),
)


@given(
    disks,
    st.sampled_from([(), ("/dev/disk/by-id/virtio-DATA1@0123456789ab",)]),
    st.sampled_from(["", CRYPTTAB]),
    st.sampled_from(["", FSTAB]),
)
def test_a_plan_leads_there_and_destroys_nothing(disk, wipe, crypttab, fstab):
    if disk.header is not None:
        disk = disk._replace(content=("LUKS",))
    if not disk.mapped:
        # as nobody can see it, whether by look or by mount
        disk = disk._replace(inside="", mounted=False)
    wanted = WANTED._replace(wipe=wipe)
    found = state(disk, crypttab, fstab)
    try:
        actions = plan.plan(wanted, found)
    except EdgesiteError as error:
        assert error.fix
        return
    assert plan.plan(wanted, plan.after(wanted, found, actions)) == []
    done = disk.header is not None and disk.header.subsystem == OURS
    named = bool(wipe) and disk.fingerprint == "0123456789ab"
    unfinished = disk.header is not None and disk.header.subsystem == EMPTY
    if Format in kinds(actions):
        assert not done
        assert not disk.used
        assert not disk.content or named or (unfinished and not disk.mapped)
    if MakeFileSystem in kinds(actions):
        assert Format in kinds(actions) or unfinished
    if Drop in kinds(actions):
        # the newest key stays
        after = plan.after(wanted, found, actions).disks["data"]
        assert after.header.recovery[-1].certificate == "cert"
        assert len(after.header.recovery) == 1


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": "Data"}, "volumes[0].name is 'Data', which is not a name of at most 32"),
        ({"name": "my-data"}, "volumes[0].name"),
        ({"device": "/dev/sdb"}, "which is not a name that stays with its device"),
        ({"device": "/dev/disk/by-id/../../sdb x"}, "which is not a name that stays with its device"),
        ({"device": "/dev/disk/by-uuid/1234"}, "which is not a name that stays with its device"),
        ({"device": "/dev/disk/by-id/../../sdb"}, "which is not a name that stays with its device"),
        ({"mount": "srv"}, "volumes[0].mount is 'srv', which is not an absolute path"),
        ({"mount": "/srv/../etc"}, "volumes[0].mount"),
        ({"options": "a b"}, "volumes[0].mount_options is 'a b', which is not a list of mount options"),
        ({"options": ""}, "volumes[0].mount_options"),
    ],
)
def test_volumes_that_cannot_be_meant(changes, says):
    with pytest.raises(EdgesiteError) as caught:
        storage.check(WANTED._replace(volumes=(VOLUME._replace(**changes),)))
    assert says in str(caught.value)


def test_lists_that_cannot_be_meant():
    storage.check(WANTED)
    with pytest.raises(EdgesiteError, match="PCRs are numbered"):
        storage.check(WANTED._replace(pcrs=(24,)))
    with pytest.raises(EdgesiteError, match="signed_pcrs has -1"):
        storage.check(WANTED._replace(signed=(-1,)))
    with pytest.raises(EdgesiteError, match="none of the volumes"):
        storage.check(WANTED._replace(wipe=("/dev/disk/by-id/virtio-DATA1",)))


def test_all_that_cannot_be_meant_is_told():
    wrong = VOLUME._replace(name="Data", device="/dev/sdb", mount="srv", options="")
    with pytest.raises(EdgesiteError) as caught:
        storage.check(WANTED._replace(volumes=(VOLUME, wrong, VOLUME), pcrs=(7, 24, 25), wipe=("/dev/sdc@1", "x")))
    assert [one.problem.partition(",")[0] for one in caught.value.parts] == [
        "volumes[1].name is 'Data'",
        "volumes[1].device is '/dev/sdb'",
        "volumes[1].mount is 'srv'",
        "volumes[1].mount_options is ''",
        "volumes[2].name is 'data'",
        "volumes[2].device is '/dev/disk/by-id/virtio-DATA1'",
        "volumes[2].mount is '/srv/data'",
        "pcrs has 24",
        "wipe[0] is '/dev/sdc@1'",
        "wipe[1] is 'x'",
    ]
    assert ", as is volumes[0].name" in caught.value.parts[4].problem


def test_the_options_make_what_is_wanted_or_are_told_of_all_at_once():
    entry = {"name": "data", "device": VOLUME.device, "mount": "/srv/data", "filesystem": "ext4"}
    options = {
        "volumes": [{**entry, "cipher": "sm4-xts", "mount_options": "noatime"}],
        "pcrs": [7, 0, 7],
        "signed_pcrs": [11, 11],
        "pcrlock": True,
        "wipe": [],
        "recovery_certificate": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    }
    wanted = storage.of_options(options, lambda: "new")
    assert wanted.volumes == (storage.Volume("data", VOLUME.device, "/srv/data", "ext4", "sm4-xts", "noatime", "new"),)
    assert wanted.pcrs == (0, 7) and len(wanted.certificate) == 64
    assert wanted.signed == (11,) and wanted.pcrlock
    with pytest.raises(EdgesiteError) as caught:
        storage.of_options({**options, "pcrs": [24], "wipe": ["x"], "recovery_certificate": "none"}, str)
    assert [error.problem.split()[0] for error in caught.value.parts] == ["pcrs", "wipe[0]", "recovery_certificate"]


def test_a_certificate_has_a_fingerprint():
    text = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    assert len(storage.fingerprint(text)) == 64
    # as openssl takes it: with words before it, and a chain after it
    assert storage.fingerprint("subject=CN = operators\n" + text + text.replace("AAAA", "BBBB")) == storage.fingerprint(
        text
    )
    with pytest.raises(EdgesiteError, match="not a certificate in PEM: it has no PEM block"):
        storage.fingerprint("nothing")


@given(
    st.lists(st.sampled_from(["# data x", "", "  ", "data a b", "other c d", "data", "\tother  e"]), max_size=8),
    st.sampled_from(["data", "other", "new"]),
)
def test_an_entry_changes_no_other_line(lines, name):
    text = "\n".join(lines) + ("\n" if lines else "")
    entry = (name, "x", "y")
    after = tab_file.put(text, 0, entry)
    assert tab_file.find(after, 0, name) == entry
    assert tab_file.put(after, 0, entry) == after
    others = [line for line in lines if line.startswith("#") or line.split()[:1] != [name]]
    kept = [line for line in after.splitlines() if line.startswith("#") or line.split()[:1] != [name]]
    assert kept == others


def table(text):
    """The lines of crypttab or fstab that mean something, each in its columns."""
    return [line.split() for line in text.split("\n") if line.strip() and not line.lstrip().startswith("#")]


@given(
    values("data", "d_1"),
    values("/dev/disk/by-id/virtio-DATA1", "/dev/disk/by-partuuid/1234-abcd"),
    values("/srv/data", "/a/b.c"),
    values("defaults", "noatime,discard,x-systemd.device-timeout=5s"),
)
def test_a_volume_is_what_stands_in_the_tables_or_is_refused(name, device, mount, options):
    volume = VOLUME._replace(name=name, device=device, mount=mount, options=options)
    wanted = WANTED._replace(volumes=(volume,))
    try:
        storage.check(wanted)
    except EdgesiteError as error:
        for one in error.parts or [error]:
            assert one.problem.startswith("volumes[0].") and one.fix and "\n" not in one.problem
        return
    other = "# once\x0c/dev/sda /old ext4\u2028\n/dev/sda / ext4 defaults 0 1\n"
    for before, column, entry in (
        ("", 0, plan.crypttab_entry(volume, "5b0e1c36-7a29-4b5f-9d7e-0c6a3f2b1d48")),
        (other, 1, plan.fstab_entry(volume)),
    ):
        after = tab_file.put(before, column, entry)
        assert after.startswith(before) and table(after) == [*table(before), list(entry)]
        assert table(after)[-1][column] in (name, mount)


@given(st.lists(values("data", "UUID=1"), min_size=2, max_size=3))
def test_an_entry_that_nobody_checked_is_one_line_with_its_columns(entry):
    try:
        text = tab_file.put("a b\n", 0, entry)
    except EdgesiteError as error:
        assert error.problem.endswith(" cannot be a field of a line")
        return
    assert table(text) == [["a", "b"], entry]
