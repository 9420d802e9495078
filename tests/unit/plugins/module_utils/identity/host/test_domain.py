# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of a host's identity: written in steps that leave a whole pair in use, whatever happens."""

from __future__ import annotations

import errno
import os

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.boot.host import ready
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import owned_files
from ansible_collections.edgesite.gpu.plugins.module_utils.converge import ApplyError, converge
from ansible_collections.edgesite.gpu.plugins.module_utils.identity.host.domain import IdentityStoreDomain
from ansible_collections.edgesite.gpu.plugins.module_utils.identity.store import Wanted
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm import der, tss2_pem
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm import public as tpm_public
from ansible_collections.edgesite.gpu.tests.unit.places import FIXTURES
from hypothesis import given
from hypothesis import strategies as st

PUBLIC = {slot: (FIXTURES / "tpm" / name).read_bytes() for slot, name in (("a", "key-ecc.pub"), ("b", "key-rsa.pub"))}
KEYS = {slot: tss2_pem.encode(tss2_pem.KeyFile(public, b"x", 0x40000001)) for slot, public in PUBLIC.items()}


def cert(slot, serial=1):
    """As much of a certificate for the slot's key as tells whose it is."""
    empty = der.sequence()
    before_key = (der.integer(serial), empty, empty, empty, empty)
    signed = der.sequence(*before_key, tpm_public.parse(PUBLIC[slot]).spki)
    return der.pem("CERTIFICATE", der.sequence(signed, empty, der.bits(b"")))


TEXT = st.sampled_from([None, "one", "two\n"])
SHARED = {"trust": TEXT, "crl": TEXT}
WANTED = st.builds(Wanted, slot=st.none(), certificate=st.none(), chain=st.just(""), **SHARED) | st.sampled_from(
    "ab"
).flatmap(
    lambda slot: st.builds(
        Wanted,
        slot=st.just(slot),
        certificate=st.sampled_from([cert(slot, 1), cert(slot, 2).rstrip()]),
        chain=st.sampled_from(["", "chain"]),
        **SHARED,
    )
)


@pytest.fixture(autouse=True)
def as_root(monkeypatch):
    monkeypatch.setattr(ready.os, "geteuid", lambda: 0)


@pytest.fixture
def folder(tmp_path):
    return make(tmp_path)


def make(path):
    for slot in "ab":
        (path / slot).mkdir(parents=True)
        (path / slot / "key.pem").write_text(KEYS[slot])
    return path


def run(folder, check=False, **wanted):
    return converge(IdentityStoreDomain(str(folder), Wanted(**wanted)), check)


def content(folder):
    """All files and links."""
    found = {}
    for place, _folders, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            shown = os.readlink(path) if os.path.islink(path) else open(path, encoding="utf-8").read()  # noqa: SIM115
            found[os.path.relpath(path, folder)] = shown
    if os.path.islink(os.path.join(folder, "current")):
        found["current"] = os.readlink(os.path.join(folder, "current"))
    return found


def test_certificate_comes_into_use(folder):
    outcome = run(folder, slot="a", certificate=cert("a").rstrip(), chain="chain", trust="root")
    assert content(folder) == {
        "a/key.pem": KEYS["a"],
        "b/key.pem": KEYS["b"],
        "a/cert.pem": cert("a"),
        "a/chain.pem": "chain\n",
        "a/fullchain.pem": cert("a") + "chain\n",
        "trust.pem": "root\n",
        "current": "a",
    }
    assert outcome.extras["active"] == "a"
    assert outcome.actions[-1]["does"] == "use the key and certificate in slot a"


def test_reading_changes_nothing(folder):
    run(folder, slot="b", certificate=cert("b"))
    before = content(folder)
    outcome = run(folder)
    assert not outcome.actions and content(folder) == before
    assert outcome.extras["slots"]["b"]["certificate"] == cert("b") and outcome.extras["slots"]["b"]["key"]


def test_slot_without_a_key_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(EdgesiteError, match="Slot a has no key.pem"):
        run(tmp_path, slot="a", certificate=cert("a"), trust="root")
    assert content(tmp_path) == {}


@pytest.mark.parametrize(
    ("certificate", "words"),
    [
        (cert("b"), "not for the key in slot a"),
        ("nonsense", "cannot be read"),
        (cert("b") + cert("a"), "exactly one PEM block"),
        (None, "no certificate"),
    ],
)
def test_certificate_of_another_key_is_refused_before_anything_is_written(folder, certificate, words):
    """Another run may have made a new key between."""
    before = content(folder)
    with pytest.raises(EdgesiteError, match=words):
        run(folder, slot="a", certificate=certificate, trust="root")
    assert content(folder) == before


@pytest.mark.parametrize("name", ["a/fullchain.pem", "a/cert.pem", "a/chain.pem"])
def test_what_was_broken_off_between_two_files_is_finished(folder, name):
    run(folder, slot="a", certificate=cert("a"), chain="chain")
    whole = content(folder)
    (folder / name).write_text("half")
    run(folder, slot="a", certificate=cert("a"), chain="chain")
    assert content(folder) == whole


def test_full_chain_follows_the_certificate_in_use(folder):
    run(folder, slot="a", certificate=cert("a"), chain="chain")
    (folder / "a" / "fullchain.pem").unlink()
    run(folder)
    assert content(folder)["a/fullchain.pem"] == cert("a") + "chain\n"


@pytest.mark.parametrize("name", ["a/cert.pem", "a/fullchain.pem", "current"])
def test_full_disk_leaves_the_pair_before_in_use(folder, monkeypatch, name):
    run(folder, slot="b", certificate=cert("b"), chain="old chain", trust="root")
    before = content(folder)
    real = os.rename

    def rename(source, target):
        if target.endswith(name):
            raise OSError(errno.ENOSPC, "No space left on device")
        real(source, target)

    monkeypatch.setattr(owned_files.os, "rename", rename)
    with pytest.raises(ApplyError, match="No space left on device.*[Ff]ree disk space") as caught:
        run(folder, slot="a", certificate=cert("a"), chain="new chain")
    assert caught.value.undone
    assert {path: text for path, text in content(folder).items() if not path.endswith(".new")} == before
    monkeypatch.undo()
    monkeypatch.setattr(ready.os, "geteuid", lambda: 0)
    assert run(folder, slot="a", certificate=cert("a"), chain="new chain").extras["active"] == "a"


def test_something_else_in_the_place_of_the_link(folder):
    (folder / "current").mkdir()
    with pytest.raises(EdgesiteError, match="current has to be a symbolic link, but cannot be read as one"):
        run(folder)


@given(first=WANTED, then=WANTED)
def test_second_run_changes_nothing_and_check_tells_what_is_done(tmp_path_factory, first, then):
    folder = make(tmp_path_factory.mktemp("identity") / "id")
    run(folder, **first._asdict())
    foreseen = run(folder, check=True, **then._asdict())
    done = run(folder, **then._asdict())
    assert (foreseen.actions, foreseen.after) == (done.actions, done.after)
    assert not run(folder, **then._asdict()).actions
