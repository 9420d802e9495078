# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task of a layer's role, as its file has it, with a host's variables: what the layer's module is given.

The role stays the one place that says it, for whoever runs the role and for a run of the whole site.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any, Dict, Mapping, NamedTuple, Tuple

import yaml

_ROLES = Path(__file__).resolve().parents[3] / "roles"
_OURS = "edgesite.gpu."


class RoleTask(NamedTuple):
    """module: its full name. options, timeout: as they are written, with templates. defaults: of the role."""

    name: str
    module: str
    options: Mapping[str, Any]
    timeout: Any
    defaults: Mapping[str, Any]


@functools.lru_cache(maxsize=None)
def read(layer: str) -> RoleTask:
    """The task whose result is the layer's."""
    defaults = _loaded(layer, "defaults")
    (task,) = [one for one in _loaded(layer, "tasks") if one.get("register") == layer + "_result"]
    (module,) = [key for key in task if key.startswith(_OURS)]
    return RoleTask(task["name"], module, task[module], task.get("timeout", 0), defaults)


def _loaded(layer: str, part: str) -> Any:
    with open(_ROLES / layer / part / "main.yml", encoding="utf-8") as stream:
        return _trusted(yaml.safe_load(stream))


def _trusted(value: Any) -> Any:
    """The role's texts as templates, which ansible-core 2.19 and newer evaluates only where it is told so."""
    if isinstance(value, dict):
        return {key: _trusted(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_trusted(one) for one in value]
    return _as_template(value) if isinstance(value, str) else value


def _as_template(text: str) -> str:
    try:
        from ansible.template import trust_as_template
    except ImportError:
        return text
    trusted: str = trust_as_template(text)
    return trusted


def evaluated(layer: str, variables: Mapping[str, Any], templar: Any) -> Tuple[Dict[str, Any], int]:
    """The options of the layer's module, and the seconds that the task may take; 0 for no limit.

    variables: all that a task of the host has. Raises AnsibleError where one of them cannot be evaluated.
    """
    task = read(layer)
    known = {**task.defaults, **variables}
    own = templar.copy_with_new_env(available_variables=known)
    options = own.template(dict(task.options))
    # which ansible-core 2.18 leaves to whoever runs a task; newer ones leave such options out
    omit = variables.get("omit")
    return options if omit is None else _without(options, omit), int(own.template(task.timeout))


def _without(value: Any, omit: str) -> Any:
    if isinstance(value, dict):
        return {name: _without(one, omit) for name, one in value.items() if one != omit}
    return [_without(one, omit) for one in value if one != omit] if isinstance(value, list) else value
