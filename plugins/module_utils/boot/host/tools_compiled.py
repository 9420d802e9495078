# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The compiled code beside the host tools, so that they start fast, and what tells it from code that was put there.

Compiled on the host, since only its Python knows the format, and at once with the installation: Python itself must not
write into a folder that is compared with what it has to hold.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import marshal
import sys
from typing import Dict

from ...common.errors import EdgesiteError
from ..tools import Manifest

# In a version's folder: SHA-256 of the compiled code there.
RECORD = ".compiled.json"

# Valid for a source by its content: a backup that sets other times does not turn the code stale.
_CHECKED_BY_HASH = (0b11).to_bytes(4, "little")


def with_compiled(content: Dict[str, bytes]) -> Dict[str, bytes]:
    """The files, their compiled code, and the record of that. Raises EdgesiteError for what this Python cannot run."""
    compiled = {_place(path): _compile(path, source) for path, source in content.items()}
    digests = {path: hashlib.sha256(data).hexdigest() for path, data in compiled.items()}
    return {**content, **compiled, RECORD: json.dumps(digests, indent=1, sort_keys=True).encode()}


def counted(found: Manifest, record: Manifest) -> Manifest:
    """What was found in a version's folder, without the record and the compiled code that is as recorded.

    Where some of that is missing the record counts, so that the folder differs from what it has to hold.
    """
    intact = {path for path, digest in record.items() if found.get(path) == digest and "__pycache__/" in path}
    if record and len(intact) == len(record):
        intact.add(RECORD)
    return {path: digest for path, digest in found.items() if path not in intact}


def _place(path: str) -> str:
    # By hand, as importlib's answer follows the environment of this process.
    folder, _slash, name = path.rpartition("/")
    compiled = "__pycache__/{0}.{1}.pyc".format(name[: -len(".py")], sys.implementation.cache_tag)
    return folder + "/" + compiled if folder else compiled


def _compile(path: str, source: bytes) -> bytes:
    try:
        code = compile(source, path, "exec", dont_inherit=True, optimize=0)
    except (SyntaxError, ValueError) as error:
        raise EdgesiteError(
            "{0} of the host tools cannot run on Python {1}: {2}".format(path, sys.version.split()[0], error),
            "Set ansible_python_interpreter to a newer Python of this host, or install another release of nvidia-ml-py "
            "on the controller",
        ) from error
    return importlib.util.MAGIC_NUMBER + _CHECKED_BY_HASH + importlib.util.source_hash(source) + marshal.dumps(code)
