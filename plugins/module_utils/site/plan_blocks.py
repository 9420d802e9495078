# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan in blocks, one for all hosts that are alike; hosts that are in order have none."""

from __future__ import annotations

import re
from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

from ..common import disruption
from . import leftover, plan_hosts, plan_lines, problem, report
from .plan_hosts import Host
from .plan_sums import counted

# What alike hosts may differ in: UUIDs, PCI addresses, digests
_OWN = (
    (re.compile(r"(?:GPU-|MIG-)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "UUID"),
    (re.compile(r"\b[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]\b", re.ASCII), "PCI"),
    (re.compile(r"\b[0-9a-f]{32,128}\b", re.ASCII), "DIGEST"),
)
CHANGING, AMISS, SILENT = range(3)


class Block(NamedTuple):
    """hosts: the names of those that are alike. rank: CHANGING and so on. head: only words of ours.

    lines: by layer, in its order; of several hosts, with words such as HOST and UUID in place of what each has itself.
    """

    hosts: Tuple[str, ...]
    rank: int
    head: str
    lines: Tuple[str, ...]

    @property
    def title(self) -> str:
        """What stands behind the hosts' names."""
        many = len(self.hosts)
        return "{0}: {1}".format(" ({0} hosts, each)".format(many) if many > 1 else "", self.head)


def of(hosts: Sequence[Host]) -> List[Block]:
    """The blocks, those with problems behind those that just change, hosts that are silent at the end."""
    told = [(host, _block(host)) for host in hosts if not host.in_order]
    alike: Dict[Block, List[Block]] = {}
    for host, block in told:
        alike.setdefault(block._replace(hosts=(), lines=_common(block.lines, host.name)), []).append(block)
    return sorted((_together(common, blocks) for common, blocks in alike.items()), key=lambda block: block.rank)


def notes(hosts: Sequence[Host]) -> List[str]:
    """What earlier wishes have left on hosts, also on those that are in order."""
    alike: Dict[str, List[str]] = {}
    for host in hosts:
        for text in _stays(host):
            alike.setdefault(text, []).append(host.name)
    told = ["{0}: {1}".format(problem.some(names), text) for text, names in alike.items()]
    left = {name: [host.name for host in hosts if name in host.left] for name in leftover.LAYERS}
    return told + [leftover.told(name, named) for name, named in left.items() if named]


def in_order(hosts: Sequence[Host]) -> List[str]:
    """The names of the hosts that have no block."""
    return [host.name for host in hosts if host.in_order]


def _together(common: Block, blocks: Sequence[Block]) -> Block:
    names = tuple(name for block in blocks for name in block.hosts)
    return blocks[0] if len(blocks) == 1 else common._replace(hosts=names)


def _common(lines: Sequence[str], name: str) -> Tuple[str, ...]:
    return tuple(_anonymous(line, name) for line in lines)


def _anonymous(line: str, name: str) -> str:
    for pattern, word in _OWN:
        line = pattern.sub(word, line)
    alone = r"(?<![\w.-]){0}(?![\w-])".format(re.escape(name))
    return re.sub(alone, "HOST", line, flags=re.ASCII) if name else line


def _block(host: Host) -> Block:
    if host.status != plan_hosts.READ:
        return Block((host.name,), SILENT, host.status, ("  " + (host.why or "no reason was given"),))
    rank = AMISS if host.problems or host.unknowns else CHANGING
    return Block((host.name,), rank, _head(host), tuple(_lines(host)))


def _head(host: Host) -> str:
    """3 changes, resets 1 GPU, 1 problem"""
    actions = len(host.actions)
    parts = [counted(actions, "change") if actions else "no change", _worst(host)]
    parts += [counted(host.problems, "problem")] if host.problems else []
    parts += [counted(host.unknowns, "unknown")] if host.unknowns else []
    return ", ".join(filter(None, parts))


def _worst(host: Host) -> str:
    resets = "resets " + counted(len(host.resets), "GPU")
    also = [resets if host.resets else "", "needs a reboot" if host.reboots else ""]
    told = {
        disruption.NONE: "interrupts nothing" if host.actions else "",
        disruption.RESTART: "restarts services",
        disruption.DESTROY: "destroys idle instances",
        disruption.RESET: resets,
        disruption.REBOOT: ", ".join(filter(None, also)),
        disruption.WIPE: ", ".join(filter(None, ["wipes disks", *also])),
    }
    return told[host.worst]


def _lines(host: Host) -> List[str]:
    told = []
    for layer in host.layers:
        name = layer.name
        for line in plan_lines.of(layer, host):
            if line.startswith(plan_lines.DEEPER):
                told.append("    " + line)
            else:
                told.append("  {0}  {1}".format(name.ljust(8), line))
                name = ""
    return told


def _stays(host: Host) -> List[str]:
    nothing: Dict[str, Any] = dict.fromkeys(("setting", "uuid", "value", "why", "by_hand"), "")
    return [
        report.stays({**nothing, **entry}) for layer in host.layers for entry in layer.extras.get("left_behind", ())
    ]
