# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A state folder in which editors, other users and broken disks were at work: each is passed over or named."""

from __future__ import annotations

import json
import os
import re

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.plugin_utils.identity import state_files
from ansible_collections.edgesite.gpu.plugins.plugin_utils.identity import store as store_module
from ansible_collections.edgesite.gpu.plugins.plugin_utils.identity.store import Store

CSR, ANSWER = b"request", "answer"
PROOF = {"ek_sha256": ["e1"], "ek_trust": "certified", "ek_issuer": "CN=x"}
CERTIFICATE = {"serial": "0a", "issued": "2027-01-15T08:00:00Z", "not_after": "2027"}
ABSENT = object()
ID = "0" * 32
NOW = 1_800_000_000.0
STRAYS = [
    *(".#gpu-a.json", "#gpu-a.json#", "gpu-a.json~", ".gpu-a.json.swp", "4913"),
    *("gpu-a.json.bak", "gpu-a (copy).json", ".json", "README", "gpu-\udcff.json"),
]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "state").mkdir(mode=0o700)
    return tmp_path / "state"


@pytest.fixture
def store(folder):
    store = Store(str(folder))
    with store.alone():
        yield store


def known(**changes):
    """A device's record, changed; what is changed to ABSENT is left out."""
    record = {
        **{"ek_sha256": ["e1"], "ek_trust": "certified", "ek_issuer": None, "retired": [], "decommissioned": None},
        **{"enrolled": "2027-01-15T08:00:00Z", "certificates": [CERTIFICATE]},
        **changes,
    }
    return json.dumps({name: value for name, value in record.items() if value is not ABSENT}).encode()


def put(path, content=b""):
    with open(str(path), "wb") as stream:
        stream.write(content)
    return str(path)


def enrol(store, *keys):
    store.record_certificate("gpu-a", {**PROOF, "ek_sha256": list(keys)}, {"serial": "0b", "not_after": "2027"}, NOW)


def link_to_nowhere(path):
    os.symlink("/nowhere", str(path))


def link_to_a_record(path):
    os.symlink(put(str(path) + "~", known()), str(path))


NO_FILES = [os.mkdir, os.mkfifo, link_to_nowhere, link_to_a_record]


# --- devices


@pytest.mark.parametrize("name", STRAYS)
@pytest.mark.parametrize("make", [put, *NO_FILES])
def test_what_has_a_name_that_no_device_can_have_is_not_looked_at(store, folder, name, make):
    enrol(store, "e1")
    make(str(folder / "devices" / name))
    store.check_device("gpu-a", ["e1"], [])
    assert store.end("gpu-a", "revoked", NOW, check=False)
    assert len(store.revoked()) == 1


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "Expecting value"),
        (b"{", "Expecting property name"),
        (b"\xff\xfe{\0}\0", "can't decode byte"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[]", "the record is missing or has the wrong type"),
        (b"null", "the record is missing"),
        (b"{}", "ek_sha256 is missing"),
        (known(retired=ABSENT), "retired is missing"),
        (known(retired=None), "retired is missing"),
        (known(retired="e1"), "retired is missing"),
        (known(retired=[["e1"]]), "retired is missing"),
        (known(retired=["E1"]), "retired is missing"),
        (known(ek_sha256=1), "ek_sha256 is missing"),
        (known(ek_sha256={}), "ek_sha256 is missing"),
        (known(ek_trust=None), "ek_trust is missing"),
        (known(decommissioned=5), "decommissioned is missing"),
        (known(enrolled="yesterday"), "enrolled is missing"),
        (known(certificates={}), "certificates is missing"),
        (known(certificates=["0a"]), "certificates is missing"),
        (known(certificates=[{}]), "serial is missing"),
        (known(certificates=[{**CERTIFICATE, "serial": "0x zz"}]), "serial is missing"),
        (known(certificates=[{**CERTIFICATE, "revoked": True}]), "revoked is missing"),
    ],
)
def test_damaged_record_stops_every_enrolment_by_its_name(store, folder, content, why):
    """It could name a TPM that was decommissioned."""
    path = put(folder / "devices" / "other.json", content)
    words = re.escape(path) + " is damaged: .*" + why + ".*backup.*move it out"
    for act in (
        lambda: store.check_device("gpu-a", ["e1"], []),
        lambda: store.end("other", "decommissioned", NOW, check=False),
        store.revoked,
    ):
        with pytest.raises(EdgesiteError, match=words):
            act()


@pytest.mark.parametrize("make", NO_FILES)
def test_record_that_is_no_file(store, folder, make):
    make(str(folder / "devices" / "gpu-b.json"))
    with pytest.raises(EdgesiteError, match="gpu-b.json is damaged: it is not a regular file"):
        store.check_device("gpu-a", ["e1"], [])


@pytest.mark.parametrize(("before", "after"), [("e1", ["e1"]), (None, [])])
def test_record_of_the_time_when_a_tpm_was_one_key(store, folder, before, after):
    put(folder / "devices" / "gpu-a.json", known(ek_sha256=before))
    assert store.device("gpu-a")["ek_sha256"] == after
    enrol(store, "e1", "e2")
    assert store.device("gpu-a")["ek_sha256"] == ["e1", "e2"]


def test_revoked_that_is_null_is_not_revoked(store, folder):
    put(folder / "devices" / "gpu-a.json", known(certificates=[{**CERTIFICATE, "revoked": None}]))
    assert store.revoked() == []
    assert store.end("gpu-a", "revoked", NOW, check=False)
    assert len(store.revoked()) == 1


def test_record_that_vanishes_meanwhile(store, monkeypatch):
    enrol(store, "e1")
    with monkeypatch.context() as patched:
        patched.setattr(store_module.os, "listdir", lambda _folder: ["gpu-a.json", "gpu-b.json"])
        store.check_device("gpu-a", ["e1"], [])
        assert store.revoked() == []


# --- challenges


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{}", b"[]", b"\xff"),
        json.dumps(
            {**PROOF, "host": "gpu-a", "csr_sha256": "0a", "answer_sha256": "0a", "made": float("inf")}
        ).encode(),
        json.dumps({**PROOF, "host": "gpu-a", "csr_sha256": "0a", "answer_sha256": "\xe9", "made": 0}).encode(),
        json.dumps({**PROOF, "host": "gpu-a", "csr_sha256": "0a", "answer_sha256": "0a", "made": 10**400}).encode(),
    ],
)
def test_damaged_challenge_is_named(store, folder, content):
    path = put(folder / "challenges" / (ID + ".json"), content)
    with pytest.raises(EdgesiteError, match=re.escape(path) + " is damaged: .*Remove it. Run the role identity again"):
        store.take_challenge(ID, "gpu-a", CSR, ANSWER)


@pytest.mark.parametrize("make", NO_FILES)
def test_old_things_among_challenges_are_in_nobodys_way(store, folder, make, monkeypatch):
    make(str(folder / "challenges" / (ID + ".json")))
    make(str(folder / "challenges" / (".#" + ID + ".json")))
    later = store_module.time.time() + store_module.LIFETIME + 1
    monkeypatch.setattr(store_module.time, "time", lambda: later)
    name = "1" * 32
    store.keep_challenge("gpu-a", CSR, ANSWER, PROOF, name)
    assert store.take_challenge(name, "gpu-a", CSR, ANSWER)


def test_answer_that_no_file_could_hold(store):
    store.keep_challenge("gpu-a", CSR, ANSWER, PROOF, ID)
    with pytest.raises(EdgesiteError, match="answer is wrong"):
        store.take_challenge(ID, "gpu-a", CSR, "\udc80")


# --- folders, lock and drafts


def refused(folder, words):
    with pytest.raises(EdgesiteError, match=words), Store(str(folder)).alone():
        raise AssertionError("nobody comes in")


def works(folder):
    with Store(str(folder)).alone():
        return True


@pytest.mark.parametrize("name", ["challenges", "devices"])
@pytest.mark.parametrize("make", [put, link_to_nowhere, lambda path: os.symlink("/usr", path)])
def test_folders_in_it_are_folders(folder, name, make):
    make(str(folder / name))
    refused(folder, "{0} is not a folder. Restore the folder from a backup".format(name))


@pytest.mark.parametrize("name", ["", "devices", "challenges"])
@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777])
def test_folder_that_others_can_write_to(folder, name, mode):
    assert works(folder)
    (folder / name).chmod(mode)
    refused(folder, "write to {0}, .* its mode is 0{1:o}.* chmod go-w {0}".format(folder / name, mode))
    (folder / name).chmod(0o755)
    assert works(folder)


@pytest.mark.parametrize("name", ["", "devices", "challenges"])
def test_folder_of_another_user(folder, name, monkeypatch):
    assert works(folder)
    user = os.geteuid()
    if user == 0:
        os.chown(str(folder / name), 54321, -1)
    else:
        monkeypatch.setattr(state_files.os, "geteuid", lambda: user + 1)
    refused(
        folder,
        "The folder {0} for records of devices .state_dir. belongs to .*, not to .* chown -R .* {0}".format(
            folder / name
        ),
    )


def test_folder_of_root_is_everybodys(monkeypatch):
    monkeypatch.setattr(state_files.os, "geteuid", lambda: 12345)
    state_files.check_folder("/")


def test_folder_on_a_file_system_that_is_read_only(folder, monkeypatch):
    def mkdir(path, _mode):
        raise OSError(30, "Read-only file system", path)

    monkeypatch.setattr(state_files.os, "mkdir", mkdir)
    refused(
        folder,
        "Cannot use the folder .* for records of devices .state_dir.: .*/state/challenges: Read-only file system",
    )


@pytest.mark.parametrize("make", NO_FILES)
def test_lock_that_is_no_file(folder, make):
    make(str(folder / "lock"))
    refused(folder, "lock cannot be a lock: it is not a regular file. Remove it: rm -r ")


def test_what_a_link_points_to_stays_as_it_is(folder):
    precious = folder.parent / "precious"
    precious.write_text("precious")
    (folder / "lock").symlink_to(precious)
    refused(folder, "not a regular file")
    (folder / "lock").unlink()
    (folder / ".draft").symlink_to(precious)
    store = Store(str(folder))
    with store.alone():
        enrol(store, "e1")
    assert precious.read_text() == "precious"


def test_draft_of_a_run_that_was_killed_is_not_left(store, folder):
    put(folder / ".draft", b'{"half')
    enrol(store, "e1")
    assert store.device("gpu-a")
    assert sorted(os.listdir(str(folder))) == ["challenges", "devices", "lock"]


def test_lock_that_a_hanging_playbook_holds(folder, monkeypatch):
    monkeypatch.setattr(state_files, "LOCK_SECONDS", 0.2)
    with Store(str(folder)).alone():
        refused(folder, "held the lock {0}/lock for more than .* s.* fuser -v {0}/lock".format(folder))
    assert works(folder)
