# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host tools as one archive: this collection's module_utils with the boot program, and pynvml."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import os
import zipfile
from collections.abc import Iterable
from pathlib import PurePosixPath

from ansible.errors import AnsibleActionFail

PACKAGE = "ansible_collections/edgesite/gpu/plugins/module_utils"
# Their __main__.py
_MAIN = "site/host/tools_main.py"


def files(without_pynvml: bool = False) -> dict[str, bytes]:
    """Content of each file of the host tools, by its path below their folder.

    without_pynvml: whether they may lack it, where the controller has none.
    """
    source = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "module_utils")
    found = {"__main__.py": _read(os.path.join(source, _MAIN)), **(pynvml() if without_pynvml else _required(pynvml()))}
    for folder, _folders, names in os.walk(source):
        below = os.path.relpath(folder, source)
        for name in sorted(name for name in names if name.endswith(".py")):
            found[os.path.normpath(os.path.join(PACKAGE, below, name))] = _read(os.path.join(folder, name))
    return {**found, **_packages(found)}


def _packages(found: Iterable[str]) -> dict[str, bytes]:
    """What makes packages of the folders: at each import in a folder without it, Python looks through all above it."""
    folders = {str(folder) for path in found for folder in PurePosixPath(path).parents} - {"."}
    return {folder + "/__init__.py": b"" for folder in folders}


def manifest(content: dict[str, bytes]) -> dict[str, str]:
    """SHA-256 of each file, by its path."""
    return {path: hashlib.sha256(data).hexdigest() for path, data in sorted(content.items())}


def archive(content: dict[str, bytes]) -> bytes:
    """The files as a zip archive, which Python can also import from."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for path, data in sorted(content.items()):
            packed.writestr(path, data)
    return buffer.getvalue()


def pynvml() -> dict[str, bytes]:
    """The controller's pynvml, as files() gives it; empty where it has none."""
    spec = importlib.util.find_spec("pynvml")
    origin = spec.origin if spec else None
    # Old releases made pynvml a package; those are too old to be of use.
    return {"pynvml.py": _read(origin)} if origin and os.path.basename(origin) == "pynvml.py" else {}


def _required(found: dict[str, bytes]) -> dict[str, bytes]:
    if not found:
        raise AnsibleActionFail(
            "The controller has no pynvml to send to the hosts. Install it alongside ansible-core: pip install "
            "nvidia-ml-py"
        )
    return found


def _read(path: str) -> bytes:
    with open(path, "rb") as stream:
        return stream.read()
