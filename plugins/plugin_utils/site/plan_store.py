# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file on the controller that keeps a plan."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import stat
from typing import Any, Dict, Mapping

from ...module_utils.common.errors import EdgesiteError
from ...module_utils.site import plan_file, plan_shape
from .. import controller_file
from . import plan_proof
from .plan_proof import Proof

_SHAPE = {**plan_shape.PLAN, plan_proof.NAME: plan_shape.DIGEST}


def check_writable(path: str) -> None:
    """Raises where no plan could be written there, before any host is asked for one."""
    try:
        _check_place(path)
        os.close(_draft(path))
        os.unlink(_draft_of(path))
    except OSError as error:
        raise _unwritable(path, error) from error


def write(path: str, document: Mapping[str, Any], key: str = "") -> str:
    """Writes a plan, so that a reader or a crash sees all of it or nothing. Returns the file's SHA-256.

    It has no secrets, and whoever approves it may be another user.
    """
    content = rendered(plan_proof.sealed(document, key))
    if len(content) > controller_file.MOST:
        raise EdgesiteError(
            "The plan is larger than {0} MiB, and no run would read it".format(controller_file.MOST // 1024 // 1024),
            "Make several plans, each for a part of the site: --limit GROUP -e edgesite_plan_out=GROUP.json",
        )
    try:
        _check_place(path)
        _replace(path, content)
    except OSError as error:
        raise _unwritable(path, error) from error
    return plan_proof.sha256(content)


def read(path: str, proof: Proof) -> Dict[str, Any]:
    """The plan in a file. Raises EdgesiteError where it is not the one that was approved, byte by byte."""
    content = _content(path)
    plan_proof.check_bytes(content, path, proof)
    document = _parsed(path, content)
    _check_schema(path, document)
    _check_shape(path, document)
    if _written(document) != content:
        raise EdgesiteError("The plan {0} is not as the plan run wrote it: it was changed".format(path), new_plan(path))
    plan_proof.check_document(document, path, proof)
    return {name: value for name, value in document.items() if name != plan_proof.NAME}


def rendered(document: Mapping[str, Any]) -> bytes:
    """As people read it, and as a version control system shows its changes."""
    text = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode("utf-8")


def new_plan(path: str) -> str:
    """What to do about a plan that cannot be applied."""
    command = "ansible-playbook edgesite.gpu.plan -i INVENTORY -e edgesite_plan_out={0}"
    return "Make a new plan: {0}".format(command.format(shlex.quote(path)))


def _content(path: str) -> bytes:
    try:
        return controller_file.read(path)
    except (OSError, ValueError) as error:
        raise EdgesiteError(
            "edgesite_plan_file {0} cannot be read: {1}".format(path, getattr(error, "strerror", None) or error),
            "Set edgesite_plan_file to the file that edgesite_plan_out of the plan run named",
        ) from error


def _parsed(path: str, content: bytes) -> Dict[str, Any]:
    try:
        document = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise EdgesiteError(
            "{0} (edgesite_plan_file) is not a whole plan: it is not JSON, or ends too early".format(path),
            new_plan(path),
        ) from error
    if not isinstance(document, dict) or not {"schema", "hosts"} <= set(document):
        raise EdgesiteError(
            "{0} (edgesite_plan_file) is no plan: it has no schema or no hosts".format(path),
            "Set edgesite_plan_file to the file that edgesite_plan_out of the plan run named",
        )
    return document


def _check_schema(path: str, document: Mapping[str, Any]) -> None:
    schema = document["schema"]
    if type(schema) is int and schema > plan_file.SCHEMA:
        raise EdgesiteError(
            "The plan {0} was made by a newer version of edgesite.gpu: its schema is {1}, and this version reads "
            "{2}".format(path, "a huge number" if schema > 999 else schema, plan_file.SCHEMA),
            "Update the collection on this controller (ansible-galaxy collection install --upgrade edgesite.gpu), or "
            "make a new plan on it",
        )


def _check_shape(path: str, document: Mapping[str, Any]) -> None:
    shape = _SHAPE if plan_proof.NAME in document else plan_shape.PLAN
    flaw = plan_shape.flaw(document, shape)
    if not flaw and document["schema"] != plan_file.SCHEMA:
        flaw = "schema is not {0}".format(plan_file.SCHEMA)
    if flaw:
        raise EdgesiteError("The plan {0} was changed: {1}".format(path, flaw), new_plan(path))


def _written(document: Mapping[str, Any]) -> bytes:
    """Empty for what no file can hold, such as half a character."""
    try:
        return rendered(document)
    except ValueError:
        return b""


def _check_place(path: str) -> None:
    if os.path.exists(path) and not stat.S_ISREG(os.stat(path).st_mode):
        raise OSError(0, "it is a folder, a pipe or a device, and not a file")


def _replace(path: str, content: bytes) -> None:
    try:
        with open(_draft(path), "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.rename(_draft_of(path), path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(_draft_of(path))
        raise


def _draft(path: str) -> int:
    """Opens the new file beside the old one; no link is followed."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(_draft_of(path))
    return os.open(_draft_of(path), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)


def _draft_of(path: str) -> str:
    """Of this run alone, as another one may write there too."""
    return "{0}.{1}.draft".format(path, os.getpid())


def _unwritable(path: str, error: OSError) -> EdgesiteError:
    return EdgesiteError(
        "edgesite_plan_out {0} cannot be written: {1}".format(path, error.strerror),
        "Set edgesite_plan_out to a file in a folder that exists and that the playbook's user can write to",
    )
