# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All options of a role as its tasks have them: those that are given, and defaults, also those of other variables."""

from __future__ import annotations

from typing import Any, Dict, Mapping, NamedTuple

from jinja2 import Environment, StrictUndefined, TemplateError, meta

from . import forms, variables

_ENVIRONMENT = Environment(undefined=StrictUndefined)
# What a text can be written of. Others, such as lists, have defaults that only Ansible can evaluate.
_OF_TEXT = ("bool", "path", "str")


class Whole(NamedTuple):
    """values: by name. inherited: of those that come from another variable that is given, the name of that one."""

    values: Dict[str, Any]
    inherited: Dict[str, str]


def whole(values: Mapping[str, Any], specs: Mapping[str, Mapping[str, Any]], others: Mapping[str, Any]) -> Whole:
    """values: of the role's variables. others: of all variables whose form is good."""
    found = Whole(variables.with_defaults(values, specs), {})
    for name, spec in specs.items():
        default = spec.get("default")
        if name not in values and "{{" in str(default) and (spec.get("type") or "str") in _OF_TEXT:
            _evaluate(name, spec, {**others, **values}, found)
    return found


def _evaluate(name: str, spec: Mapping[str, Any], given: Mapping[str, Any], found: Whole) -> None:
    """The values are not evaluated again: braces in them are text."""
    try:
        text = _ENVIRONMENT.from_string(spec["default"]).render({**_known(found.values), **given})
        found.values[name] = forms.checked(name, text, spec)
    except (TemplateError, forms.Wrong):
        # It takes a variable that is missing or wrong, which is said of that one.
        return
    for used in meta.find_undeclared_variables(_ENVIRONMENT.parse(spec["default"])).intersection(given):
        found.inherited[name] = used


def _known(values: Mapping[str, Any]) -> Dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
