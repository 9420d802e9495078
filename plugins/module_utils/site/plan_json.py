# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A site's plan for programs."""

from __future__ import annotations

from typing import Any, Dict

from . import plan_hosts, plan_sums
from .plan_hosts import Action, Host, Layer

SCHEMA = 1


def document(looks: Any) -> Dict[str, Any]:
    """The plan of these looks (host_plan's results). Every text is one line without control characters.

    schema: 1; another number where a key goes or means something else. Keys may come without that.

    sums, of the whole site:
      hosts, changes, reboots, problems, unknown, unreachable, in_order: how many hosts; one may count as several.
      problems counts hosts that could not be read, too.
      resets: how many GPUs. worst: the worst disruption: none, restart, destroy, reset, reboot or wipe.

    hosts, each with:
      host: its name. status: read, unreachable or failed (it answered and could not be read). why: where not read.
      changes: how many actions. resets: the GPUs that are reset, by UUID where known. reboots: whether it needs a
      reboot. worst: as above. in_order: whether nothing would be done and nothing is wrong.
      left: layers that are on the host and no longer in its inventory.
      observed, desired: digests of what was seen and what is wanted.
      layers: those that the inventory calls for, in the order in which they are done.

    A layer:
      layer: its name. state: in_order, changes, problem or unknown. problem, fix: what is wrong, or why it is unknown.
      after: empty, or what the layer waits for, such as driver, mode, reboot or another layer; actions are then what is
      expected. worst: of its actions. reboot_required: whether a reboot is needed beside the actions.
      actions: each with does, disruption, of (what it interrupts), after, and the keys of the layer's module.
      left_behind: settings of GPUs that could not be set back. created, kept, destroyed: GPU instances (mig alone).
    """
    hosts = plan_hosts.of(looks)
    return {
        "schema": SCHEMA,
        "sums": dict(plan_sums.of(hosts)._asdict()),
        "hosts": [_host(host) for host in hosts],
    }


def _host(host: Host) -> Dict[str, Any]:
    return {
        "host": host.name,
        "status": host.status,
        "why": host.why,
        "changes": len(host.actions),
        "resets": sorted(host.resets),
        "reboots": host.reboots,
        "worst": host.worst,
        "in_order": host.in_order,
        "left": list(host.left),
        "observed": host.observed,
        "desired": host.desired,
        "layers": [_layer(layer) for layer in host.layers],
    }


def _layer(layer: Layer) -> Dict[str, Any]:
    return {
        "layer": layer.name,
        "state": layer.state,
        "after": layer.after,
        "problem": layer.problem,
        "fix": layer.fix,
        "worst": plan_hosts.worst(layer.actions),
        "reboot_required": layer.reboot_required,
        "actions": [_action(action) for action in layer.actions],
        **layer.extras,
    }


def _action(action: Action) -> Dict[str, Any]:
    told = {"does": action.does, "disruption": action.disruption, "of": list(action.of), "after": action.after}
    return {**action.keys, **told}
