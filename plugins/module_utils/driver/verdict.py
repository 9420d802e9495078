# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether NVIDIA's driver works on a host, now and after the next reboot, and what to do where it does not.

A pure judgement of what was read. Each rule looks at one thing and gives findings; the worst finding is the verdict.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Callable, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from ..common.errors import sentence
from ..gpu import unlisted
from ..gpu.nvml_errors import meaning_of_status
from . import home, support
from .state import OnDisk, State
from .support import Gpu
from .versions import NVML_MISMATCH, OPEN

OK = "ok"
RELOAD = "reload_required"
REBOOT = "reboot_required"
BROKEN = "broken"
ABSENT = "absent"
# the worst last
_LEVELS = (OK, RELOAD, REBOOT, BROKEN)

# A module whose version modinfo does not tell
_ANY = "one of unknown version"
# NVML's statuses that say nothing of the driver, or what the files told already
_NVML_SILENT = ("ok", "pynvml_missing", "library_not_found", "function_not_found", "not_supported", NVML_MISMATCH)
# The task may not ask it, as in a container without the devices
_NVML_REFUSED = ("no_permission", "operating_system")


class Verdict(NamedTuple):
    """verdict is one of the words above; fix belongs to the first reason, and is None with `ok`."""

    verdict: str
    reasons: Tuple[str, ...]
    fix: Optional[str]


class _Finding(NamedTuple):
    level: str
    reason: str
    fix: str


_Findings = Iterator[_Finding]


def verdict(state: State) -> Verdict:
    """The verdict of a host's state."""
    if state.jetson:
        return Verdict(ABSENT, ("This is a Jetson: its driver is part of L4T, see jetpack_info.",), None)
    if not state.installed:
        return _absent(state)
    if state.installed_by == home.CONTAINER:
        # It brings a module for the kernel that runs, whatever is on the host's disk.
        state = replace(state, kernels=(), newest=None, on_disk=(), dkms=())
    found = [finding for rule in _RULES for finding in rule(state)]
    found.sort(key=lambda finding: -_LEVELS.index(finding.level))
    level = found[0].level if found else OK
    reasons = tuple(dict.fromkeys(sentence(finding.reason[:1].upper() + finding.reason[1:]) for finding in found))
    return Verdict(level, reasons, None if level == OK else sentence(found[0].fix))


def _absent(state: State) -> Verdict:
    if not state.gpus:
        return Verdict(ABSENT, ("This host has neither an NVIDIA GPU that needs the driver nor a driver.",), None)
    labels = ", ".join(gpu.label for gpu in state.gpus)
    return Verdict(
        ABSENT,
        ("No driver is installed for {0}.".format(labels),),
        "Install the NVIDIA driver: set driver_branch and run the role driver.",
    )


def _packages(state: State) -> _Findings:
    if state.incomplete:
        yield _Finding(
            BROKEN,
            "the installation of {0} was interrupted".format(", ".join(state.incomplete)),
            "Free disk space if the disk is full, then run 'dpkg --configure -a' and 'apt-get --fix-broken install'",
        )


def _no_gpu(state: State) -> _Findings:
    if not state.cards or not (state.gpus or state.loaded):
        others = sorted({card.driver for card in state.cards if card.driver})
        version = (
            state.loaded
            or state.user_space
            or (state.on_disk[-1].version if state.on_disk else None)
            or "of unknown version"
        )
        yield _Finding(
            BROKEN,
            "driver {0} is installed, but {1}".format(
                version,
                "every NVIDIA GPU is bound to {0}".format(", ".join(others))
                if others
                else "no NVIDIA GPU is on the PCI bus",
            ),
            "Look for the card in 'lspci -d 10de:', check its seat and power, or remove the driver from this host",
        )


def _parts_missing(state: State) -> _Findings:
    if state.user_space is None:
        what = state.loaded or next((each.version for each in state.on_disk if each.version), None)
        yield _Finding(
            BROKEN,
            "kernel module {0} has no libraries: libnvidia-ml.so.1 is missing".format(what)
            if what
            else "the driver is only partly installed: there is neither a kernel module nor libnvidia-ml.so.1",
            "Install the driver's libraries of the same version",
        )


def _not_loaded(state: State) -> _Findings:
    """Why no module is loaded, where one should be."""
    if state.loaded or not state.gpus:
        return
    module = state.module(state.running)
    if module is None:
        yield from _none_for_running(state)
    elif state.nouveau_loaded and any(card.driver == "nouveau" for card in state.cards):
        yield from _nouveau_has_it(state, module)
    elif _agree(module.version, state.user_space):
        yield _Finding(
            RELOAD,
            "kernel module {0} is on disk for the running kernel {1}, but not loaded".format(
                module.told, state.running
            ),
            "Load it: modprobe nvidia; if that fails, look at 'dmesg | grep -iE \"nvrm|nvidia\"'",
        )


def _none_for_running(state: State) -> _Findings:
    newest = state.module(state.newest)
    if state.installed_by == home.CONTAINER:
        yield _Finding(
            BROKEN,
            "a driver container has its libraries {0} here, but no kernel module is loaded".format(state.user_space),
            "Look at the container's log: 'kubectl logs -n gpu-operator -l app=nvidia-driver-daemonset'",
        )
    elif not state.kernels and state.user_space:
        yield _Finding(
            BROKEN,
            "libraries {0} are installed, but no kernel module is loaded, "
            "and this host has no kernel of its own".format(state.user_space),
            "Load the module on the machine that this host runs on",
        )
    elif newest and state.newest != state.running:
        yield _Finding(
            REBOOT,
            "there is no kernel module for the running kernel {0}, but {1} for the newest one, {2}".format(
                state.running, newest.version or _ANY, state.newest
            ),
            "Reboot into kernel {0}".format(state.newest),
        )
    else:
        yield _module_missing(state, state.running, "the running kernel")


def _module_missing(state: State, kernel: str, what: str) -> _Finding:
    """A kernel without module, with DKMS's part in it."""
    others = ", ".join("{0} for {1}".format(each.version or _ANY, each.kernel) for each in state.on_disk)
    reason = "there is no kernel module for {0} {1}".format(what, kernel)
    if others:
        reason += " (only {0})".format(others)
    if not state.dkms:
        return _Finding(BROKEN, reason, "Install the driver's kernel module package for kernel {0}".format(kernel))
    built = next((each.state for each in state.dkms if each.kernel == kernel), None)
    reason += "; DKMS has {0}/{1} {2}".format(
        state.dkms[0].module,
        state.dkms[0].version,
        "'{0}', not 'installed'".format(built) if built and built != "installed" else "not built for it",
    )
    if kernel in state.without_headers:
        return _Finding(
            BROKEN,
            reason + ", and its headers are missing",
            "Install the headers of kernel {0}, then run 'dkms autoinstall -k {0}'".format(kernel),
        )
    return _Finding(
        BROKEN,
        reason,
        "Run 'dkms autoinstall -k {0}'; if it fails, look at /var/lib/dkms/{1}/{2}/build/make.log".format(
            kernel, state.dkms[0].module, state.dkms[0].version
        ),
    )


def _nouveau_has_it(state: State, module: OnDisk) -> _Findings:
    reason = "the kernel's own driver nouveau has claimed the GPU, so kernel module {0} cannot use it".format(
        module.told
    )
    if not state.nouveau_blacklisted:
        yield _Finding(
            BROKEN,
            reason + "; it is not blacklisted, so a reboot does not help",
            "Blacklist nouveau in /etc/modprobe.d, rebuild the initramfs, then reboot",
        )
    elif state.initramfs_rebuilt is False:
        yield _Finding(
            BROKEN,
            reason + "; the initramfs is older than its blacklisting, so a reboot does not help",
            "Rebuild the initramfs (update-initramfs -u -k all, or dracut --force --regenerate-all), then reboot",
        )
    else:
        yield _Finding(REBOOT, reason, "Reboot: nouveau is blacklisted")


def _mismatch(state: State) -> _Findings:
    """The loaded module, the one on disk for the running kernel, and the libraries."""
    module = state.module(state.running)
    disk = module.version if module else None
    if not state.loaded:
        if disk and not _agree(disk, state.user_space):
            yield _half(disk, state)
        return
    fits = _agree(state.loaded, state.user_space)
    if state.installed_by == home.CONTAINER and not fits:
        yield _beside_container(state)
        return
    if disk and not _agree(disk, state.user_space):
        # whatever is loaded now, the next load would not fit
        yield _half(disk, state)
        return
    if fits and _agree(state.loaded, disk):
        return
    reason = "kernel module {0} is loaded, but the {1}".format(
        state.loaded, "libraries are {0}".format(state.user_space) if not fits else "one on disk is {0}".format(disk)
    )
    if disk or not state.kernels:
        yield _to_load(state, reason)
        return
    newest = state.module(state.newest)
    if newest and state.newest != state.running and _agree(newest.version, state.user_space):
        reason += ", as is the module of the newest kernel, {0}".format(state.newest)
        yield _Finding(REBOOT, reason, "Reboot into kernel {0}".format(state.newest))
    else:
        yield _Finding(
            BROKEN,
            reason + ", and there is no module of that version for the running kernel {0}".format(state.running),
            "Install the kernel module {0} for kernel {1}".format(state.user_space, state.running),
        )


def _beside_container(state: State) -> _Finding:
    return _Finding(
        BROKEN,
        "kernel module {0} of a driver container is loaded, but the host has libraries {1} of its own, which programs "
        "load".format(state.loaded, state.user_space),
        "Remove the packages with the libraries {0}, such as libnvidia-compute, from the host".format(state.user_space),
    )


def _half(disk: str, state: State) -> _Finding:
    return _Finding(
        BROKEN,
        "the kernel module on disk is {0}, but the libraries are {1}: the installed parts do not match".format(
            disk, state.user_space
        ),
        "Install both in the same version; an interrupted update or a held package may be the cause",
    )


def _to_load(state: State, reason: str) -> _Finding:
    """The loaded module has to give way to the one on disk."""
    if state.blockers:
        return _Finding(
            REBOOT,
            "{0}; it is in use by {1}".format(reason, ", ".join(state.blockers)),
            "Stop what uses the driver and reload its modules, or reboot",
        )
    return _Finding(RELOAD, reason, "Reload the driver's modules; nothing is using them")


def _flavours(state: State) -> _Findings:
    """Same version, another flavour."""
    module = state.module(state.running)
    if state.loaded and module and _agree(state.loaded, module.version):
        both = (state.loaded_flavour, module.flavour)
        if None not in both and both[0] != both[1]:
            yield _to_load(
                state, "the {1} kernel module {0} is loaded, but the one on disk is {2}".format(state.loaded, *both)
            )


def _firmware(state: State) -> _Findings:
    """The open modules start no card without the firmware of exactly their version.

    The proprietary ones may do without it, and what does not fit the libraries is told already.
    """
    if state.firmware is None:
        return
    for module in (state.module(state.running), state.module(state.newest)):
        if module and module.flavour == OPEN and module.version and _agree(module.version, state.user_space):
            for name in _firmware_of(state.gpus, module.version):
                if "{0}/{1}".format(module.version, name) not in state.firmware:
                    yield _firmware_missing(module.version, name, state.firmware)


def _firmware_of(gpus: Sequence[Gpu], version: str) -> List[str]:
    """The firmware that open modules of this version load for these GPUs."""
    needed = {support.firmware(gpu, support.branch_of(version)) for gpu in gpus}
    return sorted(filter(None, needed))


def _firmware_missing(version: str, name: str, there: Sequence[str]) -> _Finding:
    others = sorted(path.partition("/")[0] for path in there if path.endswith("/" + name))
    return _Finding(
        BROKEN,
        "the open kernel module {0} needs the firmware /lib/firmware/nvidia/{0}/{1}, which is missing{2}".format(
            version, name, "; the host has that of {0}".format(", ".join(others)) if others else ""
        ),
        "Install the package with the firmware of driver {0}: nvidia-firmware-{1}-{0} or the like (Ubuntu), "
        "firmware-nvidia-gsp (Debian), nvidia-kmod-common (Red Hat family)".format(version, support.branch_of(version)),
    )


def _nvml(state: State) -> _Findings:
    if not state.loaded or not state.user_space:
        return
    if state.nvml_status == NVML_MISMATCH and _agree(state.loaded, state.user_space):
        yield _to_load(
            state,
            "NVML says that the loaded kernel module and the libraries have different versions, although their files "
            "say {0} for both".format(state.loaded),
        )
        return
    known = meaning_of_status(state.nvml_status)
    if state.nvml_status in _NVML_REFUSED:
        yield _Finding(OK, "NVML could not be queried: {0} ({1})".format(known.problem, known.status), "")
    elif state.nvml_status not in _NVML_SILENT:
        yield _Finding(
            BROKEN,
            "kernel module {0} is loaded, but NVML does not work: {1} ({2})".format(
                state.loaded, known.problem, known.status
            ),
            known.fix,
        )


def _unsupported(state: State) -> _Findings:
    """Flavour and branch against what the cards can run: what is loaded, and what the next boot loads."""
    seen = []
    if state.loaded:
        seen.append((state.loaded, state.loaded_flavour))
    for kernel in (state.running, state.newest):
        module = state.module(kernel)
        if module and module.version:
            seen.append((module.version, module.flavour))
    for version, flavour in dict.fromkeys(seen):
        for problem in support.unsupported(state.gpus, flavour, support.branch_of(version)):
            reason = "driver {0} does not support the GPU: {1}".format(version, problem.reason)
            yield _Finding(BROKEN, reason, problem.fix)


def _fabric(state: State) -> _Findings:
    """Without its fabric manager, GPUs behind NVSwitches do not start."""
    fabric = state.fabric
    if fabric is None or state.user_space is None:
        return
    if not fabric.installed:
        yield _Finding(
            BROKEN,
            "the host has NVSwitches, but no fabric manager, without which CUDA does not start",
            "Install the fabric manager {0}; the role driver does this".format(state.user_space),
        )
    elif not _agree(fabric.version, state.user_space):
        yield _Finding(
            BROKEN,
            "the fabric manager is {0}, but the libraries are {1}: it works only with a driver of exactly its "
            "version".format(fabric.version, state.user_space),
            "Install the fabric manager {0}; the role driver does this".format(state.user_space),
        )
    elif not fabric.running and state.loaded and _agree(state.loaded, state.user_space):
        yield _Finding(
            BROKEN,
            "the host has NVSwitches, but the fabric manager is not running, without which CUDA does not start",
            "Start it: systemctl start nvidia-fabricmanager; if that fails, look at 'journalctl -u "
            "nvidia-fabricmanager'",
        )


def _not_driven(state: State) -> _Findings:
    """A card that the loaded module did not take."""
    if state.loaded:
        for card in state.cards:
            if card.driver is None:
                yield _Finding(
                    BROKEN,
                    "kernel module {0} is loaded, but does not drive {1}".format(state.loaded, card.gpu.label),
                    "Run 'dmesg | grep -iE \"nvrm|nvidia\"' on the host: the card may have failed, or may need "
                    "another driver_branch",
                )


def _not_started(state: State) -> _Findings:
    """A card that the loaded module took and could not start."""
    for card in state.cards:
        if state.loaded and not card.listed:
            yield _Finding(
                BROKEN,
                "kernel module {0} drives {1}, but NVML cannot read it: it has failed, or did not start".format(
                    state.loaded, card.gpu.label
                ),
                unlisted.FIX,
            )


def _next_boot(state: State) -> _Findings:
    """What works now and will not after the next reboot."""
    if state.newest is None or not state.gpus:
        return
    module = state.module(state.newest)
    if module is None:
        if state.newest != state.running or state.loaded:
            yield _lost(_module_missing(state, state.newest, "the newest kernel"))
    elif state.newest != state.running and not _agree(module.version, state.user_space):
        yield _Finding(
            BROKEN,
            "the next reboot would break the driver: the module of the newest kernel {0} is {1}, "
            "but the libraries are {2}".format(state.newest, module.version, state.user_space),
            "Install the kernel module {0} for kernel {1}".format(state.user_space, state.newest),
        )


def _lost(finding: _Finding) -> _Finding:
    return finding._replace(reason="the driver would not load after the next reboot: " + finding.reason)


def _secure_boot(state: State) -> _Findings:
    """Modules that the kernel would refuse."""
    if state.secure_boot != "enabled":
        return
    loaded_unsigned = state.module(state.running)
    if state.loaded and loaded_unsigned and not loaded_unsigned.signed:
        # Secure Boot is on, but this host's kernels do not insist on signatures.
        return
    built = {each.kernel for each in state.dkms if each.state == "installed"}
    for kernel in dict.fromkeys((state.running, state.newest)):
        module = state.module(kernel)
        if module is None or (kernel == state.running and state.loaded):
            continue
        refused = "Secure Boot is on, and kernel {0} would refuse kernel module {1}: ".format(kernel, module.told)
        if not module.signed:
            yield _Finding(
                BROKEN,
                refused + "it is not signed",
                "Use a source with signed modules, or enrol a key (MOK) at the console and build the module again",
            )
        elif kernel in built and state.mok_enrolled is False:
            yield _Finding(
                BROKEN,
                refused + "the key that it is signed with is not enrolled",
                "Enrol it at the console (mokutil --import, then reboot and confirm), or use a source with modules "
                "that are signed by the distribution",
            )


def _notes(state: State) -> _Findings:
    """What is well, but worth knowing."""
    if state.dkms:
        # a kernel without module and without headers has a finding of its own
        lacking = [kernel for kernel in state.without_headers if state.module(kernel)]
        if lacking:
            yield _Finding(
                OK,
                "the headers of kernel {0} are missing: DKMS cannot build the driver's next update".format(
                    ", ".join(lacking)
                ),
                "",
            )
    if state.loaded and state.kernels and state.module(state.running) is None and state.module(state.newest):
        yield _Finding(
            OK,
            "kernel module {0} is loaded, but no longer on disk for the running kernel {1}: do not unload it".format(
                state.loaded, state.running
            ),
            "",
        )
    if state.nouveau_available and not state.nouveau_blacklisted and state.on_disk and state.gpus:
        yield _Finding(OK, "the kernel's own nouveau is not blacklisted: it may claim a GPU before the driver does", "")


def _agree(one: Optional[str], other: Optional[str]) -> bool:
    """Whether two versions are the same. One that is not known is told elsewhere."""
    return one is None or other is None or one == other


_RULES: Tuple[Callable[[State], _Findings], ...] = (
    _packages,
    _unsupported,
    _parts_missing,
    _no_gpu,
    _secure_boot,
    _mismatch,
    _flavours,
    _not_loaded,
    _fabric,
    _firmware,
    _nvml,
    _not_driven,
    _not_started,
    _next_boot,
    _notes,
)
