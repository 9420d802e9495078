# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan is written whole, and read only where each of its bytes is as it was."""

from __future__ import annotations

import json
import os
import tempfile

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.plugin_utils import controller_file
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site import plan_proof, plan_store
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site.plan_proof import Proof
from ansible_collections.edgesite.gpu.tests.unit.plans import BIG, KEY, MODE, layer, look, plan, plans, unread
from hypothesis import given
from hypothesis import strategies as st

PLAN = plan(look(layer("mig", MODE, BIG)), unread(why="Kabel lose «ü»"))
NEW = "Make a new plan: ansible-playbook edgesite.gpu.plan -i INVENTORY -e edgesite_plan_out={0}"
NAME_IT = "Set edgesite_plan_file to the file that edgesite_plan_out of the plan run named"


@pytest.fixture(name="path")
def fixture_path(tmp_path):
    return str(tmp_path / "plan.json")


def content(path):
    with open(path, "rb") as stream:
        return stream.read()


def put(path, given_content):
    with open(path, "wb") as stream:
        stream.write(given_content)


WITH_KEY = Proof(KEY)


def refused(path, proof=WITH_KEY):
    with pytest.raises(EdgesiteError) as error:
        plan_store.read(path, proof)
    return str(error.value)


def proofs(path):
    return [Proof(KEY), Proof("", plan_proof.sha256(content(path))), Proof(KEY, plan_proof.sha256(content(path)))]


@given(plans())
def test_what_is_written_is_read(made):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "plan.json")
        assert plan_store.write(path, made, KEY) == plan_proof.sha256(content(path))
        assert [plan_store.read(path, proof) for proof in proofs(path)] == [made] * 3
        without = Proof("", plan_store.write(path, made))
        assert plan_store.read(path, without) == made


@given(plans(), st.data())
def test_a_changed_byte_is_refused(made, data):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "plan.json")
        plan_store.write(path, made, KEY)
        both, whole = proofs(path), content(path)
        place = data.draw(st.integers(0, len(whole) - 1))
        byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != whole[place]))
        cut, more = whole[:place], whole[place:]
        for changed in (cut + bytes([byte]) + more[1:], cut + more[1:], cut + bytes([byte]) + more, cut):
            # Which byte of two equal ones is missing makes no other file.
            if changed != whole:
                put(path, changed)
                assert all(refused(path, proof) for proof in both)


def with_another(value, place):
    """The document with another value in its place, which counts its values."""
    if isinstance(value, dict):
        return {name: with_another(one, place) for name, one in value.items()}
    if isinstance(value, list):
        return [with_another(one, place) for one in value]
    place[0] -= 1
    if place[0] != -1:
        return value
    return {bool: lambda: not value, int: lambda: value + 1, str: lambda: "0" * 64 if value != "0" * 64 else "1" * 64}[
        type(value)
    ]()


@given(plans(), st.integers(0, 40))
def test_a_changed_value_is_refused_in_whatever_form(made, place):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "plan.json")
        plan_store.write(path, made, KEY)
        both = proofs(path)
        changed = with_another(json.loads(content(path)), [place])
        if changed == json.loads(content(path)):
            return
        for written in (plan_store.rendered(changed), json.dumps(changed).encode()):
            put(path, written)
            assert all(refused(path, proof) for proof in both)


def test_the_same_plan_in_another_form_is_refused(path):
    plan_store.write(path, PLAN, KEY)
    put(path, json.dumps(json.loads(content(path))).encode())
    told = "The plan {0} is not as the plan run wrote it: it was changed. {1}.".format(path, NEW.format(path))
    assert refused(path) == told


def test_a_key_twice_is_refused(path):
    plan_store.write(path, PLAN, KEY)
    put(path, content(path).replace(b'{\n  "collection"', b'{\n  "schema": 7,\n  "collection"'))
    assert "is not as the plan run wrote it" in refused(path)


def test_another_key(path):
    plan_store.write(path, PLAN, KEY)
    assert refused(path, Proof(KEY[::-1])) == (
        "The plan {0} was made with another key than edgesite_plan_key, or was changed. Set edgesite_plan_key to the "
        "key of the plan run, or make a new plan with this one.".format(path)
    )


def test_a_plan_without_a_key(path):
    plan_store.write(path, PLAN)
    assert refused(path) == (
        "The plan {0} was made without a key, and edgesite_plan_key is set. Set edgesite_plan_sha256 instead, or make "
        "a new plan with edgesite_plan_key set.".format(path)
    )


def test_another_sha256(path):
    found = plan_store.write(path, PLAN)
    assert refused(path, Proof("", "0" * 64)) == (
        "The SHA-256 of the plan {0} is {1}, and not {2} (edgesite_plan_sha256): it is another plan, or was changed. "
        "Set edgesite_plan_file to the file that the plan run wrote, and edgesite_plan_sha256 to what it "
        "printed.".format(path, found, "0" * 64)
    )


def test_where_both_are_given_both_hold(path):
    found = plan_store.write(path, PLAN, KEY)
    assert "another key" in refused(path, Proof(KEY[::-1], found))
    assert "The SHA-256 of the plan" in refused(path, Proof(KEY, "0" * 64))


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b"{",
        b'{"schema": 1, "hosts": {',
        b"plan: 1",
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b"[" * 100000,
        b'{"schema": ' + b"9" * 5000 + b"}",
    ],
    ids=repr,
)
def test_not_json_or_not_all_of_it(path, written):
    put(path, written)
    assert refused(path) == (
        "{0} (edgesite_plan_file) is not a whole plan: it is not JSON, or ends too early. {1}.".format(
            path, NEW.format(path)
        )
    )


@pytest.mark.parametrize("written", [b"[]", b"5", b"null", b'"schema"', b"{}", b'{"hosts": {}}', b'{"problems": []}'])
def test_other_json(path, written):
    put(path, written)
    told = "{0} (edgesite_plan_file) is no plan: it has no schema or no hosts. {1}.".format(path, NAME_IT)
    assert refused(path) == told


@pytest.mark.parametrize(("schema", "told"), [(2, "2"), (10**40, "a huge number")])
def test_newer_version(path, schema, told):
    put(path, plan_store.rendered({"schema": schema, "hosts": ["all new"]}))
    assert refused(path) == (
        "The plan {0} was made by a newer version of edgesite.gpu: its schema is {1}, and this version reads 1. Update "
        "the collection on this controller (ansible-galaxy collection install --upgrade edgesite.gpu), or make a new "
        "plan on it.".format(path, told)
    )


@pytest.mark.parametrize(
    ("change", "flaw"),
    [
        ({"schema": 0}, "schema is not 1"),
        ({"schema": True}, "schema is true, but has to be a whole number"),
        ({"schema": "2"}, "schema is '2', but has to be a whole number"),
        ({"hosts": [5]}, "hosts is a list, but has to be a mapping"),
        ({"hosts": {"gpu-a": 5}}, "hosts.gpu-a is 5, but has to be a mapping"),
        ({"hmac": 5}, "hmac is 5, but has to be a SHA-256 in hexadecimal"),
        ({"hmac": "ü"}, "hmac is 'ü', but has to be a SHA-256 in hexadecimal"),
        ({"approved": True}, "approved is not known"),
        ({"made": 5}, "made is 5, but has to be text"),
    ],
)
def test_wrong_types(path, change, flaw):
    put(path, plan_store.rendered({**PLAN, **change}))
    assert refused(path) == "The plan {0} was changed: {1}. {2}.".format(path, flaw, NEW.format(path))


def test_half_a_character(path):
    put(path, json.dumps({**PLAN, "limit": ["\ud800"]}).encode())
    assert "is not as the plan run wrote it" in refused(path)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda path: None, "No such file or directory"),
        (os.mkdir, "Is a directory"),
        (os.mkfifo, "it is a pipe or a device, and not a file"),
        (lambda path: os.symlink(path, path), "Too many levels of symbolic links"),
    ],
)
def test_file_that_cannot_be_read(path, make, why):
    make(path)
    assert refused(path) == "edgesite_plan_file {0} cannot be read: {1}. {2}.".format(path, why, NAME_IT)


def test_huge_file(path):
    with open(path, "wb") as stream:
        stream.truncate(controller_file.MOST + 1)
    assert "cannot be read: it is larger than 16 MiB" in refused(path)


def test_a_plan_that_no_run_would_read_is_not_written(path, monkeypatch):
    monkeypatch.setattr(controller_file, "MOST", 1024)
    with pytest.raises(EdgesiteError, match="The plan is larger than 0 MiB, and no run would read it"):
        plan_store.write(path, PLAN)
    assert not os.path.exists(path)


OTHER_PLACE = "Set edgesite_plan_out to a file in a folder that exists and that the playbook's user can write to"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("no/plan.json", "No such file or directory"),
        ("folder", "it is a folder, a pipe or a device, and not a file"),
        ("pipe", "it is a folder, a pipe or a device, and not a file"),
        ("file/plan.json", "Not a directory"),
        ("x" * 300, "File name too long"),
    ],
)
def test_place_where_no_plan_can_be_written(tmp_path, name, why):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    path = str(tmp_path / name)
    told = "edgesite_plan_out {0} cannot be written: {1}. {2}.".format(path, why, OTHER_PLACE)
    for act in (plan_store.check_writable, lambda path: plan_store.write(path, PLAN)):
        with pytest.raises(EdgesiteError) as error:
            act(path)
        assert str(error.value) == told
    assert sorted(os.listdir(tmp_path)) == ["file", "folder", "pipe"]


def test_check_leaves_nothing_and_keeps_what_is_there(tmp_path, path):
    plan_store.check_writable(path)
    assert os.listdir(tmp_path) == []
    put(path, b"approved")
    plan_store.check_writable(path)
    assert content(path) == b"approved" and os.listdir(tmp_path) == ["plan.json"]


def test_everybody_may_read_it_and_only_its_owner_write(path):
    old = os.umask(0)
    try:
        plan_store.write(path, PLAN, KEY)
    finally:
        os.umask(old)
    assert os.stat(path).st_mode & 0o777 == 0o644 and KEY.encode() not in content(path)


def test_write_that_fails_keeps_the_old_plan(tmp_path, path, monkeypatch):
    plan_store.write(path, PLAN)
    before = content(path)
    with monkeypatch.context() as patched:

        def full(_descriptor):
            raise OSError(28, "No space left on device")

        patched.setattr(os, "fsync", full)
        with pytest.raises(EdgesiteError, match="cannot be written: No space left on device"):
            plan_store.write(path, plan())
    assert content(path) == before and os.listdir(tmp_path) == ["plan.json"]


def test_people_can_read_it(path):
    plan_store.write(path, PLAN)
    assert '"does": "{0}"'.format(BIG["does"]) in content(path).decode() and "«ü»" in content(path).decode()


@pytest.mark.parametrize(
    ("key", "sha256", "found"),
    [
        (KEY, None, Proof(KEY)),
        (KEY, "", Proof(KEY)),
        ("", "A" * 64, Proof("", "a" * 64)),
        (None, " " + "0" * 64 + "\n", Proof("", "0" * 64)),
        (KEY, "0" * 64, Proof(KEY, "0" * 64)),
    ],
)
def test_what_a_run_is_given(key, sha256, found):
    assert plan_proof.given(key, sha256) == found


class Vaulted:
    """As ansible-core 2.18 has a variable that is encrypted by itself, which is no str."""

    def __str__(self):
        return KEY


def test_a_key_may_be_in_a_vault():
    found = plan_proof.checked_key(Vaulted())
    assert found == KEY and isinstance(found, str)


NEW_KEY = "Set a text of at least 32 characters, such as that of 'openssl rand -hex 32'"
PRINTED = "Set it to what the plan run printed, which is what 'sha256sum FILE' prints on the machine of that run"


@pytest.mark.parametrize(
    ("key", "sha256", "told"),
    [
        (
            "",
            "",
            "edgesite_plan_file is set, but nothing that shows that the plan is the one that was approved. Set "
            "edgesite_plan_key to the key with which it was made, or edgesite_plan_sha256 to what its run printed.",
        ),
        (
            "horse",
            "",
            "edgesite_plan_key has 5 characters: whoever has a plan could guess it. {0}.".format(NEW_KEY),
        ),
        (5, "", "edgesite_plan_key is not text. {0}, in quotes.".format(NEW_KEY)),
        (
            KEY,
            "abc",
            "edgesite_plan_sha256 is 'abc', but has to be a SHA-256: 64 hexadecimal digits. {0}.".format(PRINTED),
        ),
        (
            "",
            "x" * 64,
            "edgesite_plan_sha256 is '{0}', but has to be a SHA-256: 64 hexadecimal digits. {1}.".format(
                "x" * 64, PRINTED
            ),
        ),
    ],
)
def test_what_a_run_cannot_be_given(key, sha256, told):
    with pytest.raises(EdgesiteError) as error:
        plan_proof.given(key, sha256)
    assert str(error.value) == told


@pytest.mark.parametrize("key", ["\ud800" * 32, "\0" * 32])
def test_key_that_no_file_can_hold(key):
    with pytest.raises(EdgesiteError, match="The option 'edgesite_plan_key' has text with"):
        plan_proof.checked_key(key)
