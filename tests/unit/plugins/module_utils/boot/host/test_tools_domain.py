# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import fcntl
import functools
import hashlib
import os
import zipfile
from types import SimpleNamespace

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.boot import tools
from ansible_collections.edgesite.gpu.plugins.module_utils.boot.host import tools as backend
from ansible_collections.edgesite.gpu.plugins.module_utils.boot.host import tools_domain
from ansible_collections.edgesite.gpu.plugins.module_utils.boot.host.tools_domain import HostToolsDomain
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import run_lock
from ansible_collections.edgesite.gpu.plugins.module_utils.converge import ApplyError, converge
from ansible_collections.edgesite.gpu.plugins.module_utils.site.host import look

CONTENT = {"__main__.py": b"print(1)"}
MANIFEST = {path: hashlib.sha256(data).hexdigest() for path, data in CONTENT.items()}


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    """A host of the test's own, on which the module is root."""
    place = str(tmp_path / "edgesite-gpu")
    for name in ("observe", "install", "remove"):
        monkeypatch.setattr(backend, name, functools.partial(getattr(backend, name), root=place))
    monkeypatch.setattr(backend, "_LOCK", str(tmp_path / "run" / "host-tools.lock"))
    monkeypatch.setattr(tools_domain, "os", SimpleNamespace(geteuid=lambda: 0))
    return place


@pytest.fixture
def archive(tmp_path):
    path = str(tmp_path / "archive.zip")
    with zipfile.ZipFile(path, "w") as packed:
        for name, data in CONTENT.items():
            packed.writestr(name, data)
    return path


@pytest.fixture(name="installed")
def fixture_installed(archive):
    return converge(HostToolsDomain(True, MANIFEST, archive), check=False)


def does(outcome):
    return [action["does"].rsplit(" ", 1)[0] for action in outcome.actions]


def test_second_run_changes_nothing(installed):
    assert does(installed) == ["install the host tools"] and installed.after["files"] == MANIFEST
    assert converge(HostToolsDomain(True, MANIFEST, None), check=False).actions == []


def test_check_foretells_what_is_then_there(root, archive):
    foretold = converge(HostToolsDomain(True, MANIFEST, None), check=True)
    assert not os.path.exists(root)
    assert foretold == converge(HostToolsDomain(True, MANIFEST, archive), check=False)


def test_removal_and_what_a_removal_left(installed, root):
    assert does(converge(HostToolsDomain(False, MANIFEST, None), check=False)) == ["remove the host tools"]
    os.makedirs(root + "/.new-half-done")
    (action,) = converge(HostToolsDomain(False, {}, None), check=False).actions
    assert action["does"] == "remove the host tools that are left over from an earlier run"
    assert converge(HostToolsDomain(False, {}, None), check=False).actions == []


def test_tools_that_nobody_named_are_not_removed(installed):
    with pytest.raises(EdgesiteError, match="manifest.*is empty"):
        HostToolsDomain(True, {}, None)


@pytest.mark.parametrize(
    ("manifest", "problem"),
    [
        ({"__main__.py": "0" * 64}, "__main__.py differs from what was sent"),
        ({"other.py": "0" * 64}, "'__main__.py', which"),
    ],
)
def test_wrong_archive_changes_nothing_and_says_so(installed, archive, manifest, problem):
    with pytest.raises(ApplyError) as failed:
        converge(HostToolsDomain(True, manifest, archive), check=False)
    assert problem in str(failed.value) and "Nothing was changed." in str(failed.value) and failed.value.undone
    assert converge(HostToolsDomain(True, MANIFEST, None), check=False).actions == []


def test_first_installation_that_fails_leaves_a_host_without_tools(root, archive, monkeypatch):
    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ApplyError, match="No space left on device.*Nothing was changed.*free disk space"):
        converge(HostToolsDomain(True, MANIFEST, archive), check=False)
    assert not os.path.exists(root) or os.listdir(root) == []


def test_archive_that_did_not_arrive():
    with pytest.raises(EdgesiteError, match="did not arrive"):
        converge(HostToolsDomain(True, MANIFEST, None), check=False)


def test_installing_needs_root(monkeypatch, archive):
    monkeypatch.setattr(tools_domain, "os", SimpleNamespace(geteuid=lambda: 1000))
    with pytest.raises(EdgesiteError, match="needs root.*become: true"):
        converge(HostToolsDomain(True, MANIFEST, archive), check=False)


def test_tools_in_use_stay(installed, root):
    running = os.open(root + "/current", os.O_RDONLY)
    fcntl.flock(running, fcntl.LOCK_SH)
    with pytest.raises(
        ApplyError, match="a program is still running from.*Nothing was changed.*Run again once it has finished"
    ):
        converge(HostToolsDomain(False, {}, None), check=False)
    os.close(running)


def test_run_that_installs_for_ever_does_not_hold_up_the_next(archive, monkeypatch):
    monkeypatch.setattr(backend, "_SECONDS", 0.0)
    with run_lock.held(backend._LOCK, "", "", 0.0), pytest.raises(EdgesiteError, match="has been installing the host"):
        converge(HostToolsDomain(True, MANIFEST, archive), check=False)


def damage(root, what):
    """What somebody did to the tools."""
    folders = [folder for folder, _below, names in os.walk(root) if "__main__.py" in names]
    for folder in folders:
        path = os.path.join(folder, "__main__.py")
        if what == "lost":
            os.unlink(path)
        elif what == "changed":
            with open(path, "w", encoding="utf-8") as stream:
                stream.write("print(2)")


@pytest.mark.parametrize("what", ["none", "lost", "changed", "as it was"])
def test_look_at_a_host_says_what_the_task_does(root, archive, what):
    if what != "none":
        converge(HostToolsDomain(True, MANIFEST, archive), check=False)
        damage(root, what)
    told = look._of_tools(tools.version_of(MANIFEST))["actions"]
    done = converge(HostToolsDomain(True, MANIFEST, archive), check=False).actions
    assert told == done and bool(done) is (what != "as it was")
    assert look._of_tools(tools.version_of(MANIFEST))["actions"] == []
