# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import subprocess
import sys

from ansible_collections.edgesite.gpu.plugins.module_utils.boot import tools
from ansible_collections.edgesite.gpu.plugins.module_utils.boot.host import tools as backend
from ansible_collections.edgesite.gpu.plugins.plugin_utils import host_archive


def test_packed_files_are_taken_whole(tmp_path):
    content = host_archive.files()
    archive, root = tmp_path / "archive.zip", str(tmp_path / "edgesite-gpu")
    archive.write_bytes(host_archive.archive(content))
    manifest = host_archive.manifest(content)
    backend.install(str(archive), tools.version_of(manifest), manifest, root)
    assert tools.plan(manifest, backend.observe(root)) == []


def test_packed_files_have_no_name_of_a_module_of_pythons():
    tops = {path.split("/")[0] for path in host_archive.files()}
    assert tops == {"__main__.py", "pynvml.py", "ansible_collections"}


def test_archive_can_be_imported_from_without_unpacking(tmp_path):
    path = tmp_path / "host-tools.zip"
    path.write_bytes(host_archive.archive(host_archive.files()))
    code = "import sys; sys.path.insert(0, sys.argv[1]); import pynvml; print(pynvml.__file__)"
    printed = subprocess.run([sys.executable, "-I", "-c", code, str(path)], stdout=subprocess.PIPE, check=True).stdout
    assert printed.decode().startswith(str(path))
