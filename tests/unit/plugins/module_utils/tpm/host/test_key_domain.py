# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""tpm_key on a TPM that swtpm emulates: in every trouble of a TPM, nothing half done and nothing left loaded."""

from __future__ import annotations

import getpass
import grp
import os
import stat

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.converge import ApplyError, converge
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm.host.key_domain import TpmKeyDomain
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm.host.tools import Tools
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm.key import STORAGE_KEY, Access, Wanted
from ansible_collections.edgesite.gpu.tests.unit import tpm_emulator

HANDLE = 0x81000010
ME, MINE = getpass.getuser(), grp.getgrgid(os.getgid()).gr_name


@pytest.fixture
def key(emulator, module_run, tmp_path, monkeypatch):
    """Converges a key. It is in a file where not said otherwise."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)

    def converged(tpm=emulator, check=False, owner_auth=None, mode=0o600, **options):
        wanted = dict(present=True, kind="ecc_p256", path=str(tmp_path / "keys/key.pem"), handle=None)
        wanted.update(dict(regenerate="never", access=Access(ME, MINE, mode)), **options)
        domain = TpmKeyDomain(lambda: Tools(module_run, tpm.tcti, patience=0.0), Wanted(**wanted), owner_auth)
        try:
            return converge(domain, check)
        finally:
            assert not tpm.started or tpm.left() == []

    return converged


def does(outcome):
    return [action["does"].split(",")[0] for action in outcome.actions]


def test_key_in_a_file(key, emulator, tmp_path):
    made = key()
    assert does(made) == ["create the TPM's storage key at 0x81000001", "create a key of type ecc_p256 in the TPM"]
    assert made.extras["type"] == "ecc_p256" and len(made.extras["name"]) == 68
    path = tmp_path / "keys/key.pem"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(str(path.parent)) == ["key.pem"]
    again = key()
    assert again.actions == [] and again.extras == made.extras
    assert does(key(mode=0o640)) == ["change {0} from {1}:{2} 0600 to {1}:{2} 0640".format(path, ME, MINE)]
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    emulator.stop()
    emulator.start()
    assert key(mode=0o640).extras["name"] == made.extras["name"]
    assert does(key(present=False)) == ["remove {0}".format(path)]
    assert not path.exists()
    assert key(present=False).actions == []


def test_check_mode_makes_nothing(key, emulator, tmp_path):
    foreseen = key(check=True, handle=HANDLE)
    assert len(foreseen.actions) == 3
    assert foreseen.extras["public"] is None and foreseen.extras["name"] is None
    assert emulator.handles("persistent") == []
    assert not (tmp_path / "keys").exists()


def test_key_at_a_handle(key, emulator):
    made = key(path=None, handle=HANDLE, kind="rsa2048")
    assert made.extras["type"] == "rsa2048" and made.extras["handle"] == "0x81000010"
    assert key(path=None, handle=HANDLE, kind="rsa2048").actions == []
    # as TLS 1.3 has it, and as requests have it
    for scheme in ("rsapss", "rsassa"):
        emulator.tool(
            "tpm2_sign", "-Q", "-c", "0x81000010", "-g", "sha256", "-s", scheme, "-o", "/dev/stdout", data=b"x"
        )
    with pytest.raises(EdgesiteError, match="type rsa2048, but ecc_p256 is wanted"):
        key(path=None, handle=HANDLE)
    changed = key(path=None, handle=HANDLE, regenerate="always")
    assert changed.extras["type"] == "ecc_p256"
    key(path=None, handle=HANDLE, present=False)
    assert emulator.handles("persistent") == [STORAGE_KEY]


def test_key_in_both_places(key, emulator):
    made = key(handle=HANDLE)
    assert made.after["handle"]["name"] == made.after["path"]["name"] == made.extras["name"]
    assert key(handle=HANDLE).actions == []
    renewed = key(handle=HANDLE, regenerate="always")
    assert renewed.after["handle"]["name"] == renewed.extras["name"] != made.extras["name"]
    # as where the run was killed before its last step
    emulator.tool("tpm2_evictcontrol", "-Q", "-C", "o", "-c", "0x81000010")
    assert does(key(handle=HANDLE)) == ["keep the key in the TPM at 0x81000010"]


def test_key_of_another_tpm(key, tmp_path):
    made = key()
    with tpm_emulator.powered(tmp_path / "other") as other:
        with pytest.raises(EdgesiteError, match="the TPM was cleared, or is another one") as refused:
            key(other)
        assert "regenerate: unusable" in refused.value.fix
        key(other, path=str(tmp_path / "new.pem"))
        with pytest.raises(EdgesiteError, match="it belongs to another TPM"):
            key(other)
        renewed = key(other, regenerate="unusable")
        assert renewed.extras["name"] != made.extras["name"]
        assert key(other, regenerate="unusable").actions == []


def test_cleared_tpm(key, emulator):
    key(handle=HANDLE)
    emulator.tool("tpm2_clear", "-Q", "-c", "p")
    with pytest.raises(EdgesiteError, match="the TPM was cleared"):
        key(handle=HANDLE)
    assert len(key(handle=HANDLE, regenerate="unusable").actions) == 3
    assert key(handle=HANDLE).actions == []


def test_damaged_file(key, tmp_path):
    key()
    (tmp_path / "keys/key.pem").write_text("nothing")
    with pytest.raises(EdgesiteError, match="is not a TPM key"):
        key()
    assert len(key(regenerate="unusable").actions) == 1


def test_lockout(key, emulator):
    made = key()
    emulator.lock_out()
    assert key().actions == []
    assert key(regenerate="always").extras["name"] != made.extras["name"]


def test_no_slot_is_free(module_run, emulator, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    context = str(tmp_path / "context")
    for _number in range(3):
        emulator.tool("tpm2_createprimary", "-Q", "-C", "o", "-G", "ecc", "-c", context)
    others = emulator.left()
    wanted = Wanted(True, "ecc_p256", str(tmp_path / "key.pem"), None, "never", Access(ME, MINE, 0o600))
    with pytest.raises(EdgesiteError, match="slots for loaded keys are taken"):
        converge(TpmKeyDomain(lambda: Tools(module_run, emulator.tcti), wanted, None), False)
    assert emulator.left() == others
    emulator.tool("tpm2_flushcontext", others[0])
    emulator.tool("tpm2_flushcontext", others[1])
    assert len(converge(TpmKeyDomain(lambda: Tools(module_run, emulator.tcti), wanted, None), False).actions) == 2
    assert emulator.left() == others[2:]


def test_owner_password(key, emulator, tmp_path):
    emulator.tool("tpm2_changeauth", "-Q", "-c", "o", "secret")
    for wrong in (None, "other"):
        with pytest.raises(ApplyError, match="owner password is set") as failed:
            key(owner_auth=wrong)
        assert failed.value.undone
    assert len(key(owner_auth="secret", handle=HANDLE).actions) == 3
    # the storage key is there now, and a key in a file needs no more
    assert len(key(path=str(tmp_path / "other.pem")).actions) == 1


def test_no_room_for_a_handle(key, emulator, tmp_path):
    made = key()
    emulator.fill()
    with pytest.raises(ApplyError, match="no room left") as failed:
        key(path=None, handle=HANDLE)
    assert failed.value.undone and "set path and no handle" in failed.value.fix
    with pytest.raises(ApplyError, match="undone; the host is as it was"):
        key(handle=HANDLE, regenerate="always")
    assert key().extras["name"] == made.extras["name"]


def test_file_that_cannot_be_written(key, emulator, tmp_path):
    (tmp_path / "keys").write_text("no folder")
    with pytest.raises(EdgesiteError, match="keys/key.pem"):
        key()
    with pytest.raises(ApplyError, match="undone") as failed:
        key(path="/proc/key.pem")
    assert failed.value.undone
    assert emulator.handles("persistent") == []


def test_unknown_group(key, emulator):
    with pytest.raises(EdgesiteError, match="group 'nobody-has-it' is not a group of this host"):
        key(access=Access(ME, "nobody-has-it", 0o600))
    # a group that an earlier task would make
    assert key(access=Access(ME, "nobody-has-it", 0o600), check=True).actions


def test_tpm_that_was_not_started(key, emulator):
    emulator.stop()
    emulator.start(flags="not-need-init")
    with pytest.raises(EdgesiteError, match="was not started"):
        key()
