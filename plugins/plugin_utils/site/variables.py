# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of a host as the inventory gives them."""

from __future__ import annotations

import contextlib
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Sequence, Tuple

from ansible.errors import AnsibleError

from ...module_utils.common import writable
from ...module_utils.common.errors import EdgesiteError, shown
from . import forms, unevaluated

# Of a list, by their places in it
Entries = Dict[int, Any]


class Read(NamedTuple):
    """values: those that are given, not null, and of the right form. given: names of all of them, null ones aside.

    left: by the name of each that is wrong, the good entries of the list that it is. parts: by the name of each mapping
    that is wrong, those of its options that are good.
    """

    values: Dict[str, Any]
    given: List[str]
    problems: List[EdgesiteError]
    left: Dict[str, Entries]
    parts: Dict[str, Dict[str, Any]]


def read(variables: Mapping[str, Any], specs: Mapping[str, Mapping[str, Any]]) -> Read:
    """The variables that specifications name."""
    found = Read({}, [], [], {}, {})
    for name, spec in specs.items():
        if name in variables:
            _read(name, variables, spec, found)
    return found


def _read(name: str, variables: Mapping[str, Any], spec: Mapping[str, Any], found: Read) -> None:
    wrong: Sequence[EdgesiteError]
    try:
        value = _evaluated(name, variables)
        wrong = _null(name, spec) if value is None else _wrong(name, value, spec, found)
    except AnsibleError as error:
        wrong, value = [unevaluated.problem(name, error, spec)], ()
    if value is not None:
        found.given.append(name)
    if wrong:
        found.problems.extend(wrong)
        found.left[name] = _left(name, value, spec)
        found.parts.update(_part(name, value, spec))


def _evaluated(name: str, variables: Mapping[str, Any]) -> Any:
    try:
        return variables[name]
    except Exception as error:
        # Ansible lets through some of what templates and plugins raise.
        raise AnsibleError(str(error)) from error


def _wrong(name: str, value: Any, spec: Mapping[str, Any], found: Read) -> Sequence[EdgesiteError]:
    """What is wrong with a value, which is kept where nothing is."""
    try:
        found.values[name] = _formed(name, value, spec)
    except EdgesiteError as error:
        return [EdgesiteError(error.problem.replace("The option {0!a}".format(name), name, 1), error.fix)]
    except forms.Wrong as wrong:
        return wrong.problems
    return []


def _formed(name: str, value: Any, spec: Mapping[str, Any]) -> Any:
    writable.check({name: value})
    converted = forms.checked(name, value, spec)
    # A text may have become a number that is too large.
    writable.check({name: converted})
    return converted


def _left(name: str, value: Any, spec: Mapping[str, Any]) -> Entries:
    found: Dict[int, Any] = {}
    if spec.get("type") == "list" and isinstance(value, (list, tuple)):
        for place, entry in enumerate(value):
            with contextlib.suppress(EdgesiteError, forms.Wrong):
                (found[place],) = _formed(name, [entry], spec)
    return found


def _part(name: str, value: Any, spec: Mapping[str, Any]) -> Dict[str, Dict[str, Any]]:
    """The mapping without its wrong options, by its name; nothing where it needs one of them."""
    options = spec.get("options") or {}
    if spec.get("type") != "dict" or not isinstance(value, Mapping):
        return {}
    good = {key: one for key, one in value.items() if key in options and _is_good(name, one, options[key])}
    with contextlib.suppress(EdgesiteError, forms.Wrong):
        return {name: _formed(name, good, spec)}
    return {}


def _is_good(name: str, value: Any, spec: Mapping[str, Any]) -> bool:
    try:
        _formed(name, value, spec)
    except (EdgesiteError, forms.Wrong):
        return False
    return True


def _null(name: str, spec: Mapping[str, Any]) -> List[EdgesiteError]:
    """A null does not unset a variable: it takes the place of the role's default."""
    default = spec.get("default")
    if default is None:
        return []
    written = constant(spec)
    plain = written is not None and not (isinstance(written, (list, dict)) and written)
    instead = ", or set it to the default, {0}".format(shown(written)) if plain else ", so that it has its default"
    return [EdgesiteError("{0} is null".format(name), "Remove it{0}".format(instead))]


def constant(spec: Mapping[str, Any]) -> Any:
    """A variable's default, but for one that is made of other variables."""
    default = spec.get("default")
    return None if "{{" in str(default) else default


def missing(
    layer: str, given: Iterable[str], specs: Mapping[str, Mapping[str, Any]], why: str
) -> Dict[str, EdgesiteError]:
    """By name, a problem for each variable that a layer cannot do without. why: what calls for the layer."""
    lacking = [name for name, spec in specs.items() if spec.get("required") and name not in given]
    return {
        name: EdgesiteError(
            "{0} is not set, and the layer {1} needs it ({2} is set)".format(name, layer, why),
            "Set it in the inventory. It means: {0}".format(_text(specs[name].get("description"))),
        )
        for name in lacking
    }


def _text(description: Any) -> str:
    parts: Tuple[Any, ...] = tuple(description) if isinstance(description, list) else (description,)
    return " ".join(str(part) for part in parts).strip()
