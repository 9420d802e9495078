# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What NVML's return codes mean to a user. Codes and names: nvml.h, enum nvmlReturn_t."""

from __future__ import annotations

from typing import NamedTuple

from ..common.errors import EdgesiteError


class Meaning(NamedTuple):
    """A return code in words: status for programs, problem and fix for people."""

    status: str
    problem: str
    fix: str


# Not of NVML's own
PYNVML_MISSING = -1
NOT_ANSWERING = -2
CRASHED = -3

_LOOK = "Look for 'NVRM' and 'Xid' in dmesg on the host; if nvidia-smi does not answer there either, reboot the host"

_MEANINGS = {
    PYNVML_MISSING: Meaning(
        "pynvml_missing",
        "Python's NVML binding (pynvml) is neither on this host nor on the controller, or too old",
        "Install it on the controller (pip install nvidia-ml-py, with --upgrade if it is there); it is sent to the "
        "hosts from there",
    ),
    NOT_ANSWERING: Meaning("not_answering", "The NVIDIA driver does not answer", _LOOK),
    CRASHED: Meaning("crashed", "The NVIDIA driver's library crashed", _LOOK),
    1: Meaning("uninitialized", "NVML was shut down in the middle of the run", "Run the playbook again"),
    2: Meaning(
        "invalid_argument",
        "NVML refused a value as invalid",
        "Compare the value with the card's own ranges (nvidia-smi -q)",
    ),
    3: Meaning(
        "not_supported", "This GPU or its driver does not support it", "Name only other GPUs in gpus for this option"
    ),
    4: Meaning("no_permission", "NVML refused for lack of permission", "Run the task as root (become: true)"),
    6: Meaning("not_found", "NVML no longer finds the object", "Run the playbook again"),
    8: Meaning("insufficient_power", "A GPU lacks external power", "Check the power cables of the card"),
    9: Meaning(
        "driver_not_loaded",
        "The NVIDIA driver is installed but its kernel module is not loaded",
        "Load it: run 'modprobe nvidia' on the host, and 'dmesg | grep -i nvrm' if that fails; "
        "after a kernel update the module may be missing for the running kernel",
    ),
    10: Meaning("timeout", "NVML timed out", "Run again; 'dmesg | grep -i nvrm' on the host shows Xid errors"),
    11: Meaning(
        "irq_issue", "The kernel reports an interrupt problem with a GPU", "Run 'dmesg | grep -i nvrm' on the host"
    ),
    12: Meaning(
        "library_not_found",
        "The NVIDIA driver is not installed on this host (libnvidia-ml.so.1 not found)",
        "Install the NVIDIA driver (set driver_branch), or remove the variables of the GPU layers for this host",
    ),
    13: Meaning(
        "function_not_found",
        "The installed NVIDIA driver is too old for this call",
        "Install a newer driver branch, or remove the option",
    ),
    15: Meaning(
        "gpu_is_lost",
        "The GPU has fallen off the bus or is otherwise inaccessible",
        "Look for Xid 79 in 'dmesg | grep -i nvrm' on the host; reboot it, and reseat or replace the card if it "
        "happens again",
    ),
    16: Meaning(
        "reset_required", "The GPU needs a reset first", "Run 'nvidia-smi --gpu-reset' on the host, or reboot it"
    ),
    17: Meaning("operating_system", "The operating system blocked the GPU", "Run 'dmesg | grep -i nvrm' on the host"),
    18: Meaning(
        "lib_rm_version_mismatch",
        "The loaded NVIDIA kernel module and the driver's libraries have different versions",
        "Reload the module or reboot the host: an update replaced the files under the running driver; with "
        "driver_branch set, 'ansible-playbook edgesite.gpu.site -i INVENTORY --tags driver' reloads it "
        "if nothing uses it",
    ),
    19: Meaning("in_use", "The GPU is in use", "Stop the programs that use it, or wait for them"),
    20: Meaning("memory", "The system is out of memory", "Free memory on the host: 'free -h' shows how much there is"),
    22: Meaning("vgpu_ecc_not_supported", "vGPU does not work with ECC on", "Set ecc: false in gpu_settings"),
    23: Meaning(
        "insufficient_resources",
        "The GPU has no room left for this instance",
        "Run again, for a new plan; if that fails too, compare mig_layouts with what is there ('nvidia-smi mig -lgi' "
        "on the host)",
    ),
    999: Meaning(
        "unknown", "NVML reports an internal driver error", "Run 'dmesg | grep -i nvrm' on the host; reboot it"
    ),
}


def meaning(code: int) -> Meaning:
    """The meaning of a return code; codes without an entry still get one."""
    known = _MEANINGS.get(code)
    return known or Meaning("nvml_{0}".format(code), "NVML returned error {0}".format(code), "See nvml.h for the code")


def meaning_of_status(status: str) -> Meaning:
    """The meaning of a status, as meaning() names them."""
    for known in _MEANINGS.values():
        if known.status == status:
            return known
    return Meaning(status, "NVML reports {0}".format(status), "See nvml.h for the code")


class NvmlError(EdgesiteError):
    """A call of NVML failed. code is nvmlReturn_t, status its name in lower case; what names the call for the user."""

    def __init__(self, code: int, what: str = "") -> None:
        known = meaning(code)
        problem = "{0}: {1}".format(what, known.problem) if what else known.problem
        super().__init__("{0} (NVML {1}, {2})".format(problem, code, known.status), known.fix)
        self.code = code
        self.status = known.status


class NvmlHung(NvmlError):
    """A call did not return. killed: False where it hangs in the kernel, and is still there."""

    def __init__(self, call: str, seconds: float, killed: bool) -> None:
        super().__init__(NOT_ANSWERING)
        self.problem = "The NVIDIA driver does not answer: {0} has not returned within {1:g} s".format(call, seconds)
        if not killed:
            self.problem += ", and cannot be killed, so it hangs in the kernel"


class NvmlCrashed(NvmlError):
    """A call ended its process. status: the exit code, or the negative number of the signal."""

    def __init__(self, call: str, status: int) -> None:
        super().__init__(CRASHED)
        how = "exited with code {0}".format(status) if status >= 0 else "was killed by signal {0}".format(-status)
        self.problem = "The NVIDIA driver's library crashed: the process {0} in {1}".format(how, call)
