# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of a host as the inventory gives them."""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Tuple

from ansible.errors import AnsibleError
from jinja2.exceptions import UndefinedError

from ...module_utils.common import lines, writable
from ...module_utils.common.errors import EdgesiteError, shown
from . import forms

_WITHOUT_NULL = ("bool", "int", "float", "list", "dict")
_VAULT = "Give the vault's password, as with --vault-password-file or --ask-vault-pass"


class Read(NamedTuple):
    """values: those that are given, not null, and of the right form. given: names of all of them, null ones aside."""

    values: Dict[str, Any]
    given: List[str]
    problems: List[EdgesiteError]


def read(variables: Mapping[str, Any], specs: Mapping[str, Mapping[str, Any]]) -> Read:
    """The variables that specifications name."""
    found = Read({}, [], [])
    for name, spec in specs.items():
        if name in variables:
            _read(name, variables, spec, found)
    return found


def _read(name: str, variables: Mapping[str, Any], spec: Mapping[str, Any], found: Read) -> None:
    try:
        value = variables[name]
        if value is None:
            found.problems.extend(_null(name, spec))
            return
        writable.check({name: value})
        converted = forms.checked(name, value, spec)
        # A text may have become a number that is too large.
        writable.check({name: converted})
        found.values[name] = converted
    except (AnsibleError, UndefinedError) as error:
        found.problems.append(_unevaluated(name, lines.in_one(str(error)), spec))
    except EdgesiteError as error:
        found.problems.append(EdgesiteError(error.problem.replace("The option {0!a}".format(name), name, 1), error.fix))
    except forms.Wrong as wrong:
        found.problems.extend(wrong.problems)
    found.given.append(name)


def _null(name: str, spec: Mapping[str, Any]) -> List[EdgesiteError]:
    """A null does not unset a variable: it takes the place of the role's default, and its type refuses it."""
    default = spec.get("default")
    if default is None or not (spec.get("type") in _WITHOUT_NULL or spec.get("choices")):
        return []
    return [
        EdgesiteError("{0} is null".format(name), "Remove it, or set it to the default, {0}".format(shown(default)))
    ]


def _unevaluated(name: str, why: str, spec: Mapping[str, Any]) -> EdgesiteError:
    if spec.get("no_log"):
        return EdgesiteError(
            "{0} cannot be evaluated; the reason is not shown, as it may hold the secret".format(name),
            "Define what it refers to, and the vault's password; write '!unsafe' before a secret with {{ or {% in it",
        )
    secret = "vault" in why.lower() or "decrypt" in why.lower()
    return EdgesiteError(
        "{0} cannot be evaluated: {1}".format(name, why),
        _VAULT if secret else "Define what it refers to, or correct it",
    )


def with_defaults(values: Mapping[str, Any], specs: Mapping[str, Mapping[str, Any]]) -> Dict[str, Any]:
    """The values, and the defaults of the others, but for those that are made of other variables."""
    return {name: values.get(name, _constant(spec.get("default"))) for name, spec in specs.items()}


def _constant(default: Any) -> Any:
    return None if "{{" in str(default) else default


def missing(layer: str, given: Iterable[str], specs: Mapping[str, Mapping[str, Any]], why: str) -> List[EdgesiteError]:
    """A problem for each variable that a layer cannot do without. why: what calls for the layer."""
    lacking = [name for name, spec in specs.items() if spec.get("required") and name not in given]
    return [
        EdgesiteError(
            "{0} is not set, and the layer {1} needs it ({2} is set)".format(name, layer, why),
            "Set it: {0}".format(_text(specs[name].get("description"))),
        )
        for name in lacking
    ]


def _text(description: Any) -> str:
    parts: Tuple[Any, ...] = tuple(description) if isinstance(description, list) else (description,)
    return " ".join(str(part) for part in parts).strip()
