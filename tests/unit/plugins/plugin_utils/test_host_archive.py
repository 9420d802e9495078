# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import subprocess
import sys

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.backends import host_tools as backend
from ansible_collections.edgesite.gpu.plugins.module_utils.core import host_tools
from ansible_collections.edgesite.gpu.plugins.module_utils.core.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.plugin_utils import host_archive


@pytest.fixture(name="tools")
def fixture_tools(tmp_path):
    """Installs files as host tools below a folder of the test's own."""

    class Tools:
        root = str(tmp_path / "edgesite-gpu")

        def install(self, content):
            manifest = host_archive.manifest(content)
            archive = tmp_path / "archive.zip"
            archive.write_bytes(host_archive.archive(content))
            backend.install(str(archive), host_tools.version_of(manifest), manifest, self.root)
            return manifest

    return Tools()


def test_installed_files_are_the_manifests(tools):
    manifest = tools.install({"__main__.py": b"print('one')", "a/b.py": b""})
    observed = backend.observe(tools.root)
    assert observed.files == manifest
    assert observed.version == host_tools.version_of(manifest)
    assert host_tools.plan(manifest, observed) == []


def test_new_version_replaces_the_old_one_and_leaves_nothing(tools):
    tools.install({"__main__.py": b"print('one')"})
    manifest = tools.install({"__main__.py": b"print('two')"})
    assert sorted(os.listdir(tools.root)) == sorted([".lock", "current", host_tools.version_of(manifest)])
    printed = subprocess.run([sys.executable, tools.root + "/current"], stdout=subprocess.PIPE, check=True).stdout
    assert printed == b"two\n"


def test_changed_file_is_found_and_mended(tools):
    content = {"__main__.py": b"print('one')"}
    manifest = tools.install(content)
    with open(tools.root + "/current/__main__.py", "a", encoding="utf-8") as stream:
        stream.write("print('evil')")
    assert host_tools.plan(manifest, backend.observe(tools.root))
    tools.install(content)
    assert host_tools.plan(manifest, backend.observe(tools.root)) == []


def test_damaged_archive_changes_nothing(tools, tmp_path):
    manifest = tools.install({"__main__.py": b"print('one')"})
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(host_archive.archive({"__main__.py": b"other"}))
    with pytest.raises(EdgesiteError, match="arrived damaged"):
        backend.install(str(damaged), "x", {"__main__.py": "0" * 64}, tools.root)
    damaged.write_bytes(b"no archive")
    with pytest.raises(EdgesiteError, match="cannot install"):
        backend.install(str(damaged), "x", {}, tools.root)
    assert backend.observe(tools.root).files == manifest
    assert len(os.listdir(tools.root)) == 3


def test_removed_tools_are_gone(tools):
    tools.install({"__main__.py": b""})
    backend.remove(tools.root)
    assert backend.observe(tools.root) == host_tools.State({}, None)
    with pytest.raises(EdgesiteError, match="cannot remove"):
        backend.remove(tools.root)


def test_packed_tools_run_on_their_own(tools):
    tools.install(host_archive.files())
    ran = subprocess.run(
        [sys.executable, "-I", tools.root + "/current"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False
    )
    assert ran.returncode == 1
    assert b"usage: VERB CONFIG, VERB is one of: mig, settings" in ran.stderr


def test_archive_can_be_imported_from_without_unpacking(tmp_path):
    path = tmp_path / "host-tools.zip"
    path.write_bytes(host_archive.archive(host_archive.files()))
    code = "import sys; sys.path.insert(0, sys.argv[1]); import pynvml; print(pynvml.__file__)"
    printed = subprocess.run([sys.executable, "-I", "-c", code, str(path)], stdout=subprocess.PIPE, check=True).stdout
    assert printed.decode().startswith(str(path))
