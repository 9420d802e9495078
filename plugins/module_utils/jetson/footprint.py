# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the layer jetpack changed of NVIDIA's own files and settings, which stay as they are."""

from __future__ import annotations

from typing import Optional, Sequence, Tuple

from ..common.footprint import InForce, Kept
from . import jetpack
from .clocks import STORE
from .nvpmodel_conf import Conf

_NVIDIAS = "it belongs to NVIDIA's packages; what was in it before is not known: {0}"
# By path: what a run may have changed in it, and how people change it
_FILES = {
    jetpack.SOURCES: (
        _NVIDIAS.format("a run may have set suite and mirror"),
        "write the URLs that you want into it, then run apt-get update",
    ),
    "/etc/nvfancontrol.conf": (
        _NVIDIAS.format("a run may have set the fans' profile, and written curves between comments of edgesite.gpu"),
        "set FAN_DEFAULT_PROFILE in it and remove the curves, then systemctl restart nvfancontrol.service",
    ),
    "/etc/nvpmodel.conf": (
        _NVIDIAS.format("a run may have written power modes between comments of edgesite.gpu"),
        "set a mode of the board, then remove the lines between these comments",
    ),
    "/etc/cdi/nvidia.yaml": (
        "containers get the GPU through it; nvidia-ctk wrote it",
        "rm /etc/cdi/nvidia.yaml, if no container uses the GPU",
    ),
}
_RUNTIME = "nvidia-container-runtime"


def paths() -> Sequence[str]:
    """The files of NVIDIA that a run may have changed."""
    return list(_FILES)


def kept(there: Sequence[str], runtimes: Sequence[Tuple[str, str, str]]) -> Tuple[Kept, ...]:
    """there: which of the files. runtimes: name, configuration and the text of that."""
    packages = Kept(
        "packages of L4T and JetPack",
        "the host runs on them",
        "flash the host, or apt-get purge those that it can do without",
    )
    files = [Kept(path, *words) for path, words in _FILES.items() if path in there]
    named = [
        Kept(
            path,
            "it names NVIDIA's runtime, which containers may be started with",
            "remove {0} from it, then systemctl reload-or-restart {1}.service".format(_RUNTIME, name),
        )
        for name, path, text in runtimes
        if _RUNTIME in text
    ]
    return (packages, *files, *named)


def in_force(conf: Optional[Conf], stored: Optional[int], locked: bool) -> Tuple[InForce, ...]:
    """stored: the power mode that was chosen, by its id. locked: a run has locked the clocks."""
    found = []
    if stored is not None:
        modes = conf.modes if conf else ()
        name = next((mode.name for mode in modes if mode.id == stored), "without a name")
        until = "another one is set, as nvpmodel keeps it; one that needs a reboot takes effect with the next one"
        by_hand = "nvpmodel -m ID; /etc/nvpmodel.conf has the IDs"
        found.append(InForce("power mode", "{0} ({1})".format(stored, name), until, by_hand, False))
    if locked:
        by_hand = "jetson_clocks --restore " + STORE
        found.append(InForce("clocks of the Jetson", "locked at the highest", "a reboot", by_hand, True))
    return tuple(found)
