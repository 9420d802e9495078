# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Defaults that a role makes of other variables, as its tasks have them."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional

from jinja2 import Environment, StrictUndefined, TemplateError, meta

from . import forms

_ENVIRONMENT = Environment(undefined=StrictUndefined)
# What a text can be written of. Others, such as lists, have defaults that only Ansible can evaluate.
_OF_TEXT = ("bool", "path", "str")


def inherit(
    values: Dict[str, Any], specs: Mapping[str, Mapping[str, Any]], others: Mapping[str, Any]
) -> Dict[str, str]:
    """Sets those of the role's options that have no value; of these, the variable that each comes from, where given.

    values: of the role's options. others: of all variables whose form is good.
    """
    inherited: Dict[str, str] = {}
    for name, spec in specs.items():
        source = _source(spec)
        if values.get(name) is None and source:
            used = _evaluate(name, source, spec, values, others)
            if used:
                inherited[name] = used
    return inherited


def _source(spec: Mapping[str, Any]) -> Optional[str]:
    default = spec.get("default")
    of_text = (spec.get("type") or "str") in _OF_TEXT
    return str(default) if of_text and "{{" in str(default) else None


def _evaluate(
    name: str, source: str, spec: Mapping[str, Any], values: Dict[str, Any], others: Mapping[str, Any]
) -> Optional[str]:
    """Sets the option; a given variable that it comes from. Values are not evaluated again: braces in them are text."""
    known = {one: value for one, value in values.items() if value is not None}
    try:
        values[name] = forms.checked(name, _ENVIRONMENT.from_string(source).render({**known, **others}), spec)
    except (TemplateError, forms.Wrong):
        # It takes a variable that is missing or wrong, which is said of that one.
        return None
    used = meta.find_undeclared_variables(_ENVIRONMENT.parse(source)).intersection(others)
    return next(iter(sorted(used)), None)
