# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the controller remembers of devices and of proofs under way."""

from __future__ import annotations

import json
import multiprocessing
import os
import stat

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.plugin_utils.identity import state_files
from ansible_collections.edgesite.gpu.plugins.plugin_utils.identity import store as store_module
from ansible_collections.edgesite.gpu.plugins.plugin_utils.identity.store import Store, new_challenge_id

CSR, ANSWER = b"request", "answer"
PROOF = {"ek_sha256": ["e1"], "ek_trust": "certified", "ek_issuer": "CN=x"}
NOW = 1_800_000_000.0


@pytest.fixture
def store(tmp_path):
    (tmp_path / "state").mkdir(mode=0o700)
    store = Store(str(tmp_path / "state"))
    with store.alone():
        yield store


@pytest.fixture
def challenge(store):
    name = new_challenge_id()
    store.keep_challenge("gpu-a", CSR, ANSWER, PROOF, name)
    return name


def record(store, host="gpu-a", eks=("e1",), serial="0a"):
    store.record_certificate(host, {**PROOF, "ek_sha256": list(eks)}, {"serial": serial, "not_after": "2027"}, NOW)


def test_right_answer_is_taken_once(store, challenge):
    assert store.take_challenge(challenge, "gpu-a", CSR, ANSWER)["ek_sha256"] == ["e1"]
    with pytest.raises(EdgesiteError, match="already answered"):
        store.take_challenge(challenge, "gpu-a", CSR, ANSWER)


@pytest.mark.parametrize(
    ("host", "csr", "answer", "words"),
    [
        ("gpu-a", CSR, "other", "answer is wrong"),
        ("gpu-a", CSR, "", "answer is wrong"),
        ("gpu-a", b"other", ANSWER, "another certificate request"),
        ("gpu-b", CSR, ANSWER, "created for gpu-a, not for gpu-b"),
    ],
)
def test_wrong_answer_costs_the_challenge(store, challenge, host, csr, answer, words):
    with pytest.raises(EdgesiteError, match=words):
        store.take_challenge(challenge, host, csr, answer)
    with pytest.raises(EdgesiteError, match="already answered"):
        store.take_challenge(challenge, "gpu-a", CSR, ANSWER)


def test_late_answer(store, challenge, monkeypatch):
    later = store_module.time.time() + store_module.LIFETIME + 1
    monkeypatch.setattr(store_module.time, "time", lambda: later)
    with pytest.raises(EdgesiteError, match="more than 4 hours"):
        store.take_challenge(challenge, "gpu-a", CSR, ANSWER)


@pytest.mark.parametrize("name", ["", "0" * 32, "../devices/gpu-a", "x" * 32])
def test_challenge_that_was_never_made(store, name):
    record(store)
    with pytest.raises(EdgesiteError, match="no open challenge"):
        store.take_challenge(name, "gpu-a", CSR, ANSWER)
    assert store.device("gpu-a")


def test_old_challenges_are_forgotten(store, challenge, monkeypatch):
    later = store_module.time.time() + store_module.LIFETIME + 1
    monkeypatch.setattr(store_module.time, "time", lambda: later)
    store.keep_challenge("gpu-a", CSR, ANSWER, PROOF, new_challenge_id())
    assert len(os.listdir(os.path.join(store.folder, "challenges"))) == 1


def test_files_are_for_the_user_alone_and_hold_no_answer(store, challenge):
    record(store)
    for folder, _folders, names in os.walk(store.folder):
        assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
        for name in names:
            with open(os.path.join(folder, name), encoding="utf-8") as stream:
                assert ANSWER + '"' not in stream.read()


def test_device_of_its_own_tpm(store):
    store.check_device("gpu-a", ["e1"], [])
    record(store)
    store.check_device("gpu-a", ["e1"], [])


@pytest.mark.parametrize("ek", ["e1", "e2"])
def test_each_key_of_a_tpm_is_refused_elsewhere(store, ek):
    record(store, eks=["e1", "e2"])
    store.check_device("gpu-a", [ek], [])
    record(store, eks=[ek, "e3"], serial="0b")
    assert sorted(store.device("gpu-a")["ek_sha256"]) == ["e1", "e2", "e3"]
    for shown in (ek, "e3"):
        with pytest.raises(EdgesiteError, match="belongs to gpu-a"):
            store.check_device("gpu-b", [shown], [shown])
    assert store.end("gpu-a", "decommissioned", NOW, check=False)
    for shown in (ek, "e3"):
        with pytest.raises(EdgesiteError, match="decommissioned as gpu-a"):
            store.check_device("gpu-b", ["e4", shown], [shown])
    assert store.end("gpu-a", "readmitted", NOW, check=False)
    store.check_device("gpu-b", ["e1", "e2", "e3"], [])


def test_replaced_tpm_is_refused_until_it_is_pinned(store):
    record(store)
    with pytest.raises(EdgesiteError, match="not the one .*: it was known by e1, and shows e2, e3.*identity_ek_sha256"):
        store.check_device("gpu-a", ["e2", "e3"], [])
    store.check_device("gpu-a", ["e2", "e3"], ["e3"])
    record(store, eks=["e2", "e3"], serial="0b")
    assert store.device("gpu-a")["ek_sha256"] == ["e2", "e3"]
    store.check_device("gpu-b", ["e1"], [])
    assert [one["serial"] for one in store.device("gpu-a")["certificates"]] == ["0a", "0b"]


@pytest.mark.parametrize("pins", [[], ["e1"]])
@pytest.mark.parametrize("enrolled", [False, True])
def test_neighbours_tpm_is_refused_even_where_it_is_pinned(store, pins, enrolled):
    record(store)
    if enrolled:
        record(store, "gpu-b", ["e2"], "0b")
    for shown in (["e1"], ["e2", "e1"]):
        with pytest.raises(EdgesiteError, match="TPM that gpu-b shows belongs to gpu-a"):
            store.check_device("gpu-b", shown, pins)


@pytest.mark.parametrize("host", ["gpu-a", "gpu-b"])
@pytest.mark.parametrize("pins", [[], ["e1"]])
def test_decommissioned_tpm_is_taken_under_no_name_until_it_is_readmitted(store, host, pins):
    record(store)
    assert store.end("gpu-a", "decommissioned", NOW, check=True)
    assert store.device("gpu-a")["ek_sha256"] == ["e1"]
    assert store.end("gpu-a", "decommissioned", NOW, check=False)
    assert not store.end("gpu-a", "decommissioned", NOW + 1, check=False)
    with pytest.raises(EdgesiteError, match="decommissioned as gpu-a at 2027-01-15T08:00:00Z.*readmitted"):
        store.check_device(host, ["e1"], pins)
    assert store.end("gpu-a", "readmitted", NOW, check=False)
    assert not store.end("gpu-a", "readmitted", NOW, check=False)
    store.check_device(host, ["e1"], pins)
    record(store, host)
    assert store.revoked() == [{"serial_number": 10, "revocation_date": "20270115080000Z"}]


def test_name_of_a_decommissioned_device_may_be_another_machines(store):
    record(store)
    store.end("gpu-a", "decommissioned", NOW, check=False)
    store.check_device("gpu-a", ["e2"], [])
    record(store, eks=["e2"], serial="0b")
    with pytest.raises(EdgesiteError, match="decommissioned as gpu-a"):
        store.check_device("gpu-a", ["e1"], ["e1"])
    store.end("gpu-a", "decommissioned", NOW, check=False)
    assert store.device("gpu-a")["retired"] == ["e1", "e2"]


def test_revoked_device_keeps_its_tpm_and_may_get_new_certificates(store):
    record(store)
    assert store.end("gpu-a", "revoked", NOW, check=False)
    record(store, serial="0b")
    with pytest.raises(EdgesiteError):
        store.check_device("gpu-b", ["e1"], [])
    assert [one["serial_number"] for one in store.revoked()] == [10]


def test_device_that_nobody_knows(store):
    assert store.device("gpu-a") is None
    assert not store.end("gpu-a", "decommissioned", NOW, check=False)
    assert store.revoked() == []


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "a\nb"])
def test_names_that_are_no_file(store, name):
    with pytest.raises(EdgesiteError, match="cannot be the name of a device"):
        store.device(name)


def test_full_disk_leaves_what_was_there(store, monkeypatch):
    record(store)

    def full(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(state_files.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        record(store, serial="0b")
    assert len(store.device("gpu-a")["certificates"]) == 1
    assert sorted(os.listdir(store.folder)) == ["challenges", "devices", "lock"]


def test_folder_that_is_not_there(tmp_path):
    """One that is not mounted must not look like a site without devices."""
    with pytest.raises(EdgesiteError, match="The folder .*backup"), Store(str(tmp_path / "state")).alone():
        pass
    assert not (tmp_path / "state").exists()


def enrol(folder, number):
    store = Store(folder)
    for turn in range(20):
        with store.alone():
            record(store, serial="{0:02x}".format(16 * number + turn % 16))


def test_two_controllers_at_once_lose_nothing(tmp_path):
    folder = str(tmp_path)
    processes = [multiprocessing.get_context("fork").Process(target=enrol, args=(folder, number)) for number in (1, 2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    with open(os.path.join(folder, "devices", "gpu-a.json"), encoding="utf-8") as stream:
        assert len(json.load(stream)["certificates"]) == 40
