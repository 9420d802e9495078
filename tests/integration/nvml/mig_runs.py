# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module mig_layout thousands of times: its own code, in a process that has imported everything already."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import io
import json
import os
import shutil
import traceback
from pathlib import Path
from typing import Any, Callable, Dict, NamedTuple

from ansible.module_utils import basic
from ansible_collections.edgesite.gpu.plugins.module_utils.boot import unit
from ansible_collections.edgesite.gpu.plugins.module_utils.boot.host import unit as boot_backend
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import command, device_files, units
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.host import changed, lock
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.host.nvml import Nvml
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.host import drm, layer
from ansible_collections.edgesite.gpu.plugins.modules import mig_layout


class InProcess(Nvml):
    """NVML in this process: the module and its NVML are killed as one, and thousands of runs take less time."""

    def ask(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return function(self, *arguments)


class Run(NamedTuple):
    """How a run of the module ended. result: empty where it gave none; output: all that it printed."""

    result: Dict[str, Any]
    output: str

    @property
    def ok(self) -> bool:
        return bool(self.result) and not self.result.get("failed")


def prepare(library: Path) -> None:
    """Once in a process, which is then of use for nothing else."""
    # The linker's search path cannot change in a process, but a library that is loaded is found.
    ctypes.CDLL(str(library))
    # This machine is not the node: neither its journal, systemd and devices nor its /etc and /run are the module's.
    basic.AnsibleModule._log_invocation = lambda _module: None
    boot_backend.is_enabled = lambda _unit: False
    device_files.holders = lambda _minor: []
    device_files.holders_of = lambda _path: []
    drm.RECORD = os.path.join(_root(), "run", "unloaded-modules.json")
    for name in ("observe", "kernel", "apply"):
        setattr(drm, name, _of_node(getattr(drm, name)))
    mig_layout.NvmlProcess = InProcess
    layer.boot_unit = lambda *_wanted: unit.NONE
    command.find = lambda program: shutil.which(program, path=os.path.join(_root(), "bin"))
    units.RECORD = "/nonexistent"
    lock.held = contextlib.nullcontext
    basic._ANSIBLE_PROFILE = "legacy"
    # Else each forked child would import it.
    importlib.import_module("pynvml")
    # Forked children then share more with this process.
    gc.freeze()


def _root() -> str:
    """The folder in the place of the node's /."""
    return os.path.dirname(os.environ.get("NVMLSIM_SYS", "/nonexistent/sys"))


def _of_node(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *arguments, **options: function(*arguments, **{**options, "root": _root()})


def run(arguments: Dict[str, Any]) -> Run:
    """Runs the module on the node that NVMLSIM_STATE names."""
    printed = io.StringIO()
    changed.MIG = os.environ["NVMLSIM_STATE"] + ".changed"
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode()
            mig_layout.main()
        except SystemExit:
            pass
        except BaseException:
            traceback.print_exc()
    output = printed.getvalue()
    try:
        return Run(json.loads(output), output)
    except ValueError:
        return Run({}, output)


def is_killed(arguments: Dict[str, Any]) -> bool:
    """Runs the module in a child; whether a signal ends it."""
    pid = os.fork()
    if pid == 0:
        try:
            run(arguments)
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(pid, 0)[1])
